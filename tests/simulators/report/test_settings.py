"""Of the settings everything is told that is needed to run it again, but not where on a machine something is."""

import shlex

import pytest

from simulators.report.settings import command, told
from tests.simulators.report.sample import SETTINGS


def test_the_command_can_be_run_again() -> None:
    words = shlex.split(command("aioacs simulate", SETTINGS))
    assert words == [
        "aioacs", "simulate", "--acs-url", "http://127.0.0.1:7547/cwmp", "--devices", "3", "--username", "cpe",
        "--password", "***", "--plain", "--scenario", "my scenario.toml",
    ]  # fmt: skip


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
