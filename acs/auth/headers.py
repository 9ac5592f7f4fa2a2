"""The headers of HTTP authentication (RFC 9110 section 11), read with patience and written in one form.

A header comes as the text an HTTP library makes of it: UTF-8, with surrogate escapes for bytes that are not. Whatever a
peer sends, reading takes linear time and ends in a value or in HeaderError.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

MAX_HEADER_LENGTH: Final = 8192
# Five challenges of eight parameters each are more than anybody sends, and each part costs as much as a hundred octets.
MAX_PARTS: Final = 128
# TR-069 gives ManagementServer.Username and its like 256 characters.
MAX_USERNAME_LENGTH: Final = 256


class HeaderError(ValueError):
    """A header that cannot be read: too long, with control characters, or without what its scheme needs."""


@dataclass(frozen=True, slots=True)
class BasicCredentials:
    """A name and its password in clear (RFC 7617)."""

    username: str
    """May be empty."""
    password: str = field(repr=False)
    """May hold colons."""


@dataclass(frozen=True, slots=True)
class DigestCredentials:
    """The answer to a Digest challenge (RFC 7616 section 3.4), each value as the peer wrote it."""

    username: str
    """The name whose secret made the response."""
    nonce: str
    """The nonce of the challenge that is answered."""
    uri: str
    """What the peer takes for the request target; a part of what it hashed."""
    response: str = field(repr=False)
    """The digest, in hex."""
    realm: str | None = None
    """The realm of the challenge."""
    algorithm: str | None = None
    """The algorithm, as it was spelt."""
    qop: str | None = None
    """The quality of protection; None in the style of RFC 2069."""
    nc: str | None = None
    """How often the nonce was used, in hex."""
    cnonce: str | None = None
    """The peer's own nonce."""


@dataclass(frozen=True, slots=True)
class BasicChallenge:
    """A peer asks for a password in clear."""

    realm: str
    """What the password is for; empty when the peer does not say."""


@dataclass(frozen=True, slots=True)
class DigestChallenge:
    """A peer asks for a digest (RFC 7616 section 3.3)."""

    realm: str
    """What the password is for; empty when the peer does not say."""
    nonce: str
    """The nonce to hash."""
    algorithm: str | None = None
    """The algorithm, as it was spelt."""
    qop: tuple[str, ...] = ()
    """The qualities of protection on offer, in small letters; empty in the style of RFC 2069."""
    opaque: str | None = None
    """What has to be sent back, still escaped: it goes back letter by letter."""
    stale: bool = False
    """The digest was right and only the nonce too old."""


Credentials = BasicCredentials | DigestCredentials
Challenge = BasicChallenge | DigestChallenge


class _Item(NamedTuple):
    """A parameter, or a word alone (value None)."""

    name: str
    """The name in small letters."""
    value: str | None
    """The value without its escapes."""
    escaped: str
    """The value as it stands between quotes."""
    after_comma: bool
    """Whether a comma, or nothing, stands before it."""
    before_comma: bool
    """Whether a comma stands after it."""


# Searched from item to item: what fits no item (a stray quote, "==") is passed over, and no text is looked at more than
# a few times. A quoted value that never ends takes the rest.
_ITEM: Final = re.compile(
    r"""(?P<name> [^ \t,="]+ )
        (?: [ \t]* = [ \t]* (?: " (?P<quoted> [^"\\]* (?: \\. [^"\\]* )* ) "? | (?P<bare> [^ \t,"]* ) ) )?
        (?P<comma> [ \t]*, )?""",
    re.VERBOSE,
)
_SPACE: Final = re.compile(r"[ \t]+")
_ESCAPE: Final = re.compile(r'\\(["\\])')
_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def parse_credentials(header: str) -> Credentials | None:
    """The credentials in an ``Authorization`` header; None when their scheme is neither Basic nor Digest."""
    scheme, *rest = _SPACE.split(_readable(header).strip(), 1)
    match scheme.lower():
        case "basic":
            return _parse_basic("".join(rest))
        case "digest":
            return _parse_digest("".join(rest))
    return None


def parse_challenges(headers: Iterable[str]) -> tuple[Challenge, ...]:
    """The Basic and Digest challenges in all ``WWW-Authenticate`` headers of one response, in their order.

    Other schemes, and Digest challenges without a nonce, are left out.
    """
    found: list[Challenge] = []
    room = MAX_HEADER_LENGTH
    for header in headers:
        found.extend(_challenges_in(_readable(header, room)))
        room -= len(header)
    return tuple(found)


def basic_authorization(username: str, password: str) -> str:
    """The ``Authorization`` header that carries a password in clear. No colon may stand in the name (RFC 7617)."""
    if ":" in username or has_control_characters(username + password):
        raise ValueError("a colon in the name, or a control character, cannot be sent with Basic authentication")
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode("ascii")


