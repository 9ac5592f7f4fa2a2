"""What comes in from a device over HTTP and what goes back, without HTTP."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from acs.services.live import LiveSession

COOKIE: Final = "aioacs"
"""The name of the cookie that carries a session."""
XML: Final = 'text/xml; charset="utf-8"'


@dataclass(slots=True, eq=False)
class Link:
    """One connection of a device, or of a proxy that stands before many."""

    is_proxy: bool = False
    """Whether a trusted proxy is at its other end."""
    session: "LiveSession | None" = None
    """The session that it carried last."""
    device_id: int | None = None
    """The device whose session that was."""
    is_shared: bool = False
    """Whether it carried sessions of several devices: then it tells nothing."""


# Made at each post and never changed; not frozen, because that makes each field ten times as dear.
@dataclass(slots=True, eq=False)
class Caller:
    """Everything about a post but its body."""

    link: Link
    """The connection."""
    address: str
    """Where the device calls from."""
    cookies: tuple[str, ...] = ()
    """What may be our cookie, in the order of the header."""
    authorization: str | None = field(default=None, repr=False)
    """The header of that name."""
    method: str = "POST"
    """Of the request."""
    target: str = "/"
    """Of the request, as the device wrote it."""
    base_url: str = ""
    """Where the device found us: scheme, host and port."""
    is_secure: bool = False
    """Whether it came over TLS."""
    certificate: str | None = None
    """The name in the client certificate, if the device has shown a valid one."""


@dataclass(slots=True, eq=False)
class Reply:
    """What goes back."""

    status: int
    """The HTTP status."""
    body: bytes = field(default=b"", repr=False)
    """An envelope, or nothing."""
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Beside those that HTTP itself needs."""
    close: bool = False
    """Whether the connection is to be closed."""


EMPTY: Final = Reply(204)
BAD_REQUEST: Final = Reply(400)
FORBIDDEN: Final = Reply(403)
