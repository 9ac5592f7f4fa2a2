"""Texts that may hold secrets, as they are kept."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Final

from acs.auth.sealing import NONCE_LENGTH, Keyring, Row, SealError
from acs.services.ports import Chance

_SEALED: Final = "sealed:"
_PLAIN: Final = "plain:"
MARKS: Final = (_SEALED, _PLAIN)
"""How a text that is kept may begin."""


class Vault:
    """Seals what is secret for the table, row and column it is kept in; leaves readable what is not.

    A plain text that looks sealed is marked as plain, so no device can pass off a text as a sealed one.
    """

    def __init__(self, keyring: Keyring, chance: Chance) -> None:
        self._keyring = keyring
        self._chance = chance
        self._likeness = keyring.derive("likeness")[0]

    def seal(self, text: str, table: str, row: Row, column: str) -> str:
        """A secret, as it is kept."""
        return self._sealed(text, table, row, column, self._chance.octets(NONCE_LENGTH))

    def seal_alike(self, text: str, table: str, row: Row, column: str) -> str:
        """A secret, sealed the same way each time, so that it is seen whether it has changed in its place.

        The nonce follows from the text and its place, under a key of its own: no two texts share one.
        """
        place = repr((text, table, row, column)).encode("utf-8", "surrogatepass")
        nonce = hmac.digest(self._likeness, place, hashlib.sha256)[:NONCE_LENGTH]
        return self._sealed(text, table, row, column, nonce)

    def keep(self, text: str, table: str, row: Row, column: str, *, is_secret: bool) -> str:
        """A text, as it is kept."""
        if is_secret:
            return self.seal(text, table, row, column)
        return _PLAIN + text if text.startswith(MARKS) else text

    def open(self, kept: str, table: str, row: Row, column: str) -> str:
        """What was kept. SealError if it was damaged, or sealed for another place."""
        return _opened(self._keyring, kept, table, row, column)

    def _sealed(self, text: str, table: str, row: Row, column: str, nonce: bytes) -> str:
        blob = self._keyring.seal(text.encode("utf-8"), table=table, row=row, column=column, nonce=nonce)
        return _SEALED + base64.b64encode(blob).decode("ascii")


def opens_any(keyring: Keyring, logins: Iterable[Sequence[str]]) -> bool:
    """Whether the keys open one of these logins, each a uuid and a password as it is kept; one may be damaged."""
    for uuid, password in logins:
        with suppress(SealError):
            _opened(keyring, password, "credential", uuid, "password")
            return True
    return False


def _opened(keyring: Keyring, kept: str, table: str, row: Row, column: str) -> str:
    if kept.startswith(_PLAIN):
        return kept.removeprefix(_PLAIN)
    if not kept.startswith(_SEALED):
        return kept
    try:
        blob = base64.b64decode(kept.removeprefix(_SEALED), validate=True)
    except (binascii.Error, ValueError):
        raise SealError(f"the value in {table}.{column} is damaged") from None
    return keyring.unseal(blob, table=table, row=row, column=column).decode("utf-8")
