"""Calling devices, so that they open a session now: over HTTP and HTTPS (TR-069 section 3.2.2)."""
