"""Cookies, hosts, the chains of proxies and URLs: what heads and devices say of addresses."""

import re
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Final

from acs.cwmp_http.heads import MAX_COOKIES, base_url, our_cookies
from acs.domain.targets import MAX_URL_LENGTH, Refusal, is_special, judge, judge_public, read_url
from acs.services.calling import COOKIE
from acs.services.opening import session_key
from acs.services.peers import forwarded_for
from fuzz.draw import Draw
from fuzz.target import Target
from simulators.client.cookies import MAX_COOKIES as MOST_KEPT
from simulators.client.cookies import Cookies
from simulators.client.target import read_target
from simulators.device.quirks import HttpQuirks

_TRUSTED: Final = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))
_LINE: Final = re.compile(rb"Cookie: [^\r\n\0]*\r\n")
_WAYS: Final = (
    HttpQuirks(),
    HttpQuirks(cookies="rfc2109"),
    HttpQuirks(cookies="quoted"),
    HttpQuirks(cookies="comma-joined"),
    HttpQuirks(drops_http_only_cookies=True, drops_cookies_without_root_path=True),
)


def _cookies(data: bytes) -> None:
    """Ours are found in whatever form a device sends them, and a jar bears whatever a server sets."""
    draw = Draw(data)
    quirks = draw.choice(_WAYS)
    target = read_target(draw.choice(("http://acs.example.net/a/b?c", "https://10.0.0.1/")))
    assert target is not None
    jar = Cookies(quirks)
    for _ in range(draw.below(MOST_KEPT + 5)):
        # Values of headers, as a parser of HTTP gives them out.
        jar.take(draw.piece().translate(None, b"\r\n\0"), target)
    assert len(jar) <= MOST_KEPT
    line = jar.header(target)
    assert not line or _LINE.fullmatch(line), line
    _found_in([line.removeprefix(b"Cookie: ").decode("utf-8", "surrogateescape"), draw.text()])
    value = draw.piece().hex()
    fresh = Cookies(quirks)
    fresh.take(b"%b=%b; Path=/" % (COOKIE.encode(), value.encode()), target)
    assert our_cookies([fresh.header(target).removeprefix(b"Cookie: ").decode("ascii")]) == (value,)


def _found_in(headers: list[str]) -> None:
    found = our_cookies(headers)
    assert len(found) <= MAX_COOKIES
    for each in found:
        assert ";" not in each
        assert len(session_key(each)) == 64


def _heads(data: bytes) -> None:
    """A host is one line of printable ASCII, and whatever proxies say, an address comes out."""
    draw = Draw(data)
    scheme, host = draw.choice(("http", "https")), draw.text()
    base = base_url(host, scheme)
    assert base is None or (base.isascii() and base.isprintable() and " " not in base and "@" not in base), base
    peer = draw.choice(("10.0.0.1", "192.0.2.1", "fd00::1"))
    address = forwarded_for([draw.text() for _ in range(draw.below(4))], peer, _TRUSTED)
    assert str(ip_address(address)) == address


def _urls(data: bytes) -> None:
    """What is called is one line and no special address, unless the device came from there."""
    try:
        text = data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        text = ""
    read_target(text[:4200])
    if (target := read_target("http://acs.example.net/a/b")) is not None:
        elsewhere = target.elsewhere(data.decode("latin-1"))
        assert elsewhere is None or elsewhere.post.count(b"\n") == target.post.count(b"\n")
    endpoint = read_url(text)
    if isinstance(endpoint, Refusal):
        assert endpoint.detail.isprintable()
        return
    assert len(text.strip(" ")) <= MAX_URL_LENGTH
    assert 1 <= endpoint.port <= 65535
    line = endpoint.host_header + endpoint.request_target
    assert line.isascii() and line.isprintable() and " " not in line and endpoint.request_target[0] == "/"  # noqa: PT018
    if endpoint.address is None:
        return
    public = judge_public([endpoint.address], ())
    if not isinstance(public, Refusal):
        assert not any(map(is_special, public)), public
        # Of IPv6 addresses that hold one of IPv4, that one is judged.
        assert all(each.is_global for each in public if isinstance(each, IPv4Address)), public
    assert isinstance(judge([endpoint.address], "nowhere", ()), Refusal)


TARGETS: Final = {
    each.name: each
    for each in (
        Target(
            "cookies",
            _cookies, longest=512,
            words=(
                b"aioacs=", b"; Path=/", b"; HttpOnly", b"; Secure", b"; Domain=example.net", b'$Version="0"; ',
                b"Path=", b'"', b"=", b";", b",", b" ", b"\xe9", b"\x7f",
            ),
        ),
        Target(
            "heads",
            _heads, longest=256,
            words=(
                b"a.example", b"[::1]:80", b"[fd00::2]", b":65535", b"10.0.0.2", b"::ffff:10.0.0.3", b", ", b"%eth0",
                b"unknown", b"192.0.2.9:123", b"\xd9\xa3",
            ),
        ),
        Target(
            "urls",
            _urls, longest=256,
            words=(
                b"http://", b"https://", b"[::ffff:127.0.0.1]", b"127.0.0.1", b"0x7f.1", b"64:ff9b::", b"2002:", b"@",
                b"%25", b":65536", b"/?#", b"169.254.169.254", b"(null)", b"\\", b"..", b"//", b"\xe2\x80\xa8",
                b"2001:0::",
            ),
        ),
    )
}  # fmt: skip
