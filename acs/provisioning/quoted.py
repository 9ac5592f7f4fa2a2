"""Secrets that devices quote: some say in a fault which value they refuse."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Final

from acs.domain.operation import JSONObject
from acs.domain.secret_names import MASK
from acs.domain.url_logins import logins_in, masked_logins
from acs.provisioning.value_types import is_secret
from cwmp_schemas.datamodel import lookup
from cwmp_schemas.faults import Fault
from cwmp_schemas.messages import AcsRequest

# As ``password``, ``url`` and ``URL``: what stands in an address lets one in, too.
_ADDRESS: Final = "url"
# Shorter ones are parts of many words.
_SHORT: Final = 4


def secrets_of(request: AcsRequest | JSONObject) -> list[str]:
    """The secrets that an RPC holds, or what is asked of one, as plain data."""
    return list(dict.fromkeys(text for text in _texts(request, is_secret_place=False) if text))


def without(text: str, secrets: Sequence[str]) -> str:
    """A text, the mask in the place of each secret; of a short one only where it stands alone."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _SHORT:
            text = text.replace(secret, MASK)
    short = "|".join(re.escape(secret) for secret in secrets if len(secret) < _SHORT)
    return masked_logins(re.sub(rf"(?<![\w*])(?:{short})(?![\w*])", MASK, text) if short else text)


def fault_without(fault: Fault, secrets: Sequence[str]) -> Fault:
    """A fault that quotes none of these secrets."""
    parameters = tuple(replace(each, string=without(each.string, secrets)) for each in fault.parameters)
    return replace(fault, string=without(fault.string, secrets), parameters=parameters)


def _texts(data: object, *, is_secret_place: bool) -> Iterator[str]:
    if is_dataclass(data):
        data = {each.name: getattr(data, each.name) for each in fields(data)}
    if isinstance(data, str):
        if is_secret_place:
            yield data.strip()
        for login in logins_in(data):
            yield login.partition(":")[2] or login
    elif isinstance(data, Mapping):
        named = data.get("name")
        for key, value in data.items():
            # A parameter, or an element of a vendor's method, has its name beside it.
            name = named if key == "value" and isinstance(named, str) else key
            if name.lower() == _ADDRESS and isinstance(value, str):
                yield value.strip()
            yield from _texts(value, is_secret_place=is_secret_place or is_secret(name, lookup))
    elif isinstance(data, Sequence) and not isinstance(data, bytes):
        for each in data:
            yield from _texts(each, is_secret_place=is_secret_place)
