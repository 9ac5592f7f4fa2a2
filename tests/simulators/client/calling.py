"""Devices that can be called in a test, and a caller that says what the test wants said, octet by octet."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Self

from acs.auth.digest import answer_challenge
from acs.auth.headers import parse_challenges
from simulators.client.listener import Listener, ListenerSettings
from simulators.device.calling import ACCEPT_ALL, CallPolicy
from simulators.device.chance import Chance
from simulators.device.cpe import Cpe
from simulators.device.identity import Identity
from simulators.device.timing import AT_ONCE
from tests.simulators.device.asking import model_with
from tests.simulators.device.conversing import START

PATIENCE = 10.0
"""Seconds after which a test has waited in vain."""
USERNAME, PASSWORD = "acs", "let me in"
ROWS = f"""\
Device.ManagementServer.ConnectionRequestUsername,false,true,{USERNAME},xsd:string
Device.ManagementServer.ConnectionRequestPassword,false,true,{PASSWORD},xsd:string
"""


def callable_device(serial: str, number: int = 1, policy: CallPolicy = ACCEPT_ALL, rows: str = "") -> Cpe:
    """A device that is on, known to its ACS, and has nothing to tell; its model may have some rows more."""
    model = model_with(ROWS + rows)
    identity = Identity(replace(model.device_id, serial_number=serial), number)
    cpe = Cpe(model, identity, chance=Chance(number), now=START, timing=AT_ONCE, is_known=True, calls=policy)
    cpe.advance(START)
    cpe.pending.clear()
    return cpe


@dataclass
class Counted:
    """What became of the calls."""

    outcomes: Counter[str] = field(default_factory=Counter)

    def called(self, outcome: str) -> None:
        """See ``CallCounting``."""
        self.outcomes[outcome] += 1


@dataclass
class Place:
    """A listener, and what came of it."""

    listener: Listener
    port: int
    counted: Counted
    woken: list[str]
    """The serial numbers of the devices that were woken, in their order."""

    async def caller(self) -> "Caller":
        """Somebody who calls."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        return Caller(reader, writer)


@asynccontextmanager
async def listening(
    devices: Iterable[Cpe],
    settings: ListenerSettings | None = None,
    deaf: Collection[str] = (),
    host: str = "127.0.0.1",
) -> AsyncIterator[Place]:
    """Devices that can be called at one port; that nothing goes wrong unseen is made sure of at the end."""
    counted, woken, mishaps = Counted(), list[str](), list[dict[str, object]]()
    asyncio.get_running_loop().set_exception_handler(lambda _, context: mishaps.append(context))
    listener = Listener(
        {cpe.identity.device_id.serial_number: cpe for cpe in devices},
        counted,
        lambda: START + 1,
        lambda cpe: woken.append(cpe.identity.device_id.serial_number),
        settings=settings,
        deaf=deaf,
    )
    _, port = await listener.start(host, 0)
    try:
        yield Place(listener, port, counted, woken)
    finally:
        await listener.stop()
    assert not mishaps


@dataclass
class Answer:
    """What was answered."""

    status: int
    head: str

    def header(self, name: str) -> str | None:
        """The value of a header."""
        for line in self.head.split("\r\n")[1:]:
            key, _, value = line.partition(":")
            if key.lower() == name.lower():
                return value.strip()
        return None


class Caller:
    """A connection to a listener."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Hang up; the listener has seen that once it hangs up in its turn."""
        with suppress(OSError):
            async with asyncio.timeout(PATIENCE):
                self.writer.write_eof()
                await self.reader.read()
        self.writer.transport.abort()

    def send(self, text: str) -> None:
        """Send it as it is."""
        self.writer.write(text.encode("latin-1"))

    async def read(self) -> Answer | None:
        """The next answer; None when the other side has hung up instead."""
        try:
            async with asyncio.timeout(PATIENCE):
                head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        return Answer(int(head.split(" ")[1]), head.removesuffix("\r\n\r\n"))

    async def ask(self, target: str, authorization: str = "", method: str = "GET") -> Answer | None:
        """Ask for a target, perhaps with a login."""
        self.send(request(target, authorization, method))
        return await self.read()

    async def log_in(self, target: str, password: str = PASSWORD, username: str = USERNAME) -> Answer | None:
        """Ask twice, the second time with a login."""
        answer = await self.ask(target)
        if answer is None or answer.status != 401:
            return answer
        return await self.ask(target, login(answer, target, password, username))


def request(target: str, authorization: str = "", method: str = "GET") -> str:
    """A request as an ACS sends it."""
    more = f"Authorization: {authorization}\r\n" if authorization else ""
    return f"{method} {target} HTTP/1.1\r\nHost: device\r\n{more}\r\n"


def login(answer: Answer, target: str, password: str = PASSWORD, username: str = USERNAME, nc: int = 1) -> str:
    """What answers a challenge."""
    written = answer_challenge(
        parse_challenges([answer.header("WWW-Authenticate") or ""]),
        method="GET",
        uri=target,
        username=username,
        password=password,
        cnonce="c0ffee",
        nc=nc,
        allow_basic=True,
    )
    assert written is not None
    return written
