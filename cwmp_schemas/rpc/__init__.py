"""The RPCs, one module per family. A message is a frozen dataclass; its codec is derived from its fields."""
