"""HTTP Digest authentication (RFC 7616, and RFC 2617 and RFC 2069 as devices still speak them), both directions.

The quality of protection is ``auth`` or none; ``auth-int`` is neither offered nor answered.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from acs.auth.headers import (
    BasicChallenge,
    Challenge,
    DigestChallenge,
    DigestCredentials,
    basic_authorization,
    has_control_characters,
    quoted,
)
from acs.auth.passwords import same_secret


class Algorithm(StrEnum):
    """A digest algorithm; those with ``-sess`` hash the nonces into the secret (RFC 7616 section 3.4.2)."""

    MD5 = "MD5"
    MD5_SESS = "MD5-sess"
    SHA_256 = "SHA-256"
    SHA_256_SESS = "SHA-256-sess"

    @property
    def plain(self) -> "Algorithm":
        """The algorithm without ``-sess``: the hash both are made of."""
        return Algorithm.MD5 if self in {Algorithm.MD5, Algorithm.MD5_SESS} else Algorithm.SHA_256

    @property
    def response_length(self) -> int:
        """How many hex digits a response has."""
        return 32 if self.plain is Algorithm.MD5 else 64


@dataclass(frozen=True, slots=True)
class Password:
    """A secret we know in clear; it answers for any algorithm and realm."""

    text: str = field(repr=False)
    """The password."""


@dataclass(frozen=True, slots=True)
class Ha1:
    """H(username:realm:password), kept in place of a password; good for its realm and its algorithm only."""

    digest: str = field(repr=False)
    """The hash, in hex."""
    algorithm: Algorithm = Algorithm.MD5
    """What it was made with; it serves the ``-sess`` form as well."""


Secret = Password | Ha1

_BY_SPELLING: Final = {algorithm.value.lower(): algorithm for algorithm in Algorithm}
# Both forms of an algorithm are equally strong; the plain one has fewer broken implementations.
_STRONGEST_FIRST: Final = (Algorithm.SHA_256, Algorithm.SHA_256_SESS, Algorithm.MD5, Algorithm.MD5_SESS)
_ORIGIN: Final = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#]*", re.IGNORECASE)
_NONCE_COUNT: Final = re.compile(r"[0-9A-Fa-f]{1,8}")


def digest_challenges(
    realm: str,
    nonce: str,
    *,
    algorithms: Sequence[Algorithm] = (Algorithm.MD5,),
    stale: bool = False,
) -> list[str]:
    """The ``WWW-Authenticate`` headers of a 401, one for each algorithm, in the order given (RFC 7616 section 3.3).

    The default is the one challenge every device understands; several are for devices known to choose among them.
    """
    # domain="/" because a login is good for every path here. algorithm and stale are tokens, without quotes.
    common = f'Digest realm={quoted(realm)}, domain="/", nonce={quoted(nonce)}, qop="auth"'
    return [f"{common}, algorithm={algorithm}" + (", stale=true" if stale else "") for algorithm in algorithms]


def ha1_of(username: str, realm: str, password: str, algorithm: Algorithm = Algorithm.MD5) -> Ha1:
    """The hash that may be kept in place of a password."""
    plain = algorithm.plain
    return Ha1(_hash(plain, "utf-8", username, realm, password), plain)


def verify_response(
    credentials: DigestCredentials,
    secret: Secret,
    *,
    method: str,
    target: str,
    realm: str,
    offered: Sequence[Algorithm] = (Algorithm.MD5,),
) -> bool:
    """Whether a response proves the secret, for this request and our realm. What the nonce is worth is not looked at.

    The realm and opaque that came back are not compared: the digest is made with our realm, and settles it. The secret
    must be that of ``credentials.username``.
    """
    algorithm = _algorithm_of(credentials, offered)
    qop = (credentials.qop or "").lower()
    if algorithm is None or qop not in {"", "auth"} or not _same_resource(credentials.uri, target):
        return False
    if isinstance(secret, Ha1) and secret.algorithm.plain is not algorithm.plain:
        return False
    given = credentials.response.lower()
    right = False
    for expected in _expected_responses(credentials, secret, algorithm, method=method, realm=realm):
        right |= same_secret(expected, given)
    return right


def nonce_count(credentials: DigestCredentials) -> int | None:
    """The use of the nonce that the response vouches for; None when it vouches for none.

    Without qop the count is not hashed: whoever replays the header could write any number.
    """
    if not credentials.qop or credentials.nc is None or _NONCE_COUNT.fullmatch(credentials.nc) is None:
        return None
    return int(credentials.nc, 16)


def answer_challenge(
    challenges: Iterable[Challenge],
    *,
    method: str,
    uri: str,
    username: str,
    password: str,
    cnonce: str,
    nc: int = 1,
    allow_basic: bool = False,
) -> str | None:
    """The ``Authorization`` header that answers the best of the challenges; None when none can be answered.

    The strongest digest goes before the weaker, whatever the order; Basic comes last, and only where it is allowed. A
    name that cannot stand in a header (control characters, with Basic a colon) answers nothing.
    """
    if has_control_characters(username + uri + cnonce):
        return None
    challenges = tuple(challenges)
    if (best := _strongest(challenges)) is not None:
        challenge, algorithm = best
        return _digest_authorization(
            challenge, algorithm, method=method, uri=uri, username=username, password=password, cnonce=cnonce, nc=nc
        )
    if allow_basic and any(isinstance(challenge, BasicChallenge) for challenge in challenges):
        try:
            return basic_authorization(username, password)
        except ValueError:
            return None
    return None


def _strongest(challenges: Iterable[Challenge]) -> tuple[DigestChallenge, Algorithm] | None:
    answerable = [
        (challenge, algorithm)
        for challenge in challenges
        if isinstance(challenge, DigestChallenge) and (algorithm := _algorithm_to_answer(challenge)) is not None
    ]
    return min(answerable, key=lambda pair: _STRONGEST_FIRST.index(pair[1]), default=None)


def _algorithm_to_answer(challenge: DigestChallenge) -> Algorithm | None:
    if challenge.qop and "auth" not in challenge.qop:
        return None
    spelling = _spelling(challenge.algorithm)
    # A registered algorithm that is not ours (SHA-512-256; AKAv1-MD5, RFC 3310) has to be left alone. Anything else is
    # a broken way to say the default, as FRITZ!OS 7.12 writes algorithm=MD.
    if spelling not in _BY_SPELLING and spelling.startswith(("sha", "aka")):
        return None
    return _BY_SPELLING.get(spelling, Algorithm.MD5)


def _digest_authorization(
    challenge: DigestChallenge,
    algorithm: Algorithm,
    *,
    method: str,
    uri: str,
    username: str,
    password: str,
    cnonce: str,
    nc: int,
) -> str:
    qop, count = ("auth" if challenge.qop else ""), f"{nc:08x}"
    credentials = DigestCredentials(
        username, challenge.nonce, uri, response="", qop=qop, nc=count, cnonce=cnonce, realm=challenge.realm
    )
    response = _response(
        credentials, Password(password), algorithm, method=method, realm=challenge.realm, encoding="utf-8"
    )
    fields = [
        f"username={quoted(username)}",
        f"realm={quoted(challenge.realm)}",
        f"nonce={quoted(challenge.nonce)}",
        f"uri={quoted(uri)}",
        f'response="{response}"',
    ]
    # The algorithm goes back as it came. Without one the answer has none either, for peers that know RFC 2069 only; a
    # broken one is not repeated, for none means MD5 to everybody.
    if _spelling(challenge.algorithm) in _BY_SPELLING:
        fields.append(f"algorithm={(challenge.algorithm or '').strip()}")
    # RFC 2617 section 3.2.2: no nc and no cnonce where the challenge had no qop; but -sess cannot be checked without.
    if qop:
        fields += [f"qop={qop}", f"nc={count}"]
    if qop or algorithm is not algorithm.plain:
        fields.append(f"cnonce={quoted(cnonce)}")
    if challenge.opaque is not None:
        fields.append(f'opaque="{challenge.opaque}"')
    return "Digest " + ", ".join(fields)


def _algorithm_of(credentials: DigestCredentials, offered: Sequence[Algorithm]) -> Algorithm | None:
    """The algorithm of a response, if it was on offer."""
    spelling = _spelling(credentials.algorithm)
    if spelling in _BY_SPELLING:
        return _BY_SPELLING[spelling] if _BY_SPELLING[spelling] in offered else None
    # Missing or broken (FRITZ!OS 7.12 sends algorithm=MD): whichever was on offer and gives digests of this length.
    length = len(credentials.response)
    return next((algorithm for algorithm in offered if algorithm.response_length == length), None)


def _expected_responses(
    credentials: DigestCredentials, secret: Secret, algorithm: Algorithm, *, method: str, realm: str
) -> Iterator[str]:
    """The response in UTF-8 and, where that makes a difference, in the Latin-1 of devices older than RFC 7616."""
    yield _response(credentials, secret, algorithm, method=method, realm=realm, encoding="utf-8")
    secret_text = secret.text if isinstance(secret, Password) else ""
    hashed = (credentials.username, realm, secret_text, credentials.uri, credentials.nonce, credentials.cnonce or "")
    if all(text.isascii() for text in hashed):
        return
    try:
        yield _response(credentials, secret, algorithm, method=method, realm=realm, encoding="latin-1")
    except UnicodeEncodeError:
        return


def _response(
    credentials: DigestCredentials, secret: Secret, algorithm: Algorithm, *, method: str, realm: str, encoding: str
) -> str:
    plain = algorithm.plain
    # A device that sends qop=auth without nc or cnonce has hashed nothing in their place. That is its own risk: the
    # cnonce guards the client against chosen challenges, and without nc the nonce is good for a single use.
    nc, cnonce = credentials.nc or "", credentials.cnonce or ""
    if isinstance(secret, Password):
        ha1 = _hash(plain, encoding, credentials.username, realm, secret.text)
    else:
        ha1 = secret.digest.lower()
    if algorithm is not plain:
        ha1 = _hash(plain, encoding, ha1, credentials.nonce, cnonce)
    ha2 = _hash(plain, encoding, method, credentials.uri)
    if credentials.qop:
        return _hash(plain, encoding, ha1, credentials.nonce, nc, cnonce, credentials.qop, ha2)
    return _hash(plain, encoding, ha1, credentials.nonce, ha2)


def _hash(algorithm: Algorithm, encoding: str, *parts: str) -> str:
    # A surrogate in a stored password equals nothing a device can send, and must not be an error either.
    octets = ":".join(parts).encode(encoding, "surrogatepass" if encoding == "utf-8" else "strict")
    if algorithm is Algorithm.MD5:
        return hashlib.md5(octets, usedforsecurity=False).hexdigest()
    return hashlib.sha256(octets).hexdigest()


def _same_resource(uri: str, target: str) -> bool:
    """Whether both name the same path and query. Either may be absolute: proxies and some devices write it so."""
    return _path_and_query(uri) == _path_and_query(target)


def _path_and_query(uri: str) -> str:
    origin = _ORIGIN.match(uri)
    rest = (uri[origin.end() :] if origin else uri).partition("#")[0]
    return rest if rest.startswith("/") else "/" + rest


def _spelling(algorithm: str | None) -> str:
    return (algorithm or "").strip().lower()
