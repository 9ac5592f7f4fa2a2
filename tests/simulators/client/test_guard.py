"""What a login is worth depends on whose nonce it answers, and on when."""

import os

from acs.auth.digest import answer_challenge
from acs.auth.headers import parse_challenges
from simulators.client.guard import Guard, GuardSettings, Shown
from tests.simulators.client.calling import PASSWORD, USERNAME, callable_device
from tests.simulators.device.conversing import START

MANAGEMENT = callable_device("S1").management(START)
NOW = 1000.0


def login(challenge: str, username: str = USERNAME, password: str = PASSWORD) -> str | None:
    """What answers a challenge."""
    return answer_challenge(
        parse_challenges([challenge]), method="GET", uri="/S1", username=username, password=password, cnonce="c"
    )


def guard(**settings: float) -> Guard:
    """One who asks for digests."""
    return Guard(GuardSettings(nonce_lifetime=settings.get("lifetime", 60.0)), os.urandom)


def test_a_nonce_is_good_for_its_time_and_stale_afterwards() -> None:
    asking = guard(lifetime=30.0)
    in_time, late = login(asking.challenge(NOW)), login(asking.challenge(NOW))
    assert asking.check(in_time, "/S1", MANAGEMENT, NOW + 30) is Shown.RIGHT
    assert asking.check(late, "/S1", MANAGEMENT, NOW + 31) is Shown.STALE
    wrong = login(asking.challenge(NOW), password="guessed")
    assert asking.check(wrong, "/S1", MANAGEMENT, NOW + 31) is Shown.WRONG, "a wrong login is not told to try again"


def test_a_nonce_of_somebody_else_is_worth_nothing() -> None:
    assert guard().check(login(guard().challenge(NOW)), "/S1", MANAGEMENT, NOW) is Shown.WRONG


def test_a_digest_with_the_right_password_under_another_name_is_wrong() -> None:
    asking = guard()
    assert asking.check(login(asking.challenge(NOW), "nobody"), "/S1", MANAGEMENT, NOW) is Shown.WRONG


def test_what_cannot_be_read_is_wrong_and_nothing_is_missing() -> None:
    asking = guard()
    assert asking.check(None, "/S1", MANAGEMENT, NOW) is Shown.MISSING
    for header in ("", "Digest", "Digest nonce=", "Basic YTpi", "Bearer x", "Digest \x00"):
        assert asking.check(header, "/S1", MANAGEMENT, NOW) is Shown.WRONG
