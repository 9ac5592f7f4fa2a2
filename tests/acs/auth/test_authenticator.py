"""The decision whether a request may come in."""

import base64
from collections.abc import Sequence
from typing import Final

import pytest

from acs.auth import authenticator, digest
from acs.auth.authenticator import Authenticator, Outcome, Verdict
from acs.auth.digest import Algorithm, Password, Secret, answer_challenge, ha1_of
from acs.auth.headers import BasicChallenge, BasicCredentials, DigestCredentials, parse_challenges
from acs.auth.nonces import NonceSigner, NonceWindow

NOW: Final = 1_760_000_000.0
SIGNER: Final = NonceSigner((b"k" * 32,))
USER: Final = "00D09E-EX5501-1"
SECRETS: Final = (Password("hunter2"),)


def door(
    *, algorithms: tuple[Algorithm, ...] = (Algorithm.MD5,), allow_basic: bool = False, capacity: int = 100
) -> Authenticator:
    return Authenticator("aioacs", SIGNER, NonceWindow(lifetime=300, capacity=capacity), algorithms, allow_basic)


def answered(challenges: Sequence[str], *, password: str = "hunter2", nc: int = 1, username: str = USER) -> str:
    header = answer_challenge(
        parse_challenges(challenges),
        method="POST",
        uri="/acs",
        username=username,
        password=password,
        cnonce="0a4f113b",
        nc=nc,
        allow_basic=True,
    )
    assert header is not None
    return header


def judged(
    gate: Authenticator,
    header: str | None,
    secrets: Sequence[Secret] = SECRETS,
    *,
    now: float = NOW,
    target: str = "/acs",
) -> Verdict:
    """Both steps, as an endpoint takes them."""
    claim = gate.read(header)
    if isinstance(claim, Verdict):
        return claim
    return gate.check(claim, secrets, method="POST", target=target, now=now)


def challenged(gate: Authenticator, *, now: float = NOW, random: bytes = b"chance") -> list[str]:
    return gate.challenges(now=now, random=random)


def without_qop(header: str, password: str = "hunter2") -> str:
    """The answer of a device that knows RFC 2069 only, to the same challenge."""
    nonce = header.partition('nonce="')[2][:32]
    return answered([f'Digest realm="aioacs", nonce="{nonce}"'], password=password)


@pytest.mark.parametrize("algorithms", [(Algorithm.MD5,), (Algorithm.SHA_256, Algorithm.MD5), (Algorithm.MD5_SESS,)])
def test_a_device_that_answers_the_challenge_comes_in(algorithms: tuple[Algorithm, ...]) -> None:
    gate = door(algorithms=algorithms)
    assert judged(gate, answered(challenged(gate))) == Verdict(Outcome.ACCEPTED, USER, 0)


def test_the_username_is_known_before_the_secret_is_looked_up() -> None:
    gate = door()
    claim = gate.read(answered(challenged(gate)))
    assert isinstance(claim, DigestCredentials)
    assert claim.username == USER


@pytest.mark.parametrize("header", [None, "", "  ", "Bearer abc"])
def test_a_request_without_credentials_is_missing_them(header: str | None) -> None:
    assert judged(door(), header) == Verdict(Outcome.MISSING)


@pytest.mark.parametrize("header", ["Digest", "Digest username=u", "Basic !", "Digest " + "x" * 10_000, "Basic \0"])
def test_unreadable_credentials_are_refused(header: str) -> None:
    assert judged(door(), header) == Verdict(Outcome.REFUSED)


def test_a_wrong_password_or_target_is_refused() -> None:
    gate = door()
    assert judged(gate, answered(challenged(gate), password="hunter3")) == Verdict(Outcome.REFUSED, USER)
    assert judged(gate, answered(challenged(gate)), target="/files/1") == Verdict(Outcome.REFUSED, USER)
    assert len(gate.window) == 0


def test_a_wrong_guess_does_not_use_the_nonce() -> None:
    gate = door()
    challenge = challenged(gate)
    assert judged(gate, answered(challenge, password="hunter3")).outcome is Outcome.REFUSED
    assert judged(gate, answered(challenge)).outcome is Outcome.ACCEPTED


def test_a_name_nobody_has_is_refused_like_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = door(allow_basic=True)
    header = answered(challenged(gate), password="", username="nobody")
    # Not even with the secret that stands in for the missing one.
    assert judged(gate, header, ()) == Verdict(Outcome.REFUSED, "nobody")
    assert judged(gate, "Basic " + base64.b64encode(b"nobody:").decode(), ()) == Verdict(Outcome.REFUSED, "nobody")

    hashed: list[str] = []
    verify = digest.verify_response

    def counting(credentials: DigestCredentials, secret: Secret, **request: object) -> bool:
        hashed.append(credentials.username)
        return verify(credentials, secret, **request)  # type: ignore[arg-type]

    monkeypatch.setattr(authenticator, "verify_response", counting)
    judged(gate, header, ())
    judged(gate, header, SECRETS)
    assert hashed == ["nobody", "nobody"]


def test_the_old_and_the_new_password_both_work_and_the_verdict_says_which() -> None:
    gate = door(allow_basic=True)
    secrets = (Password("new"), ha1_of(USER, "aioacs", "old"))
    for index, password in enumerate(("new", "old")):
        header = answered(challenged(gate, random=b"chanc%d" % index), password=password)
        assert judged(gate, header, secrets) == Verdict(Outcome.ACCEPTED, USER, index)
        basic = "Basic " + base64.b64encode(f"{USER}:{password}".encode()).decode()
        assert judged(gate, basic, secrets) == Verdict(Outcome.ACCEPTED, USER, index)


