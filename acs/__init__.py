"""The auto-configuration server."""
