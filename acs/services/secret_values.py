"""Which parameters hold secrets, and what is shown of them."""

from functools import lru_cache
from typing import TypeVar

from acs.domain.secret_names import MASK
from acs.provisioning import value_types
from cwmp_schemas.datamodel import lookup

V = TypeVar("V", str, str | None)


@lru_cache(maxsize=4096)
def is_secret(path: str) -> bool:
    """Whether the value of a parameter is a secret, by its name or by the data model."""
    return value_types.is_secret(path, lookup)


def masked_value(path: str, value: V) -> V:
    """The value of a parameter as it may be shown; an empty secret gives nothing away."""
    return MASK if value and is_secret(path) else value
