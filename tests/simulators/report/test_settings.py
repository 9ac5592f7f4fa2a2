"""Of the settings everything is told that is needed to run it again, and no secret."""

import shlex

import pytest

from simulators.report.settings import command, told
from tests.simulators.report.sample import PASSWORD, SETTINGS


def test_the_command_can_be_run_again() -> None:
    words = shlex.split(command("aioacs simulate", SETTINGS))
    assert words == [
        "aioacs", "simulate", "--acs-url", "http://127.0.0.1:7547/cwmp", "--devices", "3", "--username", "cpe",
        "--password", "***", "--plain", "--scenario", "my scenario.toml",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "name", ["password", "connection_request_password", "api-token", "SECRET", "key", "tls_key", "key-file", "auth"]
)
def test_a_setting_that_is_named_like_a_secret_is_hidden(name: str) -> None:
    assert told({name: PASSWORD}) == {name: "***"}
    assert PASSWORD not in command("x", {name: PASSWORD})


@pytest.mark.parametrize("name", ["seed", "interval", "username", "keyword", "author", "monkey"])
def test_any_other_setting_is_told(name: str) -> None:
    assert told({name: "word"}) == {name: "word"}


def test_a_secret_that_is_not_set_is_told_as_not_set() -> None:
    assert told({"password": None}) == {"password": None}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("http://u:p@h:1/x?q=1#f", "http://h:1/x"),
        ("https://[::1]:7547/", "https://[::1]:7547/"),
        ("http://u:p@[broken/", "***"),
        ("/etc/passwords/list.txt", "list.txt"),
        ("~/file", "file"),
        ("C:\\Users\\me\\file", "file"),
        ("1/2 of them", "1/2 of them"),
    ],
)
def test_addresses_and_paths_are_told_without_who_and_where(value: str, expected: str) -> None:
    assert told({"what": value}) == {"what": expected}
