"""What is kept of what a server sets, and where it goes."""

import pytest

from simulators.client.cookies import MAX_COOKIES, MAX_LENGTH, Cookies
from simulators.client.target import Target, read_target
from simulators.device.quirk_names import quirk
from simulators.device.quirks import PLAIN_HTTP, HttpQuirks
from tests.simulators.client.scripted import Heard, Say, asking, constant, in_turn, informed, reply, serving, visited


def target(url: str) -> Target:
    """A URL that can be called."""
    found = read_target(url)
    assert found is not None
    return found


def sent(*headers: str, quirks: HttpQuirks = PLAIN_HTTP, at: str = "http://acs.example/", to: str = "") -> str:
    """What a device sends with a request after it was told to keep some cookies."""
    cookies = Cookies(quirks)
    for header in headers:
        cookies.take(header.encode("latin-1"), target(at))
    line = cookies.header(target(to or at)).decode("latin-1")
    assert line == "" or (line.startswith("Cookie: ") and line.endswith("\r\n"))
    return line.removeprefix("Cookie: ").strip()


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("session=abc; Path=/; HttpOnly", "session=abc"),
        ("a=b=c==", "a=b=c=="),
        ('a="quoted; with a semicolon"; Path=/', 'a="quoted; with a semicolon"'),
        (" a = b ;path=/", "a=b"),
        ("empty=", "empty="),
        ("a=\xfc", "a=\xfc"),
        # TR-069 3.4.2: how long a cookie lasts is not looked at.
        ("a=b; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0", "a=b"),
        ("", ""),
        ("no sign", ""),
        ("=nameless", ""),
        ("a=b\r\nX: y", ""),
        (f"a={'b' * MAX_LENGTH}", ""),
    ],
)
def test_a_cookie_goes_back_letter_by_letter(header: str, expected: str) -> None:
    assert sent(header) == expected


@pytest.mark.parametrize(
    ("header", "at", "to", "is_sent"),
    [
        ("a=b; Path=/acs", "http://x/acs", "http://x/acs", True),
        ("a=b; Path=/acs", "http://x/", "http://x/acs/1?q", True),
        ("a=b; Path=/acs", "http://x/", "http://x/acsother", False),
        ("a=b; Path=/acs/", "http://x/", "http://x/acs", False),
        ("a=b; Path=/other", "http://x/acs", "http://x/acs", False),
        # Without a path it is that of the request, without its last part.
        ("a=b", "http://x/acs/1", "http://x/acs/2", True),
        ("a=b", "http://x/acs/1", "http://x/2", False),
        ("a=b; Path=nonsense", "http://x/acs/1", "http://x/acs/2", True),
        ("a=b; Path=/", "http://x/", "http://y/", False),
        ("a=b; Path=/", "http://x:1/", "http://x:2/", True),
        ("a=b; Domain=acs.example", "http://one.acs.example/", "http://two.acs.example/", True),
        ("a=b; Domain=.acs.example", "http://one.acs.example/", "http://acs.example/", True),
        ("a=b; Domain=other.example", "http://one.acs.example/", "http://other.example/", False),
        ("a=b; Domain=example", "http://acs.example/", "http://acs.example/", False),
        ("a=b; Domain=0.0.1", "http://127.0.0.1/", "http://127.0.0.1/", False),
        ("a=b; Path=/; Secure", "https://x/", "https://x/", True),
        ("a=b; Path=/; Secure", "https://x/", "http://x/", False),
    ],
)
def test_a_cookie_goes_where_it_belongs(header: str, at: str, to: str, is_sent: bool) -> None:
    assert sent(header, at=at, to=to) == ("a=b" if is_sent else "")


def test_a_cookie_takes_the_place_of_one_of_the_same_name_and_the_longest_path_comes_first() -> None:
    assert sent("a=1; Path=/", "a=2; Path=/") == "a=2"
    assert sent("a=1; Path=/", "b=2; Path=/acs", at="http://x/acs") == "b=2; a=1"


def test_there_is_an_end_to_what_is_kept() -> None:
    assert sent(*(f"c{number}=x; Path=/" for number in range(MAX_COOKIES + 5))).count("=x") == MAX_COOKIES
    # Those that are there can still be changed.
    assert sent(*(f"c{number}=x; Path=/" for number in range(MAX_COOKIES + 5)), "c0=y; Path=/").count("=y") == 1


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("no-cookie", ""),
        ("rfc2109-cookie", '$Version="0"; a=1;$Path=/; b=2;$Path=/'),
        ("quoted-cookie", 'a="1"; b="2"'),
        ("comma-joined-cookie", "lang=en,a=1,b=2"),
        ("needs-root-path-cookie", "a=1; b=2"),
        ("drops-http-only-cookie", "b=2"),
    ],
)
def test_devices_write_and_keep_cookies_in_their_own_way(name: str, expected: str) -> None:
    assert sent("a=1; Path=/; HttpOnly", "b=2; Path=/", quirks=quirk(name).http) == expected


def test_a_device_may_need_the_root_path() -> None:
    quirks = quirk("needs-root-path-cookie").http
    assert sent("a=1", quirks=quirks) == ""
    assert sent("a=1; Path=/acs", quirks=quirks, at="http://x/acs") == ""


async def test_a_cookie_is_sent_back_within_the_session_and_not_in_the_next() -> None:
    def say(heard: Heard) -> Say:
        return reply(200, informed(heard), "Set-Cookie: session=one; Path=/", "Set-Cookie: more=two; Path=/")

    outcomes, heard, _ = await visited(in_turn(say, reply(204), say), 2)
    assert outcomes == ["ok", "ok"]
    assert [each.one("cookie") for each in heard] == [None, "session=one; more=two"] * 2


async def test_a_cookie_does_not_go_to_another_host() -> None:
    async with serving(asking(), host="::1") as other:
        moved = constant(reply(302, b"", f"Location: http://[::1]:{other.port}/", "Set-Cookie: session=one; Path=/"))
        outcomes, _, _ = await visited(moved)
        assert outcomes == ["ok"]
        assert [each.one("cookie") for each in other.heard] == [None, None]
