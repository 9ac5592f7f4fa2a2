"""Telling others what has happened: over HTTP to programs, by mail to people."""
