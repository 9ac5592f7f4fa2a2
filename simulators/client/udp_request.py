"""Connection requests over UDP: what is read of a datagram, and whose it is (TR-069 Annex G.2.2.3)."""

import hmac
import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from acs.auth.passwords import same_secret

MAX_REQUEST: Final = 2048
"""How many octets a request may have."""
_LINE: Final = re.compile(rb"GET (http://[!-~]+) HTTP/1\.1\r\n")
_NUMBER: Final = re.compile(r"[0-9]{1,20}")
_FIELDS: Final = ("ts", "id", "un", "cn", "sig")
_MAX_FIELDS: Final = 16


class UdpRequestError(ValueError):
    """A datagram that is no connection request, and why."""


@dataclass(frozen=True, slots=True)
class UdpRequest:
    """A connection request."""

    serial: str
    """The device that the path names; empty where it names none, as in most requests."""
    stamp: int
    """``ts``: seconds since 1970, each request later than those before."""
    number: int
    """``id``: the same in all copies of a request."""
    username: str
    """``un``: ConnectionRequestUsername."""
    text: str = field(repr=False)
    """What is signed: the values of ts, id, un and cn, one behind the other."""
    signature: str = field(repr=False)
    """``sig``: the signature, in hex."""

    def is_signed_with(self, password: str) -> bool:
        """Whether whoever sent it knows ConnectionRequestPassword."""
        key = password.encode("utf-8", "surrogatepass")
        expected = hmac.digest(key, self.text.encode("utf-8", "surrogatepass"), "sha1")
        return same_secret(expected.hex(), self.signature.lower())


def read_udp_request(data: bytes) -> UdpRequest:
    """Read a request; UdpRequestError says why a datagram is none."""
    if len(data) > MAX_REQUEST:
        raise UdpRequestError(f"a request has at most {MAX_REQUEST} octets, not {len(data)}")
    line = _LINE.match(data)
    if line is None:
        raise UdpRequestError("it does not begin as GET http://... HTTP/1.1")
    try:
        url = urlsplit(line[1].decode("ascii"))
        pairs = parse_qsl(url.query, keep_blank_values=True, max_num_fields=_MAX_FIELDS)
    except ValueError as error:
        raise UdpRequestError(f"the URL cannot be read: {error}") from None
    # The first of each counts: the rest could not be what was signed.
    fields = dict(reversed(pairs))
    missing = [name for name in _FIELDS if name not in fields]
    if missing:
        raise UdpRequestError(f"{missing[0]} is missing")
    for name in ("ts", "id"):
        if _NUMBER.fullmatch(fields[name]) is None:
            raise UdpRequestError(f"{name} is no number")
    return UdpRequest(
        unquote(url.path.removeprefix("/"), errors="replace"),
        int(fields["ts"]),
        int(fields["id"]),
        fields["un"],
        fields["ts"] + fields["id"] + fields["un"] + fields["cn"],
        fields["sig"],
    )
