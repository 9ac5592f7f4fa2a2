"""The things the server is about, as frozen records."""
