"""Which parameters hold secrets, and what is shown of them."""

from functools import lru_cache
from typing import TypeVar

from acs.domain.secret_names import MASK
from acs.domain.url_logins import holds_login, masked_logins
from acs.provisioning import value_types
from cwmp_schemas.datamodel import lookup

V = TypeVar("V", str, str | None)


# As many as one device may have: it is asked for each of them again and again.
@lru_cache(maxsize=65_536)
def is_secret(path: str) -> bool:
    """Whether the value of a parameter is a secret, by its name or by the data model."""
    return value_types.is_secret(path, lookup)


def holds_secret(path: str, value: str | None) -> bool:
    """Whether a value is to be kept as a secret: all of it, or the login of a URL in it."""
    return is_secret(path) or (value is not None and holds_login(value))


def masked_value(path: str, value: V) -> V:
    """The value of a parameter as it may be shown; an empty secret gives nothing away."""
    if not value:
        return value
    return MASK if is_secret(path) else masked_logins(value)


def is_masked(path: str, value: str) -> bool:
    """Whether a value is what a client was shown in the place of a secret, or holds that in the place of a login."""
    return value_types.is_masked(path, value, lookup)
