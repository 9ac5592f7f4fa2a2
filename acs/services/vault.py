"""Texts that may hold secrets, as they are kept."""

import base64
import binascii
from typing import Final

from acs.auth.sealing import NONCE_LENGTH, Keyring, Row, SealError
from acs.services.ports import Chance

_SEALED: Final = "sealed:"
_PLAIN: Final = "plain:"


class Vault:
    """Seals what is secret for the table, row and column it is kept in; leaves readable what is not.

    A plain text that looks sealed is marked as plain, so no device can pass off a text as a sealed one.
    """

    def __init__(self, keyring: Keyring, chance: Chance) -> None:
        self._keyring = keyring
        self._chance = chance

    def seal(self, text: str, table: str, row: Row, column: str) -> str:
        """A secret, as it is kept."""
        nonce = self._chance.octets(NONCE_LENGTH)
        blob = self._keyring.seal(text.encode("utf-8"), table=table, row=row, column=column, nonce=nonce)
        return _SEALED + base64.b64encode(blob).decode("ascii")

    def keep(self, text: str, table: str, row: Row, column: str, *, is_secret: bool) -> str:
        """A text, as it is kept."""
        if is_secret:
            return self.seal(text, table, row, column)
        return _PLAIN + text if text.startswith((_SEALED, _PLAIN)) else text

    def open(self, kept: str, table: str, row: Row, column: str) -> str:
        """What was kept. SealError if it was damaged, or sealed for another place."""
        if kept.startswith(_PLAIN):
            return kept.removeprefix(_PLAIN)
        if not kept.startswith(_SEALED):
            return kept
        try:
            blob = base64.b64decode(kept.removeprefix(_SEALED), validate=True)
        except (binascii.Error, ValueError):
            raise SealError(f"the value in {table}.{column} is damaged") from None
        return self._keyring.unseal(blob, table=table, row=row, column=column).decode("utf-8")