def test_of_two_equal_secrets_the_first_is_proven() -> None:
    gate = door()
    assert judged(gate, answered(challenged(gate)), SECRETS * 2) == Verdict(Outcome.ACCEPTED, USER, 0)


def test_a_repeated_request_is_stale_and_the_next_count_is_not() -> None:
    gate = door()
    challenge = challenged(gate)
    assert judged(gate, answered(challenge)).outcome is Outcome.ACCEPTED
    assert judged(gate, answered(challenge)) == Verdict(Outcome.STALE, USER)
    assert judged(gate, answered(challenge, nc=2)).outcome is Outcome.ACCEPTED


def test_an_answer_without_qop_is_good_once_whatever_count_is_written_to_it() -> None:
    gate = door()
    header = without_qop(answered(challenged(gate)))
    assert "qop" not in header
    assert judged(gate, header).outcome is Outcome.ACCEPTED
    for replayed in (header, f"{header}, nc=00000002, cnonce=x", f'{header}, qop="", nc=00000003'):
        assert judged(gate, replayed) == Verdict(Outcome.STALE, USER)


def test_an_old_nonce_is_stale_only_if_the_digest_is_right() -> None:
    gate = door()
    challenge = challenged(gate)
    assert judged(gate, answered(challenge), now=NOW + 301) == Verdict(Outcome.STALE, USER)
    assert judged(gate, answered(challenge, password="hunter3"), now=NOW + 301) == Verdict(Outcome.REFUSED, USER)
    assert len(gate.window) == 0


def test_a_used_nonce_is_stale_only_if_the_digest_is_right() -> None:
    gate = door()
    challenge = challenged(gate)
    assert judged(gate, answered(challenge)).outcome is Outcome.ACCEPTED
    assert judged(gate, answered(challenge, password="hunter3")) == Verdict(Outcome.REFUSED, USER)


def test_a_nonce_that_is_not_ours_is_refused_though_the_digest_is_right() -> None:
    gate = door()
    for nonce in ("dcd98b7102dd2f0e8b11d0f600bfb0c093", "A" * 32, ""):
        challenge = f'Digest realm="aioacs", nonce="{nonce or "x"}", qop="auth"'
        header = answered([challenge])
        assert judged(gate, header) == Verdict(Outcome.REFUSED, USER)
    assert len(gate.window) == 0


def test_an_evicted_use_stays_used() -> None:
    gate = door(capacity=1)
    first = answered(challenged(gate))
    assert judged(gate, first).outcome is Outcome.ACCEPTED
    assert judged(gate, answered(challenged(gate, now=NOW + 1)), now=NOW + 1).outcome is Outcome.ACCEPTED
    assert judged(gate, first, now=NOW + 1) == Verdict(Outcome.STALE, USER)


def test_basic_comes_in_only_where_it_is_allowed() -> None:
    header = "Basic " + base64.b64encode(f"{USER}:hunter2".encode()).decode()
    assert judged(door(allow_basic=True), header) == Verdict(Outcome.ACCEPTED, USER, 0)
    assert judged(door(allow_basic=True), header, (Password("hunter3"),)) == Verdict(Outcome.REFUSED, USER)
    assert judged(door(), header) == Verdict(Outcome.MISSING)
    verdict = door().check(BasicCredentials(USER, "hunter2"), SECRETS, method="POST", target="/", now=NOW)
    assert verdict.outcome is Outcome.MISSING


def test_digest_comes_in_only_where_it_is_offered() -> None:
    header = answered(challenged(door()))
    assert judged(door(algorithms=(), allow_basic=True), header) == Verdict(Outcome.MISSING)


def test_the_challenges_are_what_is_accepted_in_the_order_of_the_settings() -> None:
    assert [name.partition("algorithm=")[2] for name in challenged(door())] == ["MD5"]
    gate = door(algorithms=(Algorithm.SHA_256, Algorithm.MD5), allow_basic=True)
    sha, md5, basic = parse_challenges(challenged(gate))
    assert not isinstance(sha, BasicChallenge)
    assert not isinstance(md5, BasicChallenge)
    assert (sha.algorithm, md5.algorithm, basic) == ("SHA-256", "MD5", BasicChallenge("aioacs"))
    assert challenged(door(algorithms=(), allow_basic=True)) == ['Basic realm="aioacs"']


def test_a_stale_login_is_answered_with_a_new_nonce_that_works() -> None:
    gate = door()
    challenge = challenged(gate)
    assert judged(gate, answered(challenge), now=NOW + 400).outcome is Outcome.STALE
    again = gate.challenges(now=NOW + 400, random=b"chance", stale=True)
    assert again[0].endswith("stale=true")
    assert judged(gate, answered(again), now=NOW + 400).outcome is Outcome.ACCEPTED


def test_an_authenticator_that_lets_nobody_in_or_cannot_be_written_is_refused() -> None:
    with pytest.raises(ValueError, match="Digest, Basic or both"):
        door(algorithms=())
    with pytest.raises(ValueError, match="control character"):
        Authenticator("a\nb", SIGNER, NonceWindow(lifetime=300))


def test_a_window_that_forgets_a_nonce_while_it_is_good_is_refused() -> None:
    with pytest.raises(ValueError, match="as long as it is good"):
        Authenticator("realm", NonceSigner((b"k" * 32,), lifetime=900), NonceWindow(lifetime=300))
