"""Simulated devices that talk CWMP."""
