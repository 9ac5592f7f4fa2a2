"""How sessions end: with our last answer, by their deadlines, because another one began, or with the process."""

from typing import Final

from acs.services.calling import EMPTY, Reply
from acs.services.live import LiveSession, SessionTable
from acs.services.recording import Recorder
from acs.services.tools import Tools
from acs.services.work import FenceLostError
from acs.session.events import EndReason
from acs.session.states import State
from acs.store.errors import StoreError

_LINGERING: Final = 1_000


class Closing:
    """Ends the sessions of a table."""

    def __init__(self, tools: Tools, recorder: Recorder, table: SessionTable) -> None:
        self._tools = tools
        self._recorder = recorder
        self._table = table
        self._lingering: dict[LiveSession, None] = {}
        tools.metrics.memories.watch("sessions after their end", _LINGERING, lambda: len(self._lingering))

    def __len__(self) -> int:
        """How many have had their last answer and may still say something."""
        return len(self._lingering)

    def end(self, session: LiveSession, now: float) -> Reply:
        """We have nothing (more) to ask."""
        session.machine.end(now)
        # The device may still have something to say after our 204; but not all that have had theirs can be kept.
        self._lingering[session] = None
        if len(self._lingering) > _LINGERING:
            self.drop(next(iter(self._lingering)), EndReason.DONE)
        self._recorder.tell(session, EndReason.DONE)
        return EMPTY

    def reopen(self, session: LiveSession) -> None:
        """It goes on, if it had had its last answer."""
        self._lingering.pop(session, None)

    def drop(self, session: LiveSession, reason: str) -> None:
        """A session is over: forget it, and say so if that was not said with its last answer."""
        if session.is_forgotten:
            return
        session.is_forgotten = True
        self._lingering.pop(session, None)
        self._table.remove(session)
        self._tools.metrics.sessions_ended.inc(reason)
        self._recorder.tell(session, reason)

    async def record(self, session: LiveSession) -> None:
        """Make durable what has happened in a session; it may have ended by it."""
        ended = await self._recorder.record(session)
        if ended is not None:
            self.drop(session, ended)

    async def settle(self, session: LiveSession) -> None:
        """The same for a session that nobody waits for."""
        try:
            await self.record(session)
        except (StoreError, FenceLostError) as error:
            self._tools.complain("settle", "a session was not settled", device=session.device.name, reason=str(error))
            self.drop(session, EndReason.CLOSED)
        except Exception:
            self._tools.log.exception("a session was not settled", device=session.device.name)
            self.drop(session, EndReason.CLOSED)

    async def end_overdue(self) -> None:
        """End the sessions whose time is over."""
        now = self._tools.clock.monotonic()
        for session in self._table:
            deadline = session.machine.deadline()
            if deadline is not None and deadline <= now and not session.lock.locked():
                async with session.lock:
                    session.machine.handle_timeout(now)
                    await self.settle(session)

    async def leave_all(self) -> None:
        """The server stops: each post is answered yet, and the sessions are left for the next process to go on with."""
        for session in self._table:
            async with session.lock:
                self.drop(session, EndReason.DONE if session.machine.state is State.CLOSING else EndReason.CLOSED)
