"""A device over its whole life: what it has to tell, when it calls, what it does with what the ACS wants."""

import math
from collections.abc import Callable, Collection, Mapping
from typing import Final

from cwmp_schemas import events
from cwmp_schemas.encode import encode
from cwmp_schemas.envelope import Envelope
from cwmp_schemas.faults import CpeFault
from cwmp_schemas.messages import AcsRequest, CpeResponse, Message, method_of
from cwmp_schemas.rpc.session import GetRPCMethods
from simulators.device import manners
from simulators.device.agenda import Agenda
from simulators.device.calling import ACCEPT_ALL, Called, CallPolicy, Calls
from simulators.device.chance import Chance
from simulators.device.diagnostics import concerns
from simulators.device.errors import RefusedError
from simulators.device.identity import Identity
from simulators.device.informing import Informing
from simulators.device.jobs import Job, Jobs, Outcome
from simulators.device.management import Management, read_management
from simulators.device.model import Model
from simulators.device.notifying import Notifying
from simulators.device.pending import OwnRequest, Pending
from simulators.device.quirks import PLAIN, PLAIN_MANNERS, PLAIN_WIRE, Quirks
from simulators.device.retrying import Retrying
from simulators.device.rpcs import HANDLERS, offers
from simulators.device.session import CpeSession
from simulators.device.spelling import spell
from simulators.device.timing import LIFELIKE, Timing
from simulators.device.tree import Tree
from simulators.device.works import Works

_METHODS: Final = OwnRequest(GetRPCMethods())


