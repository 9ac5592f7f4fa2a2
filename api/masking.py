"""Secrets that a client has sent are not sent back: what is echoed is masked first."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from acs.domain.secret_names import MASK, is_secret_name
from acs.domain.url_logins import masked_logins
from acs.services.secret_values import is_secret

# Fields that name a parameter, and those that hold its value; RPCs are written in CWMP's spelling, too (``Name``).
_NAMES: Final = frozenset({"variablename", "name", "path", "parameter", "parametername"})
_VALUES: Final = frozenset({"value", "val"})


def masked(document: Any) -> Any:  # noqa: ANN401  any JSON
    """A document as it may be shown: without the values of fields and of parameters that are named like secrets, and
    without the logins of URLs.
    """
    if isinstance(document, Mapping):
        return _object(document)
    if isinstance(document, Sequence) and not isinstance(document, str):
        return [masked(each) for each in document]
    return masked_logins(document) if isinstance(document, str) else document


def _object(document: Mapping[str, Any]) -> dict[str, Any]:
    named = [value for key, value in document.items() if isinstance(value, str) and _spelt(key) in _NAMES]
    is_a_secret = any(is_secret(name) for name in named)
    return {
        key: MASK
        if (is_secret_name(key) or (is_a_secret and _spelt(key) in _VALUES)) and value not in ("", None)
        else masked(value)
        for key, value in document.items()
    }


def _spelt(key: str) -> str:
    return key.replace("_", "").lower()
