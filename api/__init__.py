"""The management API: HTTP and JSON for operators and their programs, over the services."""
