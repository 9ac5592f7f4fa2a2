"""A router as the ACS sees it: messages and time in, messages and wishes out; no I/O, no clock, no chance."""
