"""The endpoint for devices: HTTP to ``acs.services.run_session`` and back."""
