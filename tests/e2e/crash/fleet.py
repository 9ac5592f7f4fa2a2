"""Routers that call without end, whatever becomes of the server, and an operator who gives them work."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from tests.e2e.behaviour import Due, TransferHabits
from tests.e2e.crash.beat import Beat
from tests.e2e.crash.processes import ServerProcess
from tests.e2e.defaults import ALWAYS_TOLD, PARAMETERS, PERIODIC
from tests.e2e.device import ScriptedDevice
from tests.e2e.envelopes import AcsMessage, Value
from tests.e2e.journal import Event, Transferred
from tests.e2e.link import Reply
from tests.e2e.model import Parameter
from tests.e2e.wire import ClosedError, UnreachableError

CHANNEL: Final = "Device.WiFi.Radio.1.Channel"
SSID: Final = "Device.WiFi.SSID.1.SSID"
_TABLES: Final = 60
_RULES: Final = 60
_REPETITIONS: Final = 3
_CONFIGURATION: Final = "1 Vendor Configuration File"


class Router(ScriptedDevice):
    """A router with a story: what its parameters were, and what it was asked to do."""

    def __init__(self, process: ServerProcess, beat: Beat, serial: str, random: Random, *, boots_alone: bool) -> None:
        rules = {f"Device.X_RULE.{number}.Name": Parameter("a rule") for number in range(1, _RULES + 1)}
        tables = {f"Device.X_TABLE{number}.": {"Name": Parameter("")} for number in range(_TABLES)}
        super().__init__(
            process.port,
            serial=serial,
            parameters={**PARAMETERS, **rules},
            tables={**tables, "Device.X_RULE.": {"Name": Parameter("")}},
            transfers=TransferHabits(files={_CONFIGURATION: b"what it was told to be"}),
        )
        self._process = process
        self._beat = beat
        self._random = random
        self.boots_alone = boots_alone
        """Whether it restarts by itself; then it is never told to, since ``1 BOOT`` alone does not say why."""
        self.goes_on = random.random() < 0.5
        """Whether it repeats a post that was not answered, with its cookie, or begins a new session."""
        self.is_calm = False
        """Whether nothing happens to it any more but what the ACS asks for."""
        self.is_over = False
        """Whether it calls no more."""
        self.past: dict[str, list[str]] = {name: [self.model.value(name)] for name in (CHANNEL, SSID)}
        """All values that a parameter had, the latest last."""
        self.unused = {"table": list(range(_TABLES)), "rule": list(range(1, _RULES + 1))}
        """What the operator has not used yet: each object is added or deleted by one operation at most."""
        self.tells: set[str] = set()
        """The events of all Informs that it has tried to tell."""

    async def live(self) -> None:
        """Call, again and again, until it is over."""
        while not self.is_over:
            await self._process.up.wait()
            if not self.is_calm:
                self._live_a_little()
            told = [name for name in self.model.parameters if name.endswith(ALWAYS_TOLD) or name == CHANNEL]
            found = self.model.parameters
            await self.run_session(parameters={name: Value(found[name].value, found[name].type) for name in told})

    @property
    def has_news(self) -> bool:
        """Whether it still has something to tell or to transfer."""
        return bool(self.behaviour.due or self.behaviour.transfers)

    async def inform(self, events: Sequence[Event] = PERIODIC, *rest: Any, **ways: Any) -> Reply:
        """Post an Inform, and remember what was told."""
        self.tells.add(", ".join(code for code, _ in events))
        return await super().inform(events, *rest, **ways)

    def _live_a_little(self) -> None:
        chance = self._random.random()
        if chance < 0.1:
            self.model.parameters[CHANNEL].value = str(len(self.past[CHANNEL]) + 100)
            self._note()
            self.behaviour.due.append(Due((("4 VALUE CHANGE", ""),)))
        elif chance < 0.15 and self.boots_alone:
            self.behaviour.due.append(Due((("1 BOOT", ""),)))

    async def post(self, octets: bytes, name: str = "unnamed") -> Reply:
        """Post; where this router goes on, again until it is answered, within bounds."""
        for repetition in range(_REPETITIONS):
            try:
                reply = await super().post(octets, name)
            except (ClosedError, UnreachableError):
                if not self.goes_on or not self.link.cookies or repetition + 1 == _REPETITIONS:
                    raise
                await self._process.up.wait()
            else:
                self._beat.strike()
                return reply
        raise AssertionError("a post is answered or fails")

    def _carry_out(self, rpc: AcsMessage) -> tuple[str, str]:
        done = super()._carry_out(rpc)
        self._note()
        return done

    def _note(self) -> None:
        for name, values in self.past.items():
            if values[-1] != (value := self.model.value(name)):
                values.append(value)

    def delivered(self, command_key: str) -> bool:
        """Whether the file server took what an upload was to bring."""
        return any(
            command_key in each.url and each.status < 300 for each in self.journal.of(Transferred) if each.status
        )


@dataclass(frozen=True, slots=True)
class Promise:
    """What the operator was promised."""

    since: int
    """How many values SSID had had by then."""


class Operator:
    """Gives work to routers."""

    def __init__(self, process: ServerProcess, beat: Beat, routers: list[Router], random: Random) -> None:
        self._process = process
        self._beat = beat
        self._routers = routers
        self._random = random
        self._wishes = 0
        self.is_over = False
        """Whether nothing more is asked for."""
        self.promised: dict[str, Promise] = {}
        """What the server has acknowledged, by the public id."""

    async def work(self) -> None:
        """Ask for one thing after the other, until it is over."""
        while not self.is_over:
            await self._beat.wait(self._random.randint(1, 8))
            router = self._random.choice(self._routers)
            # Several for one router: its session then goes from one to the next.
            for _ in range(self._random.randint(1, 5)):
                await self._ask(router)

    async def _ask(self, router: Router) -> None:
        wish = self._wish(router)
        promise = Promise(len(router.past[SSID]))
        answer = await self._process.ask(do="queue", serial=router.id.serial, **wish)
        if answer is not None and answer["id"] is not None:
            self.promised[answer["id"]] = promise

    async def count_open(self) -> int | None:
        """How many operations are still to be done; None if the server ended."""
        answer = await self._process.ask(do="open", serials=[router.id.serial for router in self._routers])
        return None if answer is None else int(answer["open"])

    def _wish(self, router: Router) -> dict[str, Any]:
        self._wishes += 1
        kinds = ["get", "set", "download", "upload", "rpc"]
        kinds += [] if router.boots_alone else ["reboot"]
        kinds += ["add.obj", "add.obj"] if len(router.unused["table"]) > 1 else []
        kinds += ["del.obj"] if router.unused["rule"] else []
        kind = self._random.choice(kinds)
        wish: dict[str, Any] = {"kind": kind}
        match kind:
            case "get":
                wish["variables"] = [{"name": SSID}]
            case "set":
                wish["variables"] = [_variable(SSID, f"set {self._wishes}")]
            case "download":
                wish["arguments"] = {"file_type": "3 Vendor Configuration File", "url": "http://192.0.2.1/file"}
            case "upload":
                wish["arguments"] = {"file_type": _CONFIGURATION}
            case "rpc":
                wish |= {"method": "ScheduleInform", "arguments": {"delay_seconds": 1}}
            case "add.obj":
                first, second = (f"Device.X_TABLE{router.unused['table'].pop()}." for _ in range(2))
                wish["variables"] = [
                    {"name": first}, {"name": second}, _variable(f"{first}{{i}}.Name", f"added {self._wishes}"),
                ]  # fmt: skip
                if self._random.random() < 0.5:
                    wish["variables"] = [{"name": first}]
            case "del.obj":
                wish["variables"] = [{"name": f"Device.X_RULE.{router.unused['rule'].pop()}."}]
        return wish


def _variable(name: str, value: str) -> dict[str, str]:
    return {"name": name, "value": value, "value_type": "string"}
