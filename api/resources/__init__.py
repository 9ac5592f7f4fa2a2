"""One module per resource: its bodies, its answers and its routes."""
