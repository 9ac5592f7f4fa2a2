"""What happens in a session, made durable before the post that brought it is answered."""

from acs.services.live import LiveSession
from acs.services.requests import CpeRequests
from acs.services.tools import Tools
from acs.session.events import Answered, AnsweredLate, Ended, Requested, RpcLost, SessionEvent


class Recorder:
    """Gives each event of a session to whom it concerns."""

    def __init__(self, tools: Tools, requests: CpeRequests) -> None:
        self._tools = tools
        self._requests = requests

    async def record(self, session: LiveSession) -> str | None:
        """Record what has happened since the last call; why the session has ended, if it has."""
        ended = None
        for event in session.machine.events():
            await self._record(session, event)
            if isinstance(event, Ended):
                ended = event.reason
        return ended

    def tell(self, session: LiveSession, reason: str) -> None:
        """Say in one line how a session went: with its last answer, or when it has ended without one."""
        if session.is_told:
            return
        session.is_told = True
        self._tools.log.info(
            "session",
            device=session.device.name,
            address=session.address,
            events=", ".join(session.codes),
            end=str(reason),
            posts=session.posts,
            operations=session.work.settled if session.work is not None else 0,
            seconds=round(session.heard_at - session.started, 3),
        )

    async def _record(self, session: LiveSession, event: SessionEvent) -> None:
        if isinstance(event, Requested):
            await self._requests.record(session, event.request)
            return
        work = session.work
        if work is None:
            return
        match event:
            case Answered():
                seconds = self._tools.clock.monotonic() - session.rpc_sent_at
                self._tools.metrics.rpc_seconds.observe(event.method, seconds)
                await work.answered(event.answer)
            case AnsweredLate():
                await work.answered_late(event.method, event.answer)
            case RpcLost():
                await work.lost()
            case Ended():
                await work.leave(event.reason)
            case _:
                pass
