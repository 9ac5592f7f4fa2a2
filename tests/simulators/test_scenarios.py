"""Every scenario in a small size against a real server, with exact counts."""

from collections.abc import Mapping
from typing import Any

import pytest
from rich.console import Console

from simulators.options import Options, plan
from simulators.report.document import Document
from simulators.running import run
from tests.e2e.serving import Served, serving


@pytest.fixture
async def served(tmp_path: Any) -> Any:
    """A server that takes every device in."""
    async with serving(f"sqlite:///{tmp_path}/a.db", tmp_path) as found:
        yield found


async def play(served: Served, scenario: str, environment: Mapping[str, str] | None = None, **given: Any) -> Document:
    """A run of a scenario: all that it demands must hold."""
    url = f"http://127.0.0.1:{served.port}/"
    options = Options(acs_url=url, scenario=scenario, time_lapse=True, connection_requests="off", **given)
    ended = await run(plan(options, environment or {}), Console(quiet=True))
    assert ended.document.expectations
    assert not ended.broken
    return ended.document


async def test_a_steady_fleet_calls_once_in_each_interval(served: Served) -> None:
    told = await play(served, "steady", devices=12, model="tr181:2,tr098:1")
    assert (told.sessions.ok, told.sessions.failed) == (60, 0)


async def test_after_a_power_cut_everybody_comes_back_and_tells_so(served: Served) -> None:
    told = await play(served, "power-cut", devices=10, interval="120")
    # Five calls up to the cut and none while it lasts; then a boot, and the beat that begins with it.
    assert told.sessions.failed == 0
    again = await play(served, "power-cut", devices=10, interval="120")
    assert again.sessions.ok == told.sessions.ok
