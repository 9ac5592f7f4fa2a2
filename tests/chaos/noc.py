"""The operators: they give devices work through the API, and remember what they were promised."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final

import aiohttp

from tests.chaos.witness import CODE, WitnessedCpe
from tests.e2e.crash.beat import Beat
from tests.e2e.crash.processes import ServerProcess

PATH: Final = "/api/v1/inventory_device_serial_headless_operation/"
TABLE: Final = "Device.NAT.PortMapping."
TOKEN: Final = "the-token-of-the-operators"
"""Of all operators."""
SECRET: Final = "hush-hush-"
"""What every secret begins with that is given to devices."""
_PASSWORD: Final = "Device.ManagementServer.Password"
_REPETITIONS: Final = 20
_PATIENCE: Final = aiohttp.ClientTimeout(total=30)


@dataclass(frozen=True, slots=True)
class Promise:
    """What was promised with a 201."""

    since: int
    """How many values ``CODE`` had had on the device by then."""


class Noc:
    """Asks for one thing after the other."""

    def __init__(
        self,
        servers: Sequence[ServerProcess],
        token: str,
        file_url: str,
        devices: Sequence[WitnessedCpe],
        beat: Beat,
        random: Random,
    ) -> None:
        self._servers = servers
        self._head = {"Authorization": f"Bearer {token}"}
        self._file_url = file_url
        self._devices = devices
        self._beat = beat
        self._random = random
        self._number = 0
        self.is_over = False
        """Whether nothing more is asked for."""
        self.promised: dict[str, Promise] = {}
        """What the server has acknowledged, by its id."""
        self.asked: Counter[str] = Counter()
        """How much was asked of each device, promised or not."""
        self.answers: Counter[str] = Counter()
        """The answers, by status; and why there was none."""
        self.unready: list[str] = []
        """Each 503 that does not say when to come again."""
        self.seen: list[str] = []
        """Every answer in which a secret was."""

    async def work(self) -> None:
        """Ask until it is over."""
        async with aiohttp.ClientSession(headers=self._head, timeout=_PATIENCE) as session:
            while not self.is_over:
                await self._beat.wait(self._random.randint(1, 8))
                cpe = self._random.choice(self._devices)
                if cpe.memory.acknowledged:
                    for _ in range(self._random.randint(1, 4)):
                        await self._ask(session, cpe)

    async def count_open(self) -> int | None:
        """How many operations are still to be done; None if nobody says so."""
        found = 0
        async with aiohttp.ClientSession(headers=self._head, timeout=_PATIENCE) as session:
            for state in ("scheduled", "queued", "in_progress"):
                try:
                    async with session.get(await self._somewhere(), params={"status": state, "limit": 1}) as said:
                        if said.status != 200:
                            return None
                        found += int((await said.json())["count"])
                except (aiohttp.ClientError, TimeoutError):
                    return None
        return found

    async def _ask(self, session: aiohttp.ClientSession, cpe: WitnessedCpe) -> None:
        serial = cpe.identity.device_id.serial_number
        body = self._wish(cpe)
        promise = Promise(len(cpe.memory.codes))
        self.asked[serial] += 1
        # The same key each time: however often it is said, it is one wish.
        head = {"Idempotency-Key": f"wish-{self._number}"}
        for _ in range(_REPETITIONS):
            # Whichever server is asked, also when the same is asked again.
            place = await self._somewhere()
            try:
                async with session.post(place, json={"serial_number": serial, **body}, headers=head) as said:
                    told = await said.json()
                    self._note(said, await said.text())
            except (aiohttp.ClientError, TimeoutError) as error:
                self.answers[type(error).__name__] += 1
                await self._beat.wait(2)
                continue
            if said.status == 201:
                # Also where it was killed between the commit and the answer, and is asked again.
                self.promised[told["id"]] = promise
            return

    async def _somewhere(self) -> str:
        """The URL of any server that runs; waits for one while there is none."""
        running = [each for each in self._servers if each.up.is_set()]
        chosen = self._random.choice(running or self._servers)
        await chosen.up.wait()
        return f"http://127.0.0.1:{chosen.api_port}{PATH}"

    def _note(self, said: aiohttp.ClientResponse, text: str) -> None:
        self.answers[str(said.status)] += 1
        if said.status == 503 and "Retry-After" not in said.headers:
            self.unready.append(text)
        if SECRET in text:
            self.seen.append(text)

    def _wish(self, cpe: WitnessedCpe) -> dict[str, Any]:
        self._number += 1
        kinds = ["get", "set", "secret", "add.obj", "Reboot", "ScheduleInform", "Download"]
        kinds += ["del.obj"] if cpe.memory.added else []
        match kind := self._random.choice(kinds):
            case "get":
                return {"operation": "get", "variables": [{"variable_name": CODE}]}
            case "set":
                return _set(CODE, f"code {self._number}")
            case "secret":
                return _set(_PASSWORD, f"{SECRET}{self._number}")
            case "add.obj":
                return {"operation": kind, "variables": [{"variable_name": TABLE}]}
            case "del.obj":
                # Each instance is deleted by one wish at most: a second one would be right to fail.
                instance = cpe.memory.added.pop(self._random.randrange(len(cpe.memory.added)))
                return {"operation": kind, "variables": [{"variable_name": f"{TABLE}{instance}."}]}
        ways: dict[str, dict[str, Any]] = {
            "Reboot": {},
            "ScheduleInform": {"delay_seconds": 1},
            "Download": {"file_type": "3 Vendor Configuration File", "url": self._file_url},
        }
        return {"operation": "rpc", "method": kind, "arguments": ways[kind]}


def _set(name: str, value: str) -> dict[str, Any]:
    return {
        "operation": "set",
        "variables": [{"variable_name": name, "value": value, "value_type": "string"}],
    }
