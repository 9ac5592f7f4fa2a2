"""What may be said of who is to be told, and of how often something is tried."""

from typing import Any

import pytest
from pydantic import TypeAdapter

from acs.domain.notification import Recipients, read_recipients
from api.notifications import Notification, RetryPolicy, notification_shown, notification_text, retry_terms
from api.problems import Problem
from api.reading import checked

NOTIFICATION = TypeAdapter(Notification)
POLICY = TypeAdapter(RetryPolicy)


def wrong_fields(adapter: TypeAdapter[Any], document: object) -> list[str]:
    with pytest.raises(Problem) as caught:
        checked(adapter, document)
    assert caught.value.kind.status == 400
    return sorted(caught.value.extras.errors)


def test_whoever_is_named_is_told_of_every_end() -> None:
    read = checked(NOTIFICATION, {"webhook_url": "https://noc.example.net/hook?team=3", "email": "a.b+c@example.net"})
    expected = Recipients(True, True, "https://noc.example.net/hook?team=3", "a.b+c@example.net")
    assert read_recipients(notification_text(read)) == expected


def test_what_was_said_is_shown_again() -> None:
    said = {"on_completion": False, "on_failure": True, "webhook_url": None, "email": "noc@example.net"}
    shown = notification_shown(notification_text(checked(NOTIFICATION, said)))
    assert shown is not None
    assert shown.model_dump() == said
    assert notification_shown(notification_text(None)) is None


@pytest.mark.parametrize(
    "url",
    [
        "",
        " ",
        "(null)",
        " https://noc.example.net/",
        "ftp://noc.example.net/",
        "noc.example.net/hook",
        "https://user:word@noc.example.net/",
        "https://noc.example.net:0/",
        "https://noc.example.net/a b",
        "https://noc.example.net/\r\nX: y",
        "http://2130706433/",
        "https://noc.example.net/" + "a" * 1024,
        7,
    ],
)
def test_a_webhook_url_is_plain(url: object) -> None:
    assert wrong_fields(NOTIFICATION, {"webhook_url": url}) == ["webhook_url"]


@pytest.mark.parametrize(
    "address",
    [
        "",
        "noc",
        "noc@",
        "@example.net",
        "a@b@example.net",
        "noc@example.net, other@example.net",
        "noc@example.net\r\nBcc: other@example.net",
        "NOC <noc@example.net>",
        "noc@-example.net",
        "a..b@example.net",
        "nöc@example.net",
        "a" * 65 + "@example.net",
        7,
    ],
)
def test_an_email_address_is_one_plain_address(address: object) -> None:
    assert wrong_fields(NOTIFICATION, {"email": address}) == ["email"]


def test_all_that_is_wrong_is_told_at_once() -> None:
    document = {"on_completion": "yes", "on_failure": 1, "webhook_url": "x", "email": "x", "sms": "x"}
    assert wrong_fields(NOTIFICATION, document) == ["email", "on_completion", "on_failure", "sms", "webhook_url"]


def test_attempts_and_delay_are_those_of_the_policy_or_of_the_settings() -> None:
    assert retry_terms(checked(POLICY, {"max_attempts": 7, "retry_delay_minutes": 0.5})) == (7, 30.0)
    assert retry_terms(checked(POLICY, {"retry_delay_minutes": 15})) == (None, 900.0)
    assert retry_terms(checked(POLICY, {})) == (None, None)
    assert retry_terms(None) == (None, None)


@pytest.mark.parametrize("attempts", [0, 101, -1, 1.5, "3", True])
@pytest.mark.parametrize("minutes", [0, -1, 10_081, "5", True, float("inf")])
def test_a_policy_is_within_bounds(attempts: object, minutes: object) -> None:
    document = {"max_attempts": attempts, "retry_delay_minutes": minutes}
    assert wrong_fields(POLICY, document) == ["max_attempts", "retry_delay_minutes"]
