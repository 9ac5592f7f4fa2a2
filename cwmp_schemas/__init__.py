"""The CWMP messages: bytes to frozen dataclasses and back, with no I/O."""
