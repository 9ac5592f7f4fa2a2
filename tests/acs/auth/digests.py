"""Digests made by hand, and short ways to ask about them."""

import hashlib

from acs.auth.digest import (
    Algorithm,
    Password,
    Secret,
    answer_challenge,
    verify_response,
)
from acs.auth.headers import (
    Challenge,
    DigestCredentials,
    parse_credentials,
)


def read(header: str | None) -> DigestCredentials:
    assert header is not None
    credentials = parse_credentials(header)
    assert isinstance(credentials, DigestCredentials)
    return credentials


def hashed(name: str, *parts: str) -> str:
    return hashlib.new(name, ":".join(parts).encode()).hexdigest()


def answer(challenges: list[Challenge], *, allow_basic: bool = False) -> str | None:
    return answer_challenge(
        challenges, method="GET", uri="/cr", username="u", password="p", cnonce="c", allow_basic=allow_basic
    )


def ask(
    response: str,
    *,
    nc: str | None = "00000001",
    cnonce: str | None = "c",
    qop: str | None = "auth",
    algorithm: str | None = None,
    uri: str = "/acs",
    username: str = "u",
) -> DigestCredentials:
    """Credentials for ``u``, ``r``, ``p``, POST /acs and the nonce ``n``."""
    return DigestCredentials(username, "n", uri, response, algorithm=algorithm, qop=qop, nc=nc, cnonce=cnonce)


def right(
    credentials: DigestCredentials,
    secret: Secret = Password("p"),  # noqa: B008 - frozen
    *,
    method: str = "POST",
    target: str = "/acs",
    realm: str = "r",
    offered: tuple[Algorithm, ...] = (Algorithm.MD5,),
) -> bool:
    return verify_response(credentials, secret, method=method, target=target, realm=realm, offered=offered)
