"""The tour by example does what it says: each command of it, in its order, on a new server with one router."""

import asyncio
import shlex
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from simulators.options import Options
from simulators.planning import plan
from simulators.population import serial
from tests.api.alive import LiveRouter, calling_api
from tests.api.client import ADMIN
from tests.api.conftest import Api
from tests.api.tour import Command, Event, fits, request_of, steps
from tests.e2e.device import TransferHabits
from tests.outside import ROOT

TOUR = ROOT / "docs" / "rest" / "tour.md"
IMAGE = b"firmware 2.0" * 100


class Reader:
    """Somebody who types all that the tour says."""

    def __init__(self, api: Api, folder: Path) -> None:
        self._api = api
        self._folder = folder
        habits = TransferHabits(fetches=True, new_version="2.0")
        self._router = LiveRouter(api.served, api.served.device(serial="TOUR1", transfers=habits))
        self._answer: object = None
        self._living: asyncio.Task[None] | None = None
        self.variables = {"API": "", "AUTH": f"Authorization: Bearer {ADMIN}"}
        self.typed = 0

    async def run(self) -> list[str]:
        """What was not as the tour says."""
        wrong: list[str] = []
        for step in steps(TOUR):
            if isinstance(step, Event):
                await self._happen(step)
            else:
                wrong += await self._type(step)
        return wrong

    async def _type(self, command: Command) -> list[str]:
        self.typed += 1
        said = await request_of(command.text, self.variables, self._folder).send(self._api.client)
        is_problem = isinstance(command.answer, dict) and command.answer.get("status") == 400
        if (said.status == 400) != is_problem or said.status > 400:
            return [f"{command.text} answered {said.status}: {said.octets.decode()}"]
        self._answer = None if command.answer is None else said.json
        return [f"{command.text}{each}" for each in fits(command.answer, self._answer)]

    async def _happen(self, event: Event) -> None:
        match event.name, event.argument.split():
            case "keep", [name, field]:
                assert isinstance(self._answer, dict)
                self.variables[name] = str(self._answer[field])
            case "router", ["calls"]:
                await self._router.call_in()
            case "router", ["listens"]:
                await self._router.listen()
                self._living = asyncio.create_task(self._router.live())
            case "router", ["has", "done", "it"]:
                async with asyncio.timeout(20):
                    while await self._open():
                        pass
            case "time", ["passes"]:
                await self._api.served.sweep(1)
            case _:
                raise AssertionError(f"{event} is nothing that happens")

    async def _open(self) -> bool:
        """Whether an operation is still to be done."""
        listed = await self._api.client.get("/inventory_device_name_headless_operation/?limit=1000")
        return any(each["status"] in {"queued", "in_progress"} for each in listed.json["results"])

    async def close(self) -> None:
        """Let the router go."""
        if self._living is not None:
            self._living.cancel()
            await asyncio.gather(self._living, return_exceptions=True)
        await self._router.device.close()


async def test_every_command_of_the_tour_answers_as_it_says(tmp_path: Path) -> None:
    (tmp_path / "image.bin").write_bytes(IMAGE)
    async with AsyncExitStack() as stack:
        api = await stack.enter_async_context(calling_api(f"sqlite:///{tmp_path}/a.db", tmp_path))
        reader = Reader(api, tmp_path)
        stack.push_async_callback(reader.close)
        wrong = await reader.run()
        assert not wrong, "\n".join(wrong)
        assert reader.typed > 20


def test_the_simulated_router_of_the_tour_has_the_serial_number_that_is_named() -> None:
    text = TOUR.read_text(encoding="utf-8")
    words = shlex.split(text.partition("aioacs simulate ")[2].partition("\n")[0])
    options = {name.removeprefix("--").replace("-", "_"): value for name, value in zip(*[iter(words)] * 2, strict=True)}
    made = plan(Options(**{**options, "devices": int(options["devices"])}), {})
    assert made.makeup.devices == 1
    assert f"`{serial(made.makeup.prefix, 0)}`" in text


def test_an_answer_that_is_not_as_shown_is_found() -> None:
    assert fits({"a": 1, "...": "..."}, {"a": 1, "b": 2}) == []
    assert fits({"a": 1}, {"a": 1, "b": 2}) == [".b is not shown"]
    assert fits({"a": [1, "..."]}, {"a": [2, 3]}) == [".a[0] is 2, not 1"]
    assert fits({"a": {"b": "x"}}, {"a": {}}) == [".a.b is not there"]
    assert fits([{"id": 1}], [{"id": 7}]) == []
    assert fits("2027-01-15T08:00:00Z", "2026-01-15T08:00:00.5Z") == []
    assert fits(True, 1) == [" is 1, not True"]


def test_a_command_that_is_not_understood_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="--insecure"):
        request_of("curl --insecure /x", {}, tmp_path)
    with pytest.raises(KeyError):
        request_of("curl $NOBODY/x", {}, tmp_path)
