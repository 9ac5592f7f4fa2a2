"""A session of a device that speaks HTTP in its own way (``HttpQuirks``), or whose line has faults."""

from collections.abc import Callable
from enum import Enum, auto
from typing import Final

from cwmp_schemas.rpc.session import Event
from simulators.client.connection import Connection, Reply
from simulators.client.connector import Connector
from simulators.client.counting import Counting
from simulators.client.login import Login
from simulators.client.requests import odd_post
from simulators.client.visit import Visit
from simulators.client.writing import Writing
from simulators.device.cpe import Cpe
from simulators.device.random_faults import NO_FAULTS, Disturbance, Kind, RandomFaults, garble, with_other_id
from simulators.device.states import State

DROPPED: Final = "dropped on purpose"
"""How a session ends whose connection was cut in place of a post."""
CLOSED: Final = "closed on purpose"
"""How a session ends whose connection was cut behind a post."""
_MAX_LEFT: Final = 4


class _Opening(Enum):
    """What comes before the Inform."""

    COLLECTING = auto()
    """An empty post, for the challenge that it brings."""
    KNOCKING = auto()
    """An empty post, with a login if it is asked for one."""
    DONE = auto()
    """Nothing."""


class Memory:
    """What the HTTP client of a device remembers from session to session."""

    __slots__ = ("login",)

    def __init__(self) -> None:
        self.login: Login | None = None
        """The last challenge, of a device that answers it as long as it can."""


class OddVisit(Visit):
    """The session. Faults come by the device's own chance."""

    __slots__ = (
        "_copies",
        "_empty_posts",
        "_faults",
        "_has_reconnected",
        "_is_closing",
        "_left",
        "_memory",
        "_opening",
        "_quirks",
        "_reads_late",
        "_told_first",
        "_writing",
    )

    def __init__(
        self,
        cpe: Cpe,
        tally: Counting,
        now: Callable[[], float],
        ended: Callable[[Visit, str], None],
        connector: Connector,
        *,
        memory: Memory,
        faults: RandomFaults = NO_FAULTS,
    ) -> None:
        super().__init__(cpe, tally, now, ended, connector)
        self._quirks = quirks = cpe.quirks.http
        self._memory = memory
        self._login = memory.login
        self._faults = faults
        self._opening = _Opening.DONE
        if quirks.authorization == "begin with empty post":
            self._opening = _Opening.COLLECTING
        elif quirks.empty_post_first:
            self._opening = _Opening.KNOCKING
        # What happens to the post that is on its way.
        self._copies, self._is_closing, self._reads_late = 0, False, 0.0
        self._writing: Writing | None = None
        self._left: list[Connection] = []
        self._empty_posts = 0
        self._has_reconnected = False
        self._told_first: tuple[Event, ...] = ()

    def replied(self, reply: Reply) -> None:
        """See ``Owner``."""
        quirks, writing = self._quirks, self._writing
        if writing is not None:
            # What was not written yet is not going to be, and nothing else can be sent in its place.
            reply.keeps_alive = reply.keeps_alive and writing.is_done
        if quirks.close_after_every_response or quirks.version == "1.0":
            reply.keeps_alive = False
        if reply.status == 401 and quirks.reconnects_after_401 and self._connection is not None:
            self._left.append(self._connection)
            self._connection = None
            if len(self._left) > _MAX_LEFT:
                self._left.pop(0).close()
        super().replied(reply)

    def continued(self) -> None:
        """See ``Owner``."""
        if self._writing is not None:
            self._writing.go_on()

    def _begin(self) -> None:
        if self._opening is not _Opening.DONE:
            self._post(b"")
            return
        super()._begin()
        self._told_first = self._cpe.pending.events

    def _read(self, body: bytes) -> None:
        session = self._session
        if session is None:
            return
        if self._opening is not _Opening.DONE:
            self._opening = _Opening.DONE
            self._begin()
        elif session.state is State.ENDED:
            self._finish()
        elif (
            self._quirks.reconnects_instead_of_answering
            and not self._has_reconnected
            and body
            and session.state is State.ACS_TURN
        ):
            self._begin_anew()
        else:
            super()._read(body)

    def _begin_anew(self) -> None:
        """Another session in place of an answer; it tells the same events."""
        self._has_reconnected = True
        self._hang_up()
        self._cookies = None
        for event in self._told_first:
            self._cpe.pending.add(event.event_code, event.command_key)
        self._session = self._cpe.open(self._now())
        self._begin()

    def _finish(self) -> None:
        self._empty_posts += 1
        if self._empty_posts < self._quirks.empty_posts_at_end:
            self._post(b"")
        else:
            super()._finish()

    def _post(self, body: bytes) -> None:
        self._copies, self._is_closing, self._reads_late = 0, False, 0.0
        disturbance = self._faults.disturbance(self._cpe.chance)
        if disturbance is None:
            super()._post(body)
        else:
            self._disturb(disturbance, body)

    def _disturb(self, disturbance: Disturbance, body: bytes) -> None:
        """Send something new, but not as it should be."""
        kind, whole = disturbance.kind, body
        match kind:
            case Kind.GARBLE:
                body = garble(body, self._cpe.chance)
            case Kind.WRONG_ID:
                body = with_other_id(body, self._cpe.chance)
                if self._session is not None:
                    self._session.takes_any_id = True
            case Kind.REPEAT:
                self._copies = 1
            case Kind.CLOSE:
                self._is_closing = True
            case Kind.SLOW_READ:
                self._reads_late = disturbance.seconds
            case Kind.RECONNECT:
                self._hang_up()
        # An empty post cannot be garbled, and has no ID.
        if kind not in {Kind.GARBLE, Kind.WRONG_ID} or body != whole:
            self._tally.disturbed(kind.value)
        if kind is Kind.DROP:
            self.give_up(DROPPED)
        elif kind is Kind.DELAY:
            self._wait(disturbance.seconds, lambda: super(OddVisit, self)._post(body))
        else:
            super()._post(body)

    def _send(self) -> None:
        session, quirks = self._session, self._quirks
        if session is not None and self._login is not None and not self._authorization:
            with_inform = session.state is State.INFORMING and self._opening is _Opening.DONE
            begins_so = quirks.remembers_nonce or quirks.authorization == "begin with empty post"
            if quirks.authorization == "every post" or (with_inform and begins_so):
                self._prove(self._login)
        super()._send()

    def _transmit(self, connection: Connection) -> None:
        target = self._target
        if target is None:
            return
        head, body = odd_post(target, self._body, self._extras(target), self._quirks)
        if self._is_closing:
            connection.transport.write(head + body)
            connection.close()
            self._fail(CLOSED)
            return
        connection.expect(self, copies=self._copies)
        if self._reads_late:
            self.deadline += self._reads_late
            connection.read_late(self._reads_late)
        self._writing = Writing(connection, head, body, self._quirks, self._copies)
        self._writing.start()

    def _log_in(self, refused: Reply) -> None:
        session = self._session
        if session is None:
            return
        if self._opening is _Opening.COLLECTING:
            self._login = self._login or Login(self._quirks)
            self._login.learn(refused.values(b"www-authenticate"))
            self._read(b"")
            return
        is_late = session.state is not State.INFORMING and self._opening is _Opening.DONE
        if is_late and self._quirks.authorization == "only with the Inform":
            self._fail("refused 401")
            return
        super()._log_in(refused)
        if self._quirks.remembers_nonce:
            self._memory.login = self._login

    def _end(self, outcome: str) -> None:
        for connection in self._left:
            connection.close()
        super()._end(outcome)