def basic_challenge(realm: str) -> str:
    """The ``WWW-Authenticate`` header that asks for a password in clear."""
    return f"Basic realm={quoted(realm)}"


def quoted(text: str) -> str:
    """A quoted-string (RFC 9110 5.6.4)."""
    if has_control_characters(text):
        raise ValueError("a control character cannot stand in a header")
    return '"' + _escaped(text) + '"'


def has_control_characters(text: str) -> bool:
    """Whether a text holds what no header may carry."""
    return _CONTROL.search(text) is not None


def _parse_basic(encoded: str) -> BasicCredentials:
    encoded = encoded.strip().rstrip("=")
    try:
        # Padding is made anew because some clients forget it.
        octets = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise HeaderError("the Basic credentials are not base64") from None
    text = _text_of(octets)
    username, colon, password = text.partition(":")
    if not colon:
        raise HeaderError("the Basic credentials have no colon between name and password")
    # RFC 7617 section 2: neither part may hold control characters.
    if has_control_characters(text):
        raise HeaderError("the Basic credentials hold a control character")
    return BasicCredentials(_checked_username(username), password)


def _parse_digest(text: str) -> DigestCredentials:
    values: dict[str, str] = {}
    for item in _items(text):
        if item.value is not None:
            values.setdefault(item.name, item.value)
    for name in ("username", "nonce", "uri", "response"):
        if name not in values:
            raise HeaderError(f"the Digest credentials have no {name}")
    return DigestCredentials(
        username=_checked_username(values["username"]),
        nonce=values["nonce"],
        uri=values["uri"],
        response=values["response"],
        realm=values.get("realm"),
        algorithm=values.get("algorithm"),
        qop=values.get("qop"),
        nc=values.get("nc"),
        cnonce=values.get("cnonce"),
    )


def _challenges_in(header: str) -> Iterator[Challenge]:
    scheme = ""
    items: dict[str, _Item] = {}
    for item in _items(header):
        if item.value is not None:
            items.setdefault(item.name, item)
        elif _opens_challenge(item):
            yield from _challenge(scheme, items)
            scheme, items = item.name, {}
    yield from _challenge(scheme, items)


def _opens_challenge(word: _Item) -> bool:
    """Tell a scheme from the leavings of unquoted values (``qop=auth,auth-int, nonce=...``)."""
    return word.after_comma and (word.name in {"basic", "digest"} or not word.before_comma)


def _challenge(scheme: str, items: dict[str, _Item]) -> Iterator[Challenge]:
    values = {name: item.value or "" for name, item in items.items()}
    if scheme == "basic":
        yield BasicChallenge(values.get("realm", ""))
    elif scheme == "digest" and values.get("nonce"):
        yield DigestChallenge(
            realm=values.get("realm", ""),
            nonce=values["nonce"],
            algorithm=values.get("algorithm"),
            qop=tuple(values.get("qop", "").lower().replace(",", " ").split()),
            opaque=items["opaque"].escaped if "opaque" in items else None,
            stale=values.get("stale", "").lower() == "true",
        )


def _items(text: str) -> Iterator[_Item]:
    end, after_comma = 0, True
    for number, found in enumerate(_ITEM.finditer(text), start=1):
        if number > MAX_PARTS:
            raise HeaderError(f"a header of more than {MAX_PARTS} parts is not read")
        after_comma = after_comma or "," in text[end : found.start()]
        name, inside, bare, comma = found.group("name", "quoted", "bare", "comma")
        before_comma = comma is not None
        if inside is not None:
            # By RFC 9110 a backslash escapes any character, but only a quote and a backslash need it, and whoever
            # writes others (``DOMAIN\user``) knows nothing of escapes.
            value = _ESCAPE.sub(r"\1", inside) if "\\" in inside else inside
            yield _Item(name.lower(), value, inside, after_comma, before_comma)
        elif bare is not None:
            yield _Item(name.lower(), bare, _escaped(bare), after_comma, before_comma)
        else:
            yield _Item(name.lower(), None, "", after_comma, before_comma)
        end, after_comma = found.end(), before_comma


def _readable(header: str, room: int = MAX_HEADER_LENGTH) -> str:
    """The header as text without surrogates: bytes that are not UTF-8 are taken for Latin-1."""
    if len(header) > room:
        raise HeaderError(f"authentication headers of more than {MAX_HEADER_LENGTH} characters are not read")
    try:
        octets = header.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise HeaderError("the header is not text") from None
    text = _text_of(octets)
    if has_control_characters(text):
        raise HeaderError("the header holds a control character")
    return text


def _text_of(octets: bytes) -> str:
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return octets.decode("latin-1")


def _checked_username(username: str) -> str:
    if len(username) > MAX_USERNAME_LENGTH:
        raise HeaderError(f"a username of more than {MAX_USERNAME_LENGTH} characters is not looked up")
    return username


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
