"""A firmware campaign as an operator has it: the image is uploaded, each device is given it until it has it."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any, Final
from urllib.parse import quote

from simulators.access import Access, connected
from simulators.campaign import image_of
from simulators.report.document import Expectation
from tests.chaos.endurance.fleet import Member
from tests.chaos.endurance.operators import API, OPEN, OPERATIONS, Operators
from tests.e2e.crash.beat import Beat

VERSION: Final = "9.9.1"
"""The firmware of the campaign."""
# For ten minutes the ones refuse to be configured, and the others answer no first RPC of a session, so that nobody
# knows whether they have begun: whoever plans a campaign leaves them to somebody who goes there.
_NOT_NOW: Final = frozenset({"late-configuration", "reconnects-instead-of-answering"})
_OCTETS: Final = 300_000
_IN_FLIGHT: Final = 25
_TIMES: Final = 6


class Campaign:
    """Brings devices to a version of the firmware."""

    def __init__(self, operators: Operators, access: Access, members: Sequence[Member], beat: Beat, seed: int) -> None:
        self.members = [each for each in members if not _NOT_NOW.intersection(each.behaviour.names)]
        """The devices."""
        self._operators = operators
        self._access = access
        self._beat = beat
        self._pace = max(1, len(members) // 20)
        self._seed = seed
        self._image = 0
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def is_over(self) -> bool:
        """Whether nothing more is done."""
        return all(task.done() for task in self._tasks)

    def updated(self, now: float) -> int:
        """How many devices have the version."""
        return sum(version_of(each, now) == VERSION for each in self.members)

    async def begin(self) -> None:
        """Upload the image, and begin."""
        async with connected(self._access) as api:
            content = image_of(VERSION, _OCTETS, self._seed)
            made = await api.ask(
                "POST", "/firmware_image/", form={"name": f"image {VERSION}", "version": VERSION, "file": content}
            )
        self._image = int(made["id"])
        waiting = iter(self.members)
        self._tasks = [asyncio.create_task(self._update_each(waiting)) for _ in range(_IN_FLIGHT)]

    async def close(self) -> None:
        """End it."""
        for task in self._tasks:
            task.cancel()
        for done in await asyncio.gather(*self._tasks, return_exceptions=True):
            if isinstance(done, Exception):
                raise done

    def expectations(self, now: float) -> list[Expectation]:
        """Whether all devices have it."""
        count, updated = len(self.members), self.updated(now)
        return [
            Expectation(f"devices with firmware {VERSION}", f">= {count}", updated, updated == count),
            Expectation("the campaign is over", True, self.is_over, self.is_over),
        ]

    async def _update_each(self, waiting: Iterator[Member]) -> None:
        for member in waiting:
            for _ in range(_TIMES):
                await self._update(member)
                if version_of(member, 0.0) == VERSION:
                    break

    async def _update(self, member: Member) -> None:
        """Give a device the image, and wait for the end of the download; the device may need a while longer."""
        path = f"{API}/inventory_device_serial/{quote(member.serial, safe='')}/"
        body = {"firmware_image": self._image, "firmware_image_is_pending": True}
        await self._operators.ask("PATCH", path, body)
        query: dict[str, Any] = {"serial_number": member.serial, "operation": "download", "limit": 1}
        while True:
            await self._beat.wait(self._pace)
            _, found = await self._operators.ask("GET", OPERATIONS[0], query=query)
            if version_of(member, 0.0) == VERSION:
                return
            if found and not any(each["status"] in OPEN for each in found["results"]):
                return


def version_of(member: Member, now: float) -> str:
    """What firmware a device has."""
    tree = member.cpe.tree
    return tree.value(f"{tree.model.root_name}.DeviceInfo.SoftwareVersion", now) or ""
