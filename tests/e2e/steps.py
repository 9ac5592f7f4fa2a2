"""A scripted router, step by step: each post is made when the test says so."""

import inspect
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from tests.e2e.behaviour import Behaviour, Request, TransferHabits
from tests.e2e.check import HEARD, Heard
from tests.e2e.defaults import ALWAYS_TOLD, NOW, PARAMETERS, PERIODIC, TABLES
from tests.e2e.envelopes import CWMP, AcsMessage, DeviceId, Fault, Value, Writer
from tests.e2e.journal import Acknowledged, CarriedOut, Event, Journal, Refused
from tests.e2e.link import Ear, Link, Place, Reply
from tests.e2e.login import Login
from tests.e2e.model import METHODS, DataModel, Parameter, Tables
from tests.e2e.quirks import PLAIN, VANISH_AFTER, Quirks, Vanish
from tests.e2e.wire import HttpConnection

Answer = str | bytes | Fault | Vanish | None
"""A Body's content, a whole post, a refusal, a disappearance; None to carry the RPC out as usual."""
Hook = Callable[[AcsMessage], Answer | Awaitable[Answer]]


class VanishedError(Exception):
    """The device was told to disappear, and did."""


class Steps:
    """One router, and the steps it can take."""

    def __init__(
        self,
        port: int,
        *,
        serial: str,
        oui: str = "00D09E",
        product_class: str = "EX5501",
        manufacturer: str = "Zyxel",
        username: str | None = None,
        password: str | None = None,
        cwmp: str = "1-2",
        host: str = "127.0.0.1",
        path: str = "/",
        tls: ssl.SSLContext | None = None,
        source: str | None = None,
        quirks: Quirks = PLAIN,
        parameters: Mapping[str, Parameter] = PARAMETERS,
        tables: Tables = TABLES,
        methods: Sequence[str] = METHODS,
        transfers: TransferHabits | None = None,
        on_rpc: Mapping[str, Hook] | None = None,
        journal_file: Path | None = None,
        heard: Heard = HEARD,
    ) -> None:
        """Parameters and tables are copied; ``heard`` is where the ACS's messages go to be checked."""
        self.id = DeviceId(manufacturer, oui, product_class, serial)
        self.quirks = quirks
        self.writer = Writer(cwmp, quirks.prefixes)
        self.model = DataModel(parameters, tables)
        self.behaviour = Behaviour(self.model, self.writer, methods)
        self.transfers = transfers or TransferHabits()
        self.on_rpc = dict(on_rpc or {})
        self.journal = Journal(serial, journal_file)
        login = None if username is None else Login(username, password or "")
        ear = Ear(heard, CWMP + cwmp)
        self.link = Link(Place(host, port, path, tls, source), quirks, login, self.journal, ear)
        self.fetched: dict[str, bytes] = {}
        self._requests = 0

    # Steps.

    async def inform(
        self,
        events: Sequence[Event] = PERIODIC,
        parameters: Mapping[str, str | Value] | None = None,
        *,
        hold_requests: bool | None = None,
        no_more_requests: bool | None = None,
        supported_versions: Sequence[str] = (),
        session_timeout: int | None = None,
        retry_count: int = 0,
    ) -> Reply:
        """Post an Inform; without parameters it tells what a device always tells."""
        write, headers = self.writer, list[str]()
        for name, flag in (("HoldRequests", hold_requests), ("NoMoreRequests", no_more_requests)):
            headers += [] if flag is None else [write.header(name, str(int(flag)))]
        if session_timeout is not None:
            headers.append(write.header("SessionTimeout", str(session_timeout)))
        if supported_versions:
            versions = ",".join(supported_versions)
            headers.append(write.header("SupportedCWMPVersions", versions, must_understand=False))
        told = self._always_told() if parameters is None else {n: _value(text) for n, text in parameters.items()}
        body = write.inform(self.id, events, told, now=NOW, retry=retry_count)
        reply = await self.post(self.envelope(body, self._own_id(), headers), "Inform")
        if reply.method == "InformResponse":
            self.journal.add(Acknowledged(self.journal.next(), "Inform", tuple(events), ""))
            self.behaviour.informed(events)
        return reply

    async def empty_post(self) -> Reply:
        """Hand the turn to the ACS."""
        return await self.post(b"", "")

    async def ask(self, request: Request) -> Reply:
        """Post a request of the device's own."""
        reply = await self.post(self.envelope(request.body, self._own_id()), request.message)
        if reply.method == f"{request.message}Response":
            self.journal.add(Acknowledged(self.journal.next(), request.message, (), request.command_key))
            self.behaviour.acknowledged(request)
        return reply

    async def answer(self, reply: Reply, answer: Answer = None) -> Reply:
        """Answer the RPC in a reply, by ``on_rpc`` or the data model unless an answer is given; the next reply.

        An answer of the test's own carries nothing out. VanishedError when told to vanish.
        """
        rpc = reply.message
        assert rpc is not None, "nothing was asked"
        if answer is None and (hook := self.on_rpc.get(rpc.method)) is not None:
            answer = await asked(hook, rpc)
        if isinstance(answer, Vanish):
            if answer is VANISH_AFTER:
                self._carry_out(rpc)
            self.drop(f"told to vanish {answer.value} {rpc.method}")
            raise VanishedError(answer.value)
        if isinstance(answer, bytes):
            return await self.post(answer, f"{rpc.method}Response")
        if answer is None:
            body, name = self._carry_out(rpc)
        elif isinstance(answer, Fault):
            body, name = self._refuse(rpc, answer)
        else:
            body, name = answer, f"{rpc.method}Response"
        return await self.post(self.envelope(body, self._id_for(rpc)), name)

    async def post(self, octets: bytes, name: str = "unnamed") -> Reply:
        """Post octets as they are, with the device's headers; the name is for the journal."""
        return await self.link.post(octets, name)

    async def new_connection(self) -> HttpConnection:
        """Leave the connection for a new one, in good order; cookies stay."""
        await self.link.close()
        return await self.link.open()

    def drop(self, why: str = "dropped by the test") -> None:
        """Cut the connection, as when the power goes."""
        self.link.drop(why)

    def forget_cookies(self) -> None:
        """As every session of ``run_session`` begins."""
        self.link.cookies.clear()

    def request(self, message: str, content: str = "", command_key: str = "") -> Request:
        """A request to ``ask``; the content is ready XML."""
        return Request(message, self.writer.message(message, content), command_key)

    def envelope(self, body: str, message_id: str | None, headers: Sequence[str] = ()) -> bytes:
        """A whole post in the device's hand."""
        quirks, charset = self.quirks, self.quirks.charset
        ids = [] if message_id is None else [self.writer.header("ID", message_id)]
        text = self.writer.envelope(body, [*ids, *headers])
        if quirks.declaration:
            label = "ISO-8859-1" if charset == "latin-1" else "UTF-8"
            text = f'<?xml version="1.0" encoding="{label}"?>\n{text}'
        return text.encode("utf-8" if charset == "utf-8" else "latin-1") + b"\0" * quirks.trailing_nulls

    def _carry_out(self, rpc: AcsMessage) -> tuple[str, str]:
        done = self.behaviour.carry_out(rpc)
        if isinstance(done, Fault):
            return self._refuse(rpc, done)
        key = rpc.text("CommandKey") or rpc.text("ParameterKey")
        self.journal.add(CarriedOut(self.journal.next(), rpc.method, rpc.id, key, done.path, done.names, done.instance))
        return self.writer.message(f"{rpc.method}Response", done.content), f"{rpc.method}Response"

    def _refuse(self, rpc: AcsMessage, fault: Fault) -> tuple[str, str]:
        self.journal.add(Refused(self.journal.next(), rpc.method, rpc.id, fault.code))
        return self.writer.fault(fault), "Fault"

    def _own_id(self) -> str | None:
        self._requests += 1
        return {"normal": f"c{self._requests}", "invented": f"x{self._requests}", "empty": ""}.get(self.quirks.ids)

    def _id_for(self, rpc: AcsMessage) -> str | None:
        return (rpc.id or "") if self.quirks.ids == "normal" else self._own_id()

    def _always_told(self) -> dict[str, Value]:
        return {
            name: Value(parameter.value, parameter.type)
            for name, parameter in self.model.parameters.items()
            if name.endswith(ALWAYS_TOLD)
        }


async def asked(hook: Hook, rpc: AcsMessage) -> Answer:
    """What a hook answers, waited for where it takes its time."""
    answer = hook(rpc)
    return await answer if inspect.isawaitable(answer) else answer


def _value(given: str | Value) -> Value:
    return given if isinstance(given, Value) else Value(given)
