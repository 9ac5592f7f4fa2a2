"""Bodies with one thing, or an array of them, or an object that holds them under a word."""

from collections.abc import Mapping
from typing import Final

from pydantic import Discriminator

# The reader leaves words that begin with a capital out of the places of errors.
ONE: Final = "One"
"""The tag of a body that is one thing."""
SEVERAL: Final = "Several"
"""The tag of a body that is an array."""
OBJECT: Final = "Object"
"""The tag of a body that is an object with an array in it."""


def form(word: str) -> Discriminator:
    """Tells the forms apart; ``word`` is where the object has its array."""

    def form_of(document: object) -> str | None:
        if isinstance(document, list):
            return SEVERAL
        if isinstance(document, Mapping):
            return OBJECT if word in document else ONE
        return None

    return Discriminator(
        form_of,
        custom_error_type="form",
        custom_error_message="must be an object or an array of objects",
    )


def place_in(word: str, root: object, number: int, field: str) -> str:
    """Where a field of one of the things stands in a body of this form."""
    if isinstance(root, list):
        return f"[{number}].{field}"
    return f"{word}[{number}].{field}" if hasattr(root, word) else field
