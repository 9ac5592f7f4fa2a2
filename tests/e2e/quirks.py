"""The ways of real devices, as switches: each says who has it."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

from tests.e2e.envelopes import Prefixes

Cookies = Literal["normal", "never", "rfc2109", "quoted", "joined with another cookie by comma"]
Authorization = Literal["when challenged", "only with the Inform", "every post", "begin with empty post"]
Ids = Literal["normal", "empty", "invented", "none"]
Charset = Literal["utf-8", "latin-1", "latin-1 labelled utf-8"]


@dataclass(frozen=True, slots=True)
class Quirks:
    """How a device departs from the standard; as it stands, it does not."""

    close_after_every_response: bool = False
    """A new connection for each post: embedded HTTP clients without keep-alive (ZyXEL, old Broadcom firmware)."""
    reconnects_after_401: bool = False
    """A new connection after the 401, the old one stays behind (FRITZ!Box)."""
    cookies: Cookies = "normal"
    """``rfc2109`` is SpeedTouch's ``$Version="0"; ID=..;$Path=/``; ``never`` is some that rely on the connection;
    ``quoted`` and comma-joined ones come from clients of the time of RFC 2109 and 2965."""
    drops_cookies_without_root_path: bool = False
    """A cookie is kept only with ``Path=/`` (AMIT AX-1122)."""
    drops_http_only_cookies: bool = False
    """A cookie with HttpOnly is not kept (public reports do not name the device)."""
    authorization: Authorization = "when challenged"
    """``only with the Inform``: later challenges are not answered, and the nonce is remembered from session to session;
    ``every post``: curl does it so (easycwmp); ``begin with empty post``: to collect the challenge (Calix GigaSpire).
    """
    ids: Ids = "normal"
    """``invented``: an ID of its own where the ACS's should be echoed (iPhotonix); ``empty`` and ``none``: old
    Thomson and simulators."""
    prefixes: Prefixes = field(default_factory=Prefixes)
    """The namespace prefixes; they are the firmware's own everywhere."""
    chunked: bool = False
    """No Content-Length (SpeedTouch)."""
    gzip: bool = False
    """Bodies are compressed: gateways that inform with hundreds of parameters."""
    expect_continue: bool = False
    """``Expect: 100-continue`` before each body (easycwmp, by way of curl)."""
    content_type: str = 'text/xml; charset="utf-8"'
    """easycwmp says text/html."""
    declaration: bool = True
    """Whether an XML declaration comes first; both are common."""
    trailing_nulls: int = 0
    """NUL characters behind the envelope: C strings sent with their end."""
    charset: Charset = "utf-8"
    """SpeedTouch sends ISO-8859-1; others send such octets under a label that says UTF-8."""
    extra_headers: tuple[tuple[str, str], ...] = ()
    """Headers of the device's own, or of a proxy before the ACS."""


PLAIN = Quirks()
"""A device that keeps to the standard."""


class Vanish(Enum):
    """A device that is gone when its answer is due."""

    BEFORE = "before"
    """The connection ends with the RPC unheeded."""
    AFTER = "after"
    """The RPC is carried out, then the connection ends."""


VANISH = Vanish.BEFORE
VANISH_AFTER = Vanish.AFTER
