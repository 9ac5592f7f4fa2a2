"""What is told of a result: lines for a terminal, a picture, and a page."""