class Cpe:
    """One device. Its driver looks at ``due_at``, and then:

    cpe.advance(now)
    if cpe.wants_session: session = cpe.open(now) ... cpe.session_over(now) or cpe.session_failed(now)
    for job in cpe.take_jobs(now): ... cpe.job_done(job, outcome, now)
    """

    __slots__ = (
        "_after_session",
        "_agenda",
        "_calls",
        "_informing",
        "_management",
        "_next_periodic",
        "_told_url",
        "_works",
        "back_at",
        "chance",
        "identity",
        "jobs",
        "notifying",
        "pending",
        "quirks",
        "retrying",
        "session",
        "timing",
        "tree",
    )

    def __init__(
        self,
        model: Model,
        identity: Identity,
        *,
        chance: Chance,
        now: float,
        quirks: Quirks = PLAIN,
        timing: Timing = LIFELIKE,
        is_known: bool = False,
        first_call_in: float = 0.0,
        calls: CallPolicy = ACCEPT_ALL,
    ) -> None:
        """A device that is switched on and calls in a while; one that is known to the ACS tells no bootstrap."""
        if quirks.manners is not PLAIN_MANNERS:
            model = manners.fitted_model(model, quirks.manners)
            identity = manners.fitted_identity(identity, quirks.manners)
        self.identity = identity
        self.quirks = quirks
        self.timing = timing
        self.chance = chance
        self.tree = Tree(model, identity)
        """Its data model."""
        self.tree.booted_at = now
        self.pending = Pending()
        """What it has to tell."""
        self.notifying = Notifying()
        """The parameters it has to tell of."""
        self.jobs = Jobs()
        """What it wants fetched or sent."""
        self.session: CpeSession | None = None
        """The session that is open."""
        self.retrying = Retrying()
        """What follows from sessions that failed."""
        self.back_at = now + first_call_in
        """When it is up again; it neither calls nor can be called before."""
        self._calls = Calls(calls)
        self._informing = Informing()
        self._next_periodic = math.inf
        self._agenda = Agenda()
        self._after_session: list[Callable[[float], None]] = []
        self._management: tuple[int, Management] | None = None
        self._works: Works | None = None
        self._told_url = ""
        if not is_known:
            self.pending.add(events.BOOTSTRAP)
        self._agenda.add(self.back_at, self._booted if not is_known else self._resumed)

    # What the driver asks.

    @property
    def is_on(self) -> bool:
        """Whether it is up."""
        return self.back_at == -math.inf

    @property
    def wants_session(self) -> bool:
        """Whether there is something to tell; a retry waits for its time."""
        return self.is_on and self.session is None and bool(self.pending)

    @property
    def due_at(self) -> float:
        """When ``advance`` is to be called next; infinity if only a session or a call can change anything."""
        if not self.is_on:
            return self.back_at
        soonest = min(self._agenda.next_at, self._next_periodic, self.notifying.due_at)
        if self.session is None and self.pending:
            return min(soonest, self.retrying.due_at(has_news=self.pending.has_news))
        return soonest

    def advance(self, now: float) -> bool:
        """Do what is due; whether a session is to be opened now."""
        self._agenda.run(now)
        if self._next_periodic <= now:
            self._next_periodic = _next_beat(self._next_periodic, self.management(now).interval, now)
            self.pending.add(events.PERIODIC)
        if self.notifying.due_at <= now:
            self.notifying.asked_for()
            self.pending.add(events.VALUE_CHANGE)
        return self.wants_session and self.retrying.due_at(has_news=self.pending.has_news) <= now

    def take_jobs(self, _now: float) -> tuple[Job, ...]:
        """What the driver is to fetch or to send from now on; to be asked after ``advance`` and after a session."""
        return self.jobs.take()

    def job_done(self, job: Job, outcome: Outcome, now: float) -> None:
        """A job has ended; then there may be something to do, to tell or to fetch."""
        self.jobs.done(job, outcome, now)

    def management(self, now: float) -> Management:
        """How it is to call, as its data model says."""
        known = self._management
        if known is None or known[0] != self.tree.revision:
            known = self._management = (self.tree.revision, read_management(self.tree, now))
        return known[1]

    # Sessions.

    def open(self, now: float) -> CpeSession:
        """Open a session; ``begin`` is its first post."""
        self.session = CpeSession(self)
        return self.session

    def session_over(self, now: float) -> None:
        """The session has ended well."""
        self.session = None
        if self._works is not None:
            self._works.journal.note(now, "cwmp: session ended")
        self.retrying.over()
        self._do_what_waited(now)

    def session_failed(self, now: float, *, not_before: float = 0.0) -> None:
        """The session has ended before its time; ``not_before`` is when the ACS wants it again (Retry-After)."""
        self.session = None
        if self._works is not None:
            self._works.journal.note(now, "cwmp: session failed")
        self.retrying.failed(now, self.management(now), self.chance, not_before)
        self.pending.failed()
        self._do_what_waited(now)

    def inform(self, message_id: str, now: float) -> bytes:
        """The envelope that opens a session."""
        return self._informing.post(self, message_id, now)

    def informed(self, now: float) -> None:
        """The InformResponse has come."""
        self.pending.informed(self._informing.told)
        self.notifying.informed(now, self.management(now).throttle)
        self._told_url = self.management(now).url
        if self.quirks.manners.asks_methods and _METHODS not in self.pending.requests:
            self.pending.request(_METHODS)

    def acknowledged(self, request: OwnRequest, answer: Message, now: float) -> None:
        """A request of the device is answered; AcsError if that is not what it waits for."""
        if request is _METHODS:
            manners.bear_answer(answer)
        self.pending.acknowledged(request)

    def carry_out(self, rpc: AcsRequest, now: float) -> CpeResponse:
        """Do what the ACS asks; RefusedError is the fault."""
        handler = HANDLERS.get(type(rpc))
        if handler is None or not offers(self, type(rpc)):
            raise RefusedError(CpeFault.METHOD_NOT_SUPPORTED, f"Method not supported: {method_of(rpc)}")
        if self.quirks.manners is PLAIN_MANNERS:
            return handler(self, rpc, now)
        return manners.carry_out(self, handler, rpc, now)

    def spell(self, envelope: Envelope, method: str = "") -> bytes:
        """The octets of a message in the device's way; of an answer with the RPC that it answers."""
        envelope = Envelope(envelope.id, envelope.message, self.quirks.namespace)
        wire = self.quirks.wire
        return encode(envelope) if wire is PLAIN_WIRE else spell(envelope, wire, method)

    @property
    def works(self) -> Works:
        """What takes it time: transfers, software modules, diagnostics."""
        if self._works is None:
            self._works = Works(self)
        return self._works

    @property
    def methods(self) -> tuple[str, ...]:
        """The RPCs it answers."""
        return tuple(sorted(rpc.NAME for rpc in HANDLERS if hasattr(rpc, "NAME") and offers(self, rpc)))

    # What happens to it.

    def called(self, now: float) -> Called:
        """A connection request has come and its login was right."""
        if not self.is_on:
            return Called.DOWN
        outcome = self._calls.judge(now, is_in_session=self.session is not None)
        if outcome is Called.ACCEPTED:
            self.pending.add(events.CONNECTION_REQUEST)
            self.retrying.lifted()
        return outcome

    def changed_by_itself(self, values: Mapping[str, str], now: float) -> None:
        """Parameters have new values that the ACS did not set: it is told of those it wants to know about.

        ``due_at`` may be sooner afterwards. ModelError for what the device does not have, or makes when it is read.
        """
        self.notifying.change(self.tree, values, now)

    def after_session(self, action: Callable[[float], None]) -> None:
        """Something to do once the session has ended; each action once."""
        if action not in self._after_session:
            self._after_session.append(action)

    def appoint(self, at: float, action: Callable[[float], None]) -> None:
        """Something to do at a moment, in place of the one for which it was appointed before; a restart forgets it."""
        self._agenda.move(at, action)

    def wrote(self, paths: Collection[str], now: float) -> None:
        """Parameters have been set by the ACS."""
        if any(map(concerns, paths)):
            self.works.diagnostics.wrote(paths, now)
        self.find_acs(now)

    def find_acs(self, now: float) -> None:
        """Look who the ACS is: one at another URL than the last that was informed is told that it is new (table 8)."""
        if self._told_url not in {"", self.management(now).url}:
            self.pending.add(events.BOOTSTRAP)

    def restart(self, now: float, command_key: str | None = None, takes: float | None = None) -> None:
        """Go down and come up again, as it does or after so many seconds; with a key it is the ACS that wanted it."""
        self.pending.restarted()
        if command_key is not None:
            self.pending.add(events.M_REBOOT, command_key)
        self._agenda.clear()
        self.jobs.clear()
        self._next_periodic = math.inf
        self.retrying.restarted()
        self.back_at = now + (self.chance.between(*self.timing.boot) if takes is None else takes)
        self._agenda.add(self.back_at, self._booted)
        if self._works is not None:
            self._works.restarted(now)

    def factory_reset(self, now: float) -> None:
        """Forget everything, and restart."""
        self.tree.reset()
        self.pending.clear()
        if self._works is not None:
            self._works.was_reset()
        self.notifying.clear()
        self.pending.add(events.BOOTSTRAP)
        self.retrying.over()
        self.restart(now)

    def _booted(self, now: float) -> None:
        self.tree.booted_at = now
        self.pending.add(events.BOOT)
        self._resumed(now)

    def _resumed(self, now: float) -> None:
        self.back_at = -math.inf
        management = self.management(now)
        if management.is_periodic:
            self._next_periodic = now + (management.interval if self.pending else 0.0)

    def _do_what_waited(self, now: float) -> None:
        waiting, self._after_session = self._after_session, []
        for action in waiting:
            action(now)


def _next_beat(last: float, interval: float, now: float) -> float:
    """The next moment of a beat: late calls do not shift those after them (TR-181 PeriodicInformTime)."""
    following = last + interval
    return following if following > now else following + interval * ((now - following) // interval + 1)
