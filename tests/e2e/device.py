"""A scripted router: says what a test tells it to, by steps or in whole sessions, and keeps a journal of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Self

from tests.e2e.behaviour import Request, TransferHabits
from tests.e2e.defaults import NOW, PARAMETERS, PERIODIC, TABLES
from tests.e2e.envelopes import AcsMessage, Fault, Prefixes, Value
from tests.e2e.files import request_file
from tests.e2e.journal import Called, Event, Transferred, sha256
from tests.e2e.link import Reply
from tests.e2e.listener import ConnectionRequestListener
from tests.e2e.login import Login
from tests.e2e.model import Parameter
from tests.e2e.quirks import VANISH, VANISH_AFTER, Quirks
from tests.e2e.steps import Answer, Hook, Steps, VanishedError, asked
from tests.e2e.wire import ClosedError, UnreachableError

__all__ = [
    "PARAMETERS", "PERIODIC", "TABLES", "VANISH", "VANISH_AFTER", "Answer", "EndedBy", "Fault", "Hook", "Parameter",
    "Prefixes", "Quirks", "Reply", "Request", "ScriptedDevice", "SessionLog", "TransferHabits", "Value",
    "VanishedError",
]  # fmt: skip


class EndedBy(Enum):
    """What ended a session."""

    NO_CONTENT = "204: the ACS had nothing more to ask"
    REFUSED = "a status, or a message, that ends a session before its time"
    VANISHED = "the device dropped the connection, as it was told to"
    CLOSED = "the ACS closed the connection instead of answering"
    UNREACHABLE = "the ACS takes no connections"


@dataclass(frozen=True, slots=True)
class SessionLog:
    """A session as the device saw it."""

    replies: tuple[Reply, ...]
    """All that the ACS answered, logins left out."""
    ended_by: EndedBy
    """What ended it."""

    @property
    def is_acknowledged(self) -> bool:
        """Whether the Inform was acknowledged."""
        return any(reply.method == "InformResponse" for reply in self.replies)

    @property
    def rpcs(self) -> tuple[AcsMessage, ...]:
        """What the ACS asked for, in order."""
        return tuple(reply.message for reply in self.replies if reply.message is not None and reply.message.is_rpc)

    @property
    def methods(self) -> tuple[str, ...]:
        """The names of what the ACS asked for."""
        return tuple(rpc.method for rpc in self.rpcs)


class ScriptedDevice(Steps):
    """One router: steps (``inform``, ``empty_post``, ``ask``, ``answer``, ``post``) and whole sessions."""

    listener: ConnectionRequestListener | None = None

    async def run_session(
        self,
        events: Sequence[Event] | None = None,
        parameters: Mapping[str, str | Value] | None = None,
        *,
        answers: Hook | None = None,
        requests: Sequence[Request] | None = None,
        stays_connected: bool = False,
    ) -> SessionLog:
        """A whole session, from the Inform to what ends it.

        Transfers that are due are done before it. Without events it tells what is due (a reboot, a transfer), or
        ``2 PERIODIC``; without requests it posts those that are due. ``answers`` goes before ``on_rpc``.
        """
        await self.transfer()
        due = self.behaviour.due
        if events is None:
            events = tuple(dict.fromkeys(event for one in due for event in one.events)) or PERIODIC
        if requests is None:
            requests = [one.request for one in due if one.request is not None]
        self.forget_cookies()
        replies: list[Reply] = []
        try:
            ended = await self._session(replies, events, parameters, answers, requests)
        except VanishedError:
            ended = EndedBy.VANISHED
        except ClosedError:
            ended = EndedBy.CLOSED
        except UnreachableError:
            ended = EndedBy.UNREACHABLE
        finally:
            if not stays_connected:
                await self.link.close()
        return SessionLog(tuple(replies), ended)

    async def _session(
        self,
        replies: list[Reply],
        events: Sequence[Event],
        parameters: Mapping[str, str | Value] | None,
        answers: Hook | None,
        requests: Sequence[Request],
    ) -> EndedBy:
        if self.quirks.authorization == "begin with empty post":
            await self.empty_post()
        replies.append(await self.inform(events, parameters))
        if replies[-1].method != "InformResponse":
            return EndedBy.REFUSED
        for request in requests:
            replies.append(await self.ask(request))
            if replies[-1].status != 200:
                return EndedBy.REFUSED
        replies.append(await self.empty_post())
        while (rpc := replies[-1].message) is not None and rpc.is_rpc:
            own = None if answers is None else await asked(answers, rpc)
            replies.append(await self.answer(replies[-1], own))
        return EndedBy.NO_CONTENT if replies[-1].status == 204 else EndedBy.REFUSED

    async def transfer(self) -> None:
        """Do the transfers that the ACS has asked for: fetch, deliver, and have it reported in the next session."""
        for transfer in list(self.behaviour.transfers):
            is_upload = transfer.method == "Upload"
            method, fault = ("PUT", (9011, "Upload failure")) if is_upload else ("GET", (9010, "Download failure"))
            file = self.transfers.files.get(transfer.file_type) if is_upload else b""
            if file is not None and (is_upload or self.transfers.fetches):
                login = Login(transfer.username, transfer.password)
                got = await request_file(method, transfer.url, login, file)
                content = file if is_upload else (got.body if got else b"")
                status = got.status if got else 0
                self.journal.add(Transferred(self.journal.next(), method, transfer.url, status, sha256(content)))
                if 200 <= status < 300:
                    fault = (0, "")
                    if not is_upload:
                        self.fetched[transfer.url] = content
            else:
                fault = (0, "")
            self.behaviour.transferred(transfer, fault, self.transfers, NOW)

    # Connection requests.

    async def listen(self, username: str, password: str, host: str = "127.0.0.1") -> str:
        """Take connection requests; their URL, which the data model has from now on as well."""

        def called() -> None:
            self.journal.add(Called(self.journal.next()))

        self.listener = ConnectionRequestListener(username, password, "/" + self.id.serial, called)
        url = await self.listener.start(host)
        for name, parameter in self.model.parameters.items():
            if name.endswith(".ManagementServer.ConnectionRequestURL"):
                parameter.value = url
        return url

    async def wait_for_connection_request(self) -> None:
        """Wait for a connection request that has not been waited for."""
        assert self.listener is not None, "the device does not listen"
        await self.listener.wait()

    async def close(self) -> None:
        """Let go of everything."""
        await self.link.close()
        if self.listener is not None:
            await self.listener.stop()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
