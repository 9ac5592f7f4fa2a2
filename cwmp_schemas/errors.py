"""What can go wrong between bytes and messages.

ValueError
 ├── DecodeError   what a device sent cannot be read: the HTTP side answers 400
 └── EncodeError   what we were asked to send cannot be written: a mistake on our side
"""

from enum import Enum


class Refusal(Enum):
    """Why received bytes were refused; the whole list."""

    NOT_XML = "not XML"
    COMPRESSION = "not compressed as it says"
    OVER_LIMIT = "over a limit"
    NOT_AN_ENVELOPE = "not a SOAP envelope with a message"
    NO_SERIAL_NUMBER = "no serial number"


class DecodeError(ValueError):
    """Received bytes that hold no message we may act on."""

    def __init__(self, refusal: Refusal, what: str, where: str) -> None:
        super().__init__(f"{refusal.value}: {what} (at {where})")
        self.refusal = refusal
        self.what = what
        self.where = where


class EncodeError(ValueError):
    """A message that no valid envelope can carry."""

    def __init__(self, what: str, where: str) -> None:
        super().__init__(f"{what} (at {where})")
        self.what = what
        self.where = where
