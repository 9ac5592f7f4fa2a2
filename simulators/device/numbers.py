"""Whole numbers as texts that come from somewhere else have them."""

MOST_DIGITS = 11
"""How long a number may be where nothing else is said."""


def whole_number(text: str, most_digits: int = MOST_DIGITS) -> int | None:
    """The number that a text is; None if it is none in the ten digits, or one that nobody means."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= most_digits else None
