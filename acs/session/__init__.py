"""The server's side of one CWMP session, without I/O."""
