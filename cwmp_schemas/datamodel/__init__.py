"""What the published data models say about a parameter: type, access and limits."""
