"""What a session refuses, and whose mistake it is.

ProtocolError
 ├── LocalProtocolError    the driver asked for what the session does not allow now: a mistake on our side
 └── RemoteProtocolError   the device did what it may not do now: the HTTP side answers with ``status``
      └── UnexpectedInformError   it has begun another session: the driver supersedes this one and opens that
ValueError
 └── SnapshotError         a snapshot that no session made, or one of another version of the program

A refused move leaves the session as it was, deadlines included.
"""

from typing import Final

from acs.session.states import State


class ProtocolError(Exception):
    """A move that the session's state does not allow."""

    def __init__(self, what: str, where: State) -> None:
        super().__init__(f"{what} (in {where.name})")
        self.what = what
        self.where = where


class LocalProtocolError(ProtocolError):
    """Our own driver's mistake."""


class RemoteProtocolError(ProtocolError):
    """The device's mistake."""

    status: Final = 400
    """The HTTP status that tells the device so."""


class UnexpectedInformError(RemoteProtocolError):
    """An Inform within a session: no mistake if the device has rebooted, so the driver opens a new session for it."""


class SnapshotError(ValueError):
    """Stored values that no session can be made of; the device opens a new one."""

    def __init__(self, key: str, what: str) -> None:
        super().__init__(f"session snapshot: {key} {what}")
        self.key = key
