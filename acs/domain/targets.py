"""Which addresses the server calls. Others choose the URL, a device or whoever asks for work: they could make us call
anybody.

Of devices by default only the very address that the device's own session came from is called; a setting may name more
networks. Loopback, link-local, metadata and other special addresses are not opened by any network: only a device that
itself came from such an address, as one on the same machine does, is called there.

Webhooks go to ordinary hosts of the Internet. A setting may name networks for them as well, among those special ones,
but only by a network that is not next to everything.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from acs.domain.reach import ReachKind

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# TR-069 gives ConnectionRequestURL no length; the longest known ones have some 150 characters.
MAX_URL_LENGTH: Final = 1024

# Calix 844E writes (null) for an address that it does not have.
_NO_URL: Final = frozenset({"", "(null)"})
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_URL: Final = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?#]*)(?P<target>[^#]*)(?:#.*)?", re.DOTALL
)
_AUTHORITY: Final = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^:\[\]]*)(?::(?P<port>[0-9]{1,5}))?")
# Underscores are in no host name by RFC 952, but in many a DNS.
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*")
_MAX_NAME_LENGTH: Final = 253
# A name that ends in a number is no name: C libraries read 127.1, 0x7f.1 and 2130706433 all as 127.0.0.1.
_NUMBER: Final = re.compile(r"(?:[0-9]+|0[xX][0-9A-Fa-f]*)")
# No URL may hold these (RFC 3986 section 2); in a request line or a digest they could mean something else.
_UNFIT: Final = re.compile(r'[^!-~]|["<>\\]')

# A wider network that an operator opens does not mean the special addresses in it.
_LEAST_PREFIX: Final = 8
_NAT64: Final = IPv6Network("64:ff9b::/96")
# What ipaddress does not call loopback, link-local, multicast, unspecified or reserved.
_SPECIAL: Final = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",  # RFC 1122: "this" network; systems take some of it for themselves
        # The clouds' metadata services beyond 169.254.169.254: Amazon, Google, Alibaba, Azure, Oracle.
        "fd00:ec2::/32",
        "fd20:ce::254/128",
        "100.100.100.200/32",
        "168.63.129.16/32",
        "192.0.0.192/32",
    )
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a device is not called."""

    kind: ReachKind
    """What that makes of the connection request."""
    detail: str
    """The sentence for the operator."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What a URL says, once it is plain."""

    is_secure: bool
    """Whether it is https."""
    host: str
    """The name, or the address without brackets."""
    address: Address | None
    """The address, if it is no name."""
    port: int
    """Its own, or the scheme's."""
    host_header: str
    """What goes into the header Host."""
    request_target: str = field(repr=False)
    """Path and query; devices put secrets there."""


def read_url(url: str | None) -> Endpoint | Refusal:
    """What a device's URL says; only plain http and https URLs are taken, in one spelling."""
    text = (url or "").strip(" ")
    if text.lower() in _NO_URL:
        return Refusal(ReachKind.NO_URL, "the device has not told where it can be called")
    if len(text) > MAX_URL_LENGTH:
        return _forbidden(f"the URL has more than {MAX_URL_LENGTH} characters")
    if _UNFIT.search(text) is not None:
        return _forbidden("the URL holds characters that no URL may hold")
    parts = _URL.fullmatch(text)
    if parts is None or (scheme := parts["scheme"].lower()) not in _DEFAULT_PORTS:
        return _forbidden("the URL is neither http nor https")
    if "@" in parts["authority"]:
        return _forbidden("the URL holds a user name before the host")
    if "%" in parts["authority"]:
        return _forbidden("the URL's host is percent-encoded, or has a zone, which means nothing here")
    place = _AUTHORITY.fullmatch(parts["authority"])
    if place is None:
        return _forbidden("the URL's host or port cannot be read")
    port = _DEFAULT_PORTS[scheme] if place["port"] is None else int(place["port"])
    if not 1 <= port <= 65535:
        return _forbidden("the URL's port is not between 1 and 65535")
    host = _host_of(place["host"])
    if isinstance(host, Refusal):
        return host
    path = parts["target"] if parts["target"].startswith("/") else "/" + parts["target"]
    return Endpoint(
        is_secure=scheme == "https",
        host=place["host"].strip("[]"),
        address=host,
        port=port,
        host_header=place["host"] if port == _DEFAULT_PORTS[scheme] else f"{place['host']}:{port}",
        request_target=path,
    )


