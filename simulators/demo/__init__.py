"""A server and routers to play with: ``make demo``."""
