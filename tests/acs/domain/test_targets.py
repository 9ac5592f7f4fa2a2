"""Which addresses are called, and how a device may write them."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, ip_address, ip_network
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acs.domain.reach import ReachKind
from acs.domain.targets import MAX_URL_LENGTH, Address, Endpoint, Refusal, is_special, judge, judge_public, read_url

EVERYTHING: Final = (ip_network("0.0.0.0/0"), ip_network("::/0"))

SPECIAL: Final = [
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",
    "0.1.2.3",
    "169.254.1.1",
    "169.254.169.254",
    "100.100.100.200",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "fe80::1",
    "fe80::1%eth0",
    "ff02::1",
    "fd00:ec2::254",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "2001:0:102:304:0:0:80ff:fffe",  # Teredo to 127.0.0.1
]

# Written so as to be taken for something else by one of those who read a URL.
ODD: Final = {
    "http://2130706433/": "odd spelling",
    "http://0x7f000001/": "odd spelling",
    "http://0x7f.1/": "odd spelling",
    "http://127.1/": "odd spelling",
    "http://0177.0.0.1/": "odd spelling",
    "http://192.0.2.010/": "odd spelling",
    "http://192.0.2.1.5/": "odd spelling",
    "http://192.0.2.256/": "odd spelling",
    "http://router.0x1/": "odd spelling",
    "http://192.0.2.1./": "dot",
    "http://router.example./": "dot",
    "http://192.0.2%2e1/": "percent",
    "http://%31%39%32.0.2.1/": "percent",
    "http://[fe80::1%25eth0]/": "zone",
    "http://[fe80::1%eth0]/": "zone",
    "http://user@192.0.2.1/": "user name",
    "http://user:word@192.0.2.1/": "user name",
    "http://192.0.2.1@198.51.100.7/": "user name",
    "http://192.0.2.1:80@198.51.100.7/": "user name",
    "http:///path": "no host",
    "http://:7547/": "no host",
    "http://?query": "no host",
    "http://.example/": "host name",
    "http://a..example/": "host name",
    "http://a,b/": "host name",
    "http://" + "a" * 64 + ".example/": "host name",
    "http://" + "a." * 130 + "example/": "host name",
    "http://[]/": "cannot be read",
    "http://[::1/": "cannot be read",
    "http://::1/": "cannot be read",
    "http://[::1]x/": "cannot be read",
    "http://[::1]:7547:80/": "cannot be read",
    "http://[v1.a]/": "cannot be read",
    "http://[:::]/": "no IPv6",
    "http://[127.0.0.1]/": "no IPv6",
    "http://192.0.2.1:/": "cannot be read",
    "http://192.0.2.1:-1/": "cannot be read",
    "http://192.0.2.1:+80/": "cannot be read",
    "http://192.0.2.1:8o/": "cannot be read",
    "http://192.0.2.1:123456/": "cannot be read",
    "http://192.0.2.1:0/": "65535",
    "http://192.0.2.1:65536/": "65535",
    "ftp://192.0.2.1/": "neither http",
    "file:///etc/passwd": "neither http",
    "httpx://192.0.2.1/": "neither http",
    "192.0.2.1:7547": "neither http",
    "//192.0.2.1/": "neither http",
    "http:/192.0.2.1/": "neither http",
    "http:192.0.2.1": "neither http",
    "http://192.0.2.1/a\r\nX: y": "characters",
    "http://192.0.2.1/\n": "characters",
    "http://192.0.2.1\t/": "characters",
    "http://192.0.2.1/a b": "characters",
    "http://192.0.2.1/\x00": "characters",
    "http://192.0.2.1/\x7f": "characters",
    "http://192.0.2.1\\@198.51.100.7/": "characters",
    'http://192.0.2.1/"': "characters",
    "http://１９２.0.2.1/": "characters",  # noqa: RUF001 - that is the point
    "http://192。0.2.1/": "characters",
    "http://192.0.2.1/\ud800": "characters",
    "http://192.0.2.1/" + "a" * MAX_URL_LENGTH: "more than",
}


def read(url: str) -> Endpoint:
    endpoint = read_url(url)
    assert isinstance(endpoint, Endpoint)
    return endpoint


def called(address: str, session: str, *networks: str) -> tuple[Address, ...]:
    """Which address is called, if any."""
    verdict = judge([ip_address(address)], session, [ip_network(network) for network in networks])
    return () if isinstance(verdict, Refusal) else verdict


def test_a_plain_url_is_read() -> None:
    endpoint = read("http://192.0.2.1:7547/cr?id=4#top")
    assert endpoint == Endpoint(False, "192.0.2.1", IPv4Address("192.0.2.1"), 7547, "192.0.2.1:7547", "/cr?id=4")


@pytest.mark.parametrize(
    ("url", "port", "host_header", "target"),
    [
        ("http://router.example", 80, "router.example", "/"),
        ("HTTPS://Router_1.example/", 443, "Router_1.example", "/"),
        ("http://router.example:80/", 80, "router.example", "/"),
        ("https://router.example:80/", 80, "router.example:80", "/"),
        ("http://router.example?id=4", 80, "router.example", "/?id=4"),
        (" http://[2001:db8::1]:65535/%7Ea//b;c ", 65535, "[2001:db8::1]:65535", "/%7Ea//b;c"),
        ("http://router.example/@%40:80", 80, "router.example", "/@%40:80"),
    ],
)
def test_port_host_and_target_follow_the_url(url: str, port: int, host_header: str, target: str) -> None:
    endpoint = read(url)
    assert (endpoint.port, endpoint.host_header, endpoint.request_target) == (port, host_header, target)
    assert endpoint.is_secure == url.strip().lower().startswith("https")


def test_an_ipv6_address_loses_its_brackets() -> None:
    endpoint = read("http://[2001:db8::1]/")
    assert (endpoint.host, endpoint.address) == ("2001:db8::1", IPv6Address("2001:db8::1"))


@pytest.mark.parametrize(("url", "reason"), ODD.items(), ids=ascii)
def test_an_odd_spelling_is_refused_with_its_reason(url: str, reason: str) -> None:
    refusal = read_url(url)
    assert isinstance(refusal, Refusal)
    assert refusal.kind is ReachKind.FORBIDDEN_TARGET
    assert reason in refusal.detail


@pytest.mark.parametrize("url", [None, "", "  ", "(null)", "(NULL) "])
def test_a_device_without_a_url_is_told_apart(url: str | None) -> None:
    refusal = read_url(url)
    assert isinstance(refusal, Refusal)
    assert refusal.kind is ReachKind.NO_URL


@given(st.text(max_size=60) | st.from_regex(r"https?://[\[\]0-9a-fx.:%@-]{0,30}[/?#]?.{0,5}", fullmatch=True))
def test_whatever_is_read_has_one_plain_host(url: str) -> None:
    endpoint = read_url(url)
    if isinstance(endpoint, Endpoint):
        assert 1 <= endpoint.port <= 65535
        assert endpoint.request_target.startswith("/")
        written = endpoint.host_header + endpoint.request_target
        assert written.isascii()
        assert written.isprintable()
        assert " " not in written
        assert (endpoint.address is None) == (not endpoint.host.replace(".", "").isdigit() and ":" not in endpoint.host)


def test_only_the_address_of_the_session_is_called() -> None:
    assert called("192.0.2.1", "192.0.2.1") == (IPv4Address("192.0.2.1"),)
    assert called("2001:db8::1", "2001:DB8:0::1") == (IPv6Address("2001:db8::1"),)
    assert called("192.0.2.2", "192.0.2.1") == ()
    assert called("2001:db8::2", "2001:db8::1") == ()


@pytest.mark.parametrize("session", ["", "unknown", "192.0.2.1:80", "192.0.2.1%eth0", "fe80::1%\x00", "fe80::1%\ud800"])
def test_a_device_without_a_session_is_called_in_allowed_networks_alone(session: str) -> None:
    assert called("192.0.2.1", session) == ()
    assert called("fe80::1", session) == ()
    assert called("192.0.2.1", session, "192.0.2.0/24") == (IPv4Address("192.0.2.1"),)


def test_an_allowed_network_is_called_and_its_neighbour_is_not() -> None:
    assert called("10.1.2.3", "192.0.2.1", "2001:db8::/32", "10.0.0.0/8") == (IPv4Address("10.1.2.3"),)
    assert called("11.1.2.3", "192.0.2.1", "2001:db8::/32", "10.0.0.0/8") == ()


@pytest.mark.parametrize("address", SPECIAL)
def test_no_network_opens_a_special_address(address: str) -> None:
    assert is_special(ip_address(address))
    assert called(address, "192.0.2.1", "0.0.0.0/0", "::/0") == ()


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "169.254.1.1", "169.254.169.254", "::1", "fe80::1%eth0", "fd00:ec2::254", "2002:7f00:1::"]
)
def test_a_session_opens_the_special_address_that_it_came_from(address: str) -> None:
    assert called(address, address) == (ip_address(address),)


@pytest.mark.parametrize(
    ("address", "session"),
    [
        ("127.0.0.2", "127.0.0.1"),
        ("::1", "127.0.0.1"),
        ("127.0.0.1", "::1"),
        ("64:ff9b::7f00:1", "127.0.0.1"),
        ("127.0.0.1", "64:ff9b::7f00:1"),
        ("127.0.0.1", "2002:7f00:1::"),
        ("2002:7f00:1::2", "2002:7f00:1::1"),
        ("fe80::1%eth1", "fe80::1%eth0"),
        ("fe80::2", "fe80::1%eth0"),
    ],
)
def test_a_session_opens_no_other_special_address(address: str, session: str) -> None:
    assert called(address, session, "0.0.0.0/0", "::/0") == ()


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "255.255.255.255", "224.0.0.1", "::ffff:0.0.0.0"])
def test_a_session_from_where_none_can_come_opens_nothing(address: str) -> None:
    assert called(address, address) == ()


def test_an_address_in_another_spelling_is_the_same_address() -> None:
    plain = (IPv4Address("192.0.2.1"),)
    assert called("::ffff:192.0.2.1", "192.0.2.1") == plain
    assert called("192.0.2.1", "::ffff:192.0.2.1") == plain
    assert called("::ffff:127.0.0.1", "127.0.0.1") == (IPv4Address("127.0.0.1"),)
    assert called("64:ff9b::192.0.2.1", "192.0.2.1") == (IPv6Address("64:ff9b::192.0.2.1"),)
    assert called("192.0.2.1", "64:ff9b::192.0.2.1") == plain


def test_translated_addresses_are_judged_by_the_address_inside() -> None:
    assert called("64:ff9b::10.0.0.1", "192.0.2.1", "::/0") == ()
    assert called("2002:a00:1::1", "192.0.2.1", "::/0") == ()
    assert called("64:ff9b::10.0.0.1", "192.0.2.1", "10.0.0.0/8") == (IPv6Address("64:ff9b::10.0.0.1"),)


def test_a_link_local_address_is_called_in_the_zone_of_the_session() -> None:
    assert called("fe80::1", "fe80::1%eth0") == (IPv6Address("fe80::1%eth0"),)


def test_of_several_addresses_the_forbidden_are_left_out_and_the_others_come_once() -> None:
    addresses = [ip_address(text) for text in ("127.0.0.1", "192.0.2.1", "10.0.0.1", "::ffff:192.0.2.1", "192.0.2.2")]
    allowed = judge(addresses, "192.0.2.1", [ip_network("10.0.0.0/8")])
    assert allowed == (IPv4Address("192.0.2.1"), IPv4Address("10.0.0.1"))


def test_the_reason_says_what_is_wrong_with_the_address() -> None:
    for address, reason in (("127.0.0.1", "special"), ("192.0.2.2", "nor in an allowed network")):
        refusal = judge([ip_address(address)], "192.0.2.1", ())
        assert isinstance(refusal, Refusal)
        assert (refusal.kind, reason in refusal.detail) == (ReachKind.FORBIDDEN_TARGET, True)


def test_a_name_without_addresses_is_refused() -> None:
    refusal = judge([], "192.0.2.1", EVERYTHING)
    assert isinstance(refusal, Refusal)
    assert refusal.kind is ReachKind.REFUSED


def wrapped(inner: Address) -> st.SearchStrategy[Address]:
    number = int(inner)
    return st.sampled_from(
        [
            inner,
            IPv6Address((0xFFFF << 32) | number),
            IPv6Address((0x64FF9B << 96) | number),
            IPv6Address((0x2002 << 112) | (number << 80)),
            IPv6Address((0x20010000 << 96) | (number ^ 0xFFFFFFFF)),
        ]
    )


ADDRESSES: Final = (
    st.sampled_from(SPECIAL).map(ip_address)
    | st.ip_addresses()
    | st.ip_addresses(v=4).flatmap(wrapped)
    | st.sampled_from([text for text in SPECIAL if "." in text and ":" not in text]).map(IPv4Address).flatmap(wrapped)
)


@given(st.lists(ADDRESSES, max_size=8), ADDRESSES.map(str) | st.just(""))
def test_no_special_address_but_the_sessions_own_is_ever_called(addresses: list[Address], session: str) -> None:
    verdict = judge(addresses, session, EVERYTHING)
    if isinstance(verdict, Refusal):
        return
    own = ip_address(session) if session else None
    if isinstance(own, IPv6Address) and own.ipv4_mapped is not None:
        own = own.ipv4_mapped
    for address in verdict:
        assert address == own or not is_special(address)
        # Said again without the code under test.
        assert address == own or not (address.is_loopback or address.is_link_local or address.is_multicast)


@given(st.lists(ADDRESSES, max_size=8), ADDRESSES.map(str))
def test_without_networks_nothing_but_the_sessions_address_is_called(addresses: list[Address], session: str) -> None:
    verdict = judge(addresses, session, ())
    if not isinstance(verdict, Refusal):
        own = judge([ip_address(session)], session, ())
        assert not isinstance(own, Refusal)
        assert {v4_inside(address) for address in verdict} == {v4_inside(own[0])}


def v4_inside(address: Address) -> int:
    """The number of the IPv4 address inside, by arithmetic."""
    number = int(address)
    if isinstance(address, IPv6Address):
        if number >> 32 in {0xFFFF, 0x64FF9B << 64}:
            return number & 0xFFFFFFFF
        if number >> 112 == 0x2002:
            return (number >> 80) & 0xFFFFFFFF
        if number >> 96 == 0x20010000:
            return (number & 0xFFFFFFFF) ^ 0xFFFFFFFF
    return number


@pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_webhooks_go_to_public_addresses(address: str) -> None:
    allowed = judge_public([ip_address(address)], ())
    assert not isinstance(allowed, Refusal)


PRIVATE: Final = [
    "10.0.0.1",
    "172.16.0.1",
    "192.168.0.1",
    "100.64.0.1",
    "fd00::1",
    "fec0::1",
    "64:ff9b::a00:1",
    "192.0.2.1",
]


@pytest.mark.parametrize("address", [*SPECIAL, *PRIVATE])
def test_webhooks_go_to_no_special_nor_private_address_by_themselves(address: str) -> None:
    assert isinstance(judge_public([ip_address(address)], ()), Refusal)


@pytest.mark.parametrize("address", PRIVATE)
def test_a_network_opens_private_addresses_for_webhooks(address: str) -> None:
    assert not isinstance(judge_public([ip_address(address)], EVERYTHING), Refusal)


@pytest.mark.parametrize("address", SPECIAL)
def test_a_network_of_everything_opens_no_special_address_for_webhooks(address: str) -> None:
    assert isinstance(judge_public([ip_address(address)], EVERYTHING), Refusal)


def test_a_network_of_its_own_opens_a_special_address_for_webhooks() -> None:
    allowed = judge_public([ip_address("127.0.0.1"), ip_address("::ffff:127.0.0.1")], [ip_network("127.0.0.1/32")])
    assert allowed == (ip_address("127.0.0.1"),)


@given(st.ip_addresses(), st.lists(st.sampled_from([ip_network("10.0.0.0/8"), ip_network("fd00::/8")])))
def test_what_webhooks_may_go_to_is_public_or_in_a_network(address: Address, networks: list[IPv4Network]) -> None:
    allowed = judge_public([address], networks)
    if not isinstance(allowed, Refusal):
        (found,) = allowed
        assert found.is_global or any(found in network for network in networks)
        assert not is_special(found)
