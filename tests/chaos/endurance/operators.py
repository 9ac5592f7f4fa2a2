"""Operators at work through the API, all the time: each remembers what was promised."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final
from urllib.parse import quote

import aiohttp

from tests.chaos.endurance.fleet import Member
from tests.chaos.endurance.ledger import Ledger
from tests.chaos.endurance.places import PLACES
from tests.chaos.endurance.requests import Requests
from tests.chaos.noc import SECRET
from tests.e2e.crash.beat import Beat

API: Final = "/api/v1"
OPERATIONS: Final = tuple(
    f"{API}/{family}_headless_operation/"
    for family in ("inventory_device_serial", "inventory_device_name", "inventory_device")
)
"""Three doors to the same operations."""
OPEN: Final = ("scheduled", "queued", "in_progress")
"""The states of what is still to be done."""
_PATIENCE: Final = aiohttp.ClientTimeout(total=90)
_LONGEST_WAIT: Final = 20
# For ten minutes after each start they are not to be configured.
_PATIENT: Final = frozenset({"late-configuration"})


@dataclass(slots=True)
class Promise:
    """What was answered with a 201."""

    serial: str
    """Of which device."""
    since: int
    """How many values the provisioning code had had on the device by then."""
    is_told: bool
    """Whether its end is told by a webhook."""
    is_cancelled: bool = False
    """Whether it was cancelled, and that was granted."""
    may_expire: bool = False
    """Whether it is to be begun within a minute or not at all."""


class Operators:
    """Asks for one thing after the other."""

    def __init__(
        self, session: aiohttp.ClientSession, base_url: str, members: Sequence[Member], beat: Beat, random: Random,
        ledger: Ledger, latest: float,
    ) -> None:  # fmt: skip
        """Base URL: of the run's own web server; latest: see ``Requests``."""
        self.session = session
        """The connection to the API."""
        self._hook = f"{base_url}/hook"
        self._members = members
        self._beat = beat
        self._random = random
        self._ledger = ledger
        self._requests = Requests(random, base_url, latest)
        self._number = 0
        self._changing: set[str] = set()
        self.is_over = False
        """Whether nothing more is asked for."""
        self.is_late = False
        """Whether the end is so near that what takes long is not asked for any more."""
        self.promised: dict[str, Promise] = {}
        """What the server has acknowledged, by its id."""
        self.wanted: dict[str, str] = {}
        """What a parameter of devices is to be: the last setting that was acknowledged, by serial number."""
        self.answers: Counter[str] = Counter()
        """The answers, by what was asked and the status; and why there was none."""
        self.secrets: list[str] = []
        """Every answer in which a secret was."""

    async def work(self, beats: int) -> None:
        """Ask until it is over, each time that so much has happened in the fleet."""
        while not self.is_over:
            await self._beat.wait(self._random.randint(1, 2 * beats))
            member = self._random.choice(self._members)
            if self.is_late and _PATIENT.intersection(member.behaviour.names):
                continue
            if member.outcome == "ok" and member.cpe.memory.acknowledged:
                if self._random.random() < 0.1:
                    await self._change_setting(member)
                else:
                    await self._ask(member)

    async def ask(
        self, method: str, path: str, body: object = None, head: Mapping[str, str] | None = None,
        query: Mapping[str, str | int] | None = None, expected: Sequence[int] = (200, 201, 204),
    ) -> tuple[int, Any]:  # fmt: skip
        """The status and the answer; what was not to be expected is noted."""
        what = f"{method} {_family(path)}"
        try:
            async with self.session.request(
                method, path, json=body, headers=head, params=query, timeout=_PATIENCE
            ) as said:
                text = await said.text()
                found = await said.json() if text and "json" in said.content_type else None
        except (aiohttp.ClientError, TimeoutError) as error:
            self.answers[f"{what} {type(error).__name__}"] += 1
            self._ledger.note(f"API: {what} {type(error).__name__}", None, str(error))
            return 0, None
        self.answers[f"{what} {said.status}"] += 1
        if SECRET in text:
            self.secrets.append(text[:300])
        if said.status not in expected:
            self._ledger.note(f"API: {what} {said.status}", None, text[:300])
        return said.status, found

    async def counts(self) -> dict[str, int]:
        """How many operations there are in each state."""
        found: dict[str, int] = {}
        for state in (*OPEN, "completed", "failed", "expired", "cancelled", "unknown"):
            _, said = await self.ask("GET", OPERATIONS[0], query={"status": state, "limit": 1})
            found[state] = int(said["count"]) if said else 0
        return found

    def lacks(self, member: Member, now: float) -> str:
        """What a device has in the place of what it is to have; empty if it has that, or anything will do."""
        wanted = self.wanted.get(member.serial)
        found = member.cpe.tree.value(PLACES[member.sort.kind.name].wanted, now)
        return "" if wanted in {None, found} else f"{found} and not {wanted}"

    async def _ask(self, member: Member) -> None:
        asked = self._requests.about(member)
        self._number += 1
        terms, random = self._requests.terms(), self._random
        is_told = random.random() < 0.4
        body = {**_named(member, random), **asked, **terms}
        if is_told:
            body["notification"] = {"webhook_url": self._hook}
        if random.random() < 0.4:
            body["wait"] = random.randint(1, _LONGEST_WAIT)
        promise = Promise(member.serial, len(member.cpe.memory.codes), is_told, may_expire="timeout_minutes" in terms)
        head = {"Idempotency-Key": f"wish-{self._number}"} if random.random() < 0.5 else None
        path = random.choice(OPERATIONS)
        status, told = await self.ask("POST", path, body, head)
        if status != 201:
            return
        public_id = told["id"]
        self.promised[public_id] = promise
        if head is not None and random.random() < 0.3:
            await self._repeat(path, body, head, public_id)
        if random.random() < 0.1:
            status, _ = await self.ask("DELETE", path, query={"id": public_id}, expected=(204, 409))
            promise.is_cancelled = status == 204

    async def _repeat(self, path: str, body: object, head: Mapping[str, str], public_id: str) -> None:
        """The same wish with the same key is the same operation."""
        status, told = await self.ask("POST", path, body, head)
        if status == 201 and told["id"] != public_id:
            self._ledger.note("a repeated wish became two", None, f"{public_id} and {told['id']}")

    async def _change_setting(self, member: Member) -> None:
        if member.serial in self._changing:
            # Of two changes at once nobody knows which one is the last.
            return
        self._changing.add(member.serial)
        self._number += 1
        places, value = PLACES[member.sort.kind.name], f"ntp{self._number}.example.net"
        path = f"{API}/inventory_device_serial_setting/{quote(member.serial, safe='')}/"
        status, _ = await self.ask("PATCH", path, [{"variable_name": places.wanted, "value": value}])
        self._changing.remove(member.serial)
        if status == 200:
            self.wanted[member.serial] = value


def _named(member: Member, random: Random) -> dict[str, str]:
    """The device, in one of the ways that there are."""
    return {random.choice(("serial_number", "device_serial")): member.serial}


def _family(path: str) -> str:
    """The path without what is different for each device."""
    return path.removeprefix(API).strip("/").partition("/")[0]
