"""The headers with which peers log in, and ask for logins."""

from collections.abc import Sequence
from typing import Final

from acs.auth.authenticator import Authenticator, Outcome, Verdict
from acs.auth.digest import Algorithm, Ha1, Password, Secret, answer_challenge, ha1_of, nonce_count
from acs.auth.headers import (
    MAX_HEADER_LENGTH,
    MAX_USERNAME_LENGTH,
    BasicCredentials,
    DigestChallenge,
    HeaderError,
    has_control_characters,
    parse_challenges,
)
from acs.auth.nonces import RANDOM_LENGTH, NonceSigner, NonceWindow
from fuzz.draw import Draw
from fuzz.target import Target
from simulators.client.login import Credentials, Login

_NOW: Final = 1_800_000_000.0
_REALM: Final = "aioacs"
_ALGORITHMS: Final = (Algorithm.SHA_256, Algorithm.MD5, Algorithm.MD5_SESS, Algorithm.SHA_256_SESS)
_SIGNER: Final = NonceSigner((b"k" * 16,))
_NONCE: Final = _SIGNER.issue(_NOW, b"r" * RANDOM_LENGTH)
_PASSWORD: Final = "correct horse"
_SECRETS: Final[Sequence[Secret]] = (
    Password(_PASSWORD),
    Password("pass\udc80wort\xe9"),
    ha1_of("user", _REALM, _PASSWORD),
    Ha1("0" * 32),
)


def _authenticator(algorithms: tuple[Algorithm, ...] = _ALGORITHMS) -> Authenticator:
    return Authenticator(_REALM, _SIGNER, NonceWindow(lifetime=300.0, capacity=2), algorithms, allow_basic=True)


def _credentials(data: bytes) -> None:
    """Whoever does not know the password is not let in, and whoever does is let in once."""
    draw = Draw(data)
    if draw.octet() % 2:
        _right(draw)
    else:
        _any(draw)


def _any(draw: Draw) -> None:
    authenticator = _authenticator()
    target = draw.choice(("/", "/a?b", "", "http://a/b"))
    header = draw.rest().decode("utf-8", "surrogateescape")
    read = authenticator.read(header)
    if isinstance(read, Verdict):
        assert read.outcome in {Outcome.MISSING, Outcome.REFUSED}
        return
    assert len(read.username) <= MAX_USERNAME_LENGTH
    assert not has_control_characters(read.username)
    if not isinstance(read, BasicCredentials):
        count = nonce_count(read)
        assert count is None or 0 <= count < 1 << 32
    verdict = authenticator.check(read, _SECRETS, method="POST", target=target, now=_NOW)
    if verdict.outcome is Outcome.ACCEPTED and isinstance(read, BasicCredentials):
        assert read.password == _PASSWORD
    nobody = authenticator.check(read, (), method="POST", target=target, now=_NOW)
    assert nobody.outcome is Outcome.REFUSED


def _right(draw: Draw) -> None:
    """Our own answer to our own challenge is right, whatever the names in it."""
    authenticator = _authenticator((draw.choice(_ALGORITHMS),))
    target = "/" + draw.text()
    username, password = draw.text(), draw.text()
    challenges = parse_challenges(authenticator.challenges(now=_NOW, random=b"s" * RANDOM_LENGTH))
    answer = answer_challenge(
        challenges, method="POST", uri=target, username=username, password=password, cnonce=draw.piece().hex()
    )
    # Longer ones are refused, and what is no text is none that a header carries.
    if answer is None or len(answer) > MAX_HEADER_LENGTH or not _is_text(target + username + password):
        return
    read = authenticator.read(answer)
    if isinstance(read, Verdict):
        assert len(username) > MAX_USERNAME_LENGTH, read
        return
    outcomes = [
        authenticator.check(read, (Password(password),), method="POST", target=target, now=_NOW).outcome
        for _ in range(2)
    ]
    assert outcomes == [Outcome.ACCEPTED, Outcome.STALE], outcomes


def _is_text(text: str) -> bool:
    return not any("\ud800" <= each <= "\udfff" for each in text)


def _challenges(data: bytes) -> None:
    """Whatever a server asks with, the answer can go into a header, and holds what the challenge said."""
    draw = Draw(data)
    headers = [draw.text() for _ in range(draw.below(3))] + [draw.rest().decode("utf-8", "surrogateescape")]
    try:
        challenges = parse_challenges(headers)
    except HeaderError:
        challenges = ()
    answer = answer_challenge(
        challenges, method="GET", uri="/", username="user", password=_PASSWORD, cnonce="c", allow_basic=True
    )
    login = Login()
    login.learn(headers)
    line = login.answer(Credentials("user", _PASSWORD), "GET", "/", "c")
    assert (line is None) == (answer is None)
    if answer is None or line is None:
        assert not any(isinstance(each, DigestChallenge) and not each.algorithm and not each.qop for each in challenges)
        return
    assert not has_control_characters(answer)
    assert line == b"Authorization: %b\r\n" % answer.encode()


_WORDS: Final = (
    b"Digest ", b"Basic ", b'username="user"', b'realm="aioacs"', b'nonce="', b'uri="/"', b'response="', b"qop=auth",
    b"nc=00000001", b'cnonce="c"', b"algorithm=MD5", b"algorithm=SHA-256-sess", b"opaque=", b"stale=true", b", ",
    b'\\"', b"=", b'"', b"dXNlcjpjb3JyZWN0IGhvcnNl", _NONCE.encode(), b"\xe9", b"auth-int", b"\t",
)  # fmt: skip
TARGETS: Final = {
    "challenges": Target("challenges", _challenges, longest=512, words=_WORDS),
    "credentials": Target("credentials", _credentials, longest=512, words=_WORDS),
}