def judge(
    addresses: Iterable[Address], session_address: str, allowed_networks: Sequence[Network]
) -> tuple[Address, ...] | Refusal:
    """The addresses that may be called, at least one and each once; else why none may.

    They come back in the form to connect to: what was judged, with nothing left to look up. Networks are compared with
    the IPv4 address inside a translated one (NAT64, 6to4, Teredo).
    """
    session = _session_of(session_address)
    callable_ones: dict[Address, None] = {}
    refused: Address | None = None
    for address in map(_unmapped, addresses):
        if session is not None and _is_same(address, session):
            callable_ones[session] = None
        elif not is_special(address) and _is_opened(address, session, allowed_networks):
            callable_ones[address] = None
        else:
            refused = address
    if callable_ones:
        return tuple(callable_ones)
    if refused is None:
        return Refusal(ReachKind.REFUSED, "the URL's host name has no address")
    if is_special(refused):
        return _forbidden(f"{refused} is a special address, and the device's session came from another one")
    return _forbidden(f"{refused} is not where the device's session came from, nor in an allowed network")


def judge_public(addresses: Iterable[Address], allowed_networks: Sequence[Network]) -> tuple[Address, ...] | Refusal:
    """The addresses that a webhook may go to, at least one and each once; else why it may go to none."""
    callable_ones: dict[Address, None] = {}
    refused: Address | None = None
    for address in map(_unmapped, addresses):
        if _is_public(address) or _is_opened_for_webhooks(address, allowed_networks):
            callable_ones[address] = None
        else:
            refused = address
    if callable_ones:
        return tuple(callable_ones)
    if refused is None:
        return Refusal(ReachKind.REFUSED, "the URL's host name has no address")
    return _forbidden(f"{refused} is no public address, nor in a network that webhooks may go to")


def is_special(address: Address) -> bool:
    """Whether an address, or the IPv4 address inside it, is none of an ordinary host elsewhere."""
    inner = _inner(_unmapped(address))
    return (
        inner.is_loopback
        or inner.is_link_local
        or inner.is_multicast
        or inner.is_unspecified
        or inner.is_reserved  # the broadcast address as well
        or any(inner in network for network in _SPECIAL)
    )


def _host_of(text: str) -> Address | Refusal | None:
    """The address that a URL's host is; None for a name."""
    if text.startswith("["):
        try:
            return IPv6Address(text[1:-1])
        except ValueError:
            return _forbidden("the URL's host is no IPv6 address")
    if not text:
        return _forbidden("the URL has no host")
    if text.endswith("."):
        return _forbidden("the URL's host ends with a dot")
    if len(text) > _MAX_NAME_LENGTH or _NAME.fullmatch(text) is None:
        return _forbidden("the URL's host is no host name")
    if _NUMBER.fullmatch(text.rpartition(".")[2]) is None:
        return None
    try:
        return IPv4Address(text)
    except ValueError:
        return _forbidden("the URL's host is an IPv4 address in an odd spelling")


def _forbidden(detail: str) -> Refusal:
    return Refusal(ReachKind.FORBIDDEN_TARGET, detail)


def _session_of(text: str) -> Address | None:
    # ipaddress takes anything for a zone; the system does not.
    if not (text.isascii() and text.isprintable()):
        return None
    try:
        address = _unmapped(ip_address(text))
    except ValueError:
        return None
    # No TCP connection comes from these: whoever wrote one down was wrong, and 0.0.0.0 would lead to ourselves.
    if address.is_unspecified or address.is_multicast or address == IPv4Address("255.255.255.255"):
        return None
    return address


def _is_same(address: Address, session: Address) -> bool:
    """Whether this is the session's own address. The zone of a link-local one is ours to know, not the device's."""
    if isinstance(address, IPv6Address) and isinstance(session, IPv6Address) and address.scope_id is None:
        return int(address) == int(session)
    return address == session


def _is_opened(address: Address, session: Address | None, allowed_networks: Sequence[Network]) -> bool:
    inner = _inner(address)
    if session is not None and inner == _inner(session):
        return True
    return any(inner in network for network in allowed_networks)


def _is_public(address: Address) -> bool:
    inner = _inner(address)
    return inner.is_global and not is_special(address) and not getattr(inner, "is_site_local", False)


def _is_opened_for_webhooks(address: Address, allowed_networks: Sequence[Network]) -> bool:
    least = _LEAST_PREFIX if is_special(address) else 0
    return any(_inner(address) in network and network.prefixlen >= least for network in allowed_networks)


def _unmapped(address: Address) -> Address:
    """An IPv4 address as such: a socket for both families writes it ::ffff:a.b.c.d."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _inner(address: Address) -> Address:
    """The IPv4 address to which a gateway brings what goes to this one (RFC 6052, RFC 3056, RFC 4380)."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    return address
