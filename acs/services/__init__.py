"""The use cases: what happens when a device calls, when an operator asks for something, and when time passes."""
