"""A device over its whole life: what it has to tell, when it calls, what it does with what the ACS wants."""

import math
from collections.abc import Callable, Collection, Mapping
from typing import Final

from cwmp_schemas import events
from cwmp_schemas.encode import encode
from cwmp_schemas.envelope import Envelope
from cwmp_schemas.faults import AcsFault, CpeFault, Fault
from cwmp_schemas.messages import AcsRequest, CpeResponse, Message, method_of
from cwmp_schemas.rpc.session import Event, GetRPCMethods
from simulators.device import heartbeat, manners
from simulators.device.calling import ACCEPT_ALL, Called, CallPolicy, Calls
from simulators.device.chance import Chance
from simulators.device.diagnostics import concerns
from simulators.device.errors import RefusedError
from simulators.device.identity import Identity
from simulators.device.informing import Informing
from simulators.device.jobs import Job, Jobs, Outcome
from simulators.device.management import Management, Settings
from simulators.device.model import Model
from simulators.device.notifying import Notifying
from simulators.device.pending import OwnRequest, Pending
from simulators.device.plans import Plans
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
    for job in cpe.take_jobs(): ... cpe.job_done(job, outcome, now)
    """

    __slots__ = (
        "_calls",
        "_informing",
        "_settings",
        "_url",
        "_works",
        "back_at",
        "chance",
        "identity",
        "jobs",
        "notifying",
        "pending",
        "plans",
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
        self.plans = Plans()
        """What it has ahead of it."""
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
        self._settings = Settings()
        self._url: str | None = None
        self._works: Works | None = None
        if not is_known:
            self.pending.add(events.BOOTSTRAP)
        self.plans.agenda.add(self.back_at, self._booted if not is_known else self._resumed)

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
        plans = self.plans
        soonest = min(plans.agenda.next_at, plans.periodic.next_at, self.notifying.due_at)
        if self.session is None and self.pending:
            return min(soonest, self.retrying.due_at(has_news=self.pending.has_news))
        return soonest

    def advance(self, now: float) -> bool:
        """Do what is due; whether a session is to be opened now."""
        plans = self.plans
        plans.agenda.run(now)
        if plans.periodic.next_at <= now:
            plans.periodic.called(now)
            self.pending.add(events.PERIODIC)
        if self.notifying.due_at <= now:
            self.notifying.asked_for()
            self.pending.add(events.VALUE_CHANGE)
        return self.wants_session and self.retrying.due_at(has_news=self.pending.has_news) <= now

    def take_jobs(self) -> tuple[Job, ...]:
        """What the driver is to fetch or to send from now on; to be asked after ``advance`` and after a session."""
        return self.jobs.take()

    def job_done(self, job: Job, outcome: Outcome, now: float) -> None:
        """A job has ended; then there may be something to do, to tell or to fetch."""
        self.jobs.done(job, outcome, now)

    def management(self, now: float) -> Management:
        """How it is to call. A URL or login that was changed within a session counts from its end on."""
        return self._settings.at(self.tree, now, in_session=self.session is not None)

    # Sessions.

    def open(self, now: float) -> CpeSession:
        """Open a session; ``begin`` is its first post."""
        if self._settings.revision != self.tree.revision:
            # Read before the session may change them.
            self.management(now)
        self.session = CpeSession(self)
        return self.session

    def session_over(self, now: float) -> None:
        """The session has ended well; that of a device that has lost its power meanwhile is forgotten already."""
        session = self.session
        if session is None:
            return
        self.pending.over()
        if session.refused:
            # What the ACS would not take is not lost, but another session at once would not help.
            self.retrying.postponed(now, self.management(now), self.chance)
            self.pending.wait_for(session.refused)
        else:
            self.retrying.over()
        self._ended("cwmp: session ended", now)

    def session_failed(self, now: float, *, not_before: float = 0.0) -> None:
        """The session has ended before its time; ``not_before`` is when the ACS wants it again (Retry-After)."""
        if self.session is None:
            return
        self.retrying.failed(now, self.management(now), self.chance, not_before)
        self.pending.failed()
        self._ended("cwmp: session failed", now)

    def inform(self, message_id: str, now: float) -> bytes:
        """The envelope that opens a session."""
        return self._informing.post(self, message_id, now)

    def informed(self, now: float) -> list[Event]:
        """The InformResponse has come; gives the events that it acknowledges."""
        done = self.pending.informed(self._informing.told)
        if not self.notifying.is_idle:
            self.notifying.informed(now, self.management(now).throttle)
        if self.quirks.manners.asks_methods and _METHODS not in self.pending.requests:
            self.pending.request(_METHODS)
        return done

    def acknowledged(self, request: OwnRequest, answer: Message, now: float) -> list[Event]:
        """A request of the device is answered; AcsError if that is not what it waits for. Gives the events that this
        acknowledges."""
        if request is _METHODS:
            manners.bear_answer(answer)
        is_refused = isinstance(answer, Fault) and answer.code != AcsFault.METHOD_NOT_SUPPORTED
        # Only the response acknowledges what must never be discarded (table 8); an ACS without the method never will.
        if not is_refused or request.may_be_dropped:
            return self.pending.acknowledged(request)
        return []

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

    def changed_by_itself(self, values: Mapping[str, str], now: float, *, tells_bootstrap: bool = True) -> None:
        """Parameters have new values that the ACS did not set: it is told of those it wants to know about.

        ``due_at`` may be sooner afterwards. ModelError for what the device does not have, or makes when it is read.
        """
        self.notifying.change(self.tree, values, now)
        if not tells_bootstrap:
            self._url = self.management(now).url
        self._take_effect(values, now)

    def after_session(self, action: Callable[[float], None]) -> None:
        """Something to do once the session has ended; each action once."""
        self.plans.after_session(action)

    def appoint(self, at: float, action: Callable[[float], None]) -> None:
        """Something to do at a moment, in place of the one for which it was appointed before; a restart forgets it."""
        self.plans.agenda.move(at, action)

    def wrote(self, paths: Collection[str], now: float) -> None:
        """Parameters have been set by the ACS."""
        if any(map(concerns, paths)):
            self.works.diagnostics.wrote(paths, now)
        self._take_effect(paths, now)

    def beat(self, now: float) -> None:
        """Its heart beats, as the ACS wants it (``heartbeat``)."""
        heartbeat.beat(self, now)

    def restart(self, now: float, command_key: str | None = None, takes: float | None = None) -> None:
        """Go down, and come up again in so many seconds, or in as many as it takes to boot; so does a power cut.

        What is in no lasting memory is gone. With a key it is the ACS that wanted it.
        """
        if self.session is not None:
            self.session.cut()
            self.retrying.failed(now, self.management(now), self.chance, 0.0)
            self.pending.failed()
        self.session = None
        self._settings.session_ended()
        self.pending.restarted()
        self.plans.restarted()
        self.jobs.clear()
        self.retrying.restarted()
        if command_key is not None:
            self.pending.add(events.M_REBOOT, command_key)
        self.back_at = now + (self.chance.between(*self.timing.boot) if takes is None else takes)
        self.plans.agenda.add(self.back_at, self._booted)
        if self._works is not None:
            self._works.restarted(now)

    def factory_reset(self, now: float) -> None:
        """Forget everything, and restart."""
        self.tree.reset()
        if self._works is not None:
            self._works.was_reset()
        self._bootstrap()
        # Whoever the ACS was: it is told once that the device is new.
        self._url = None
        self.retrying.over()
        self.restart(now)

    def _booted(self, now: float) -> None:
        self.tree.booted_at = now
        self._settle(now)
        self.pending.add(events.BOOT)
        self._resumed(now)

    def _resumed(self, now: float) -> None:
        self.back_at = -math.inf
        self._settle(now)
        self.plans.periodic.begin(now, self.management(now), is_due=not self.pending)
        heartbeat.plan(self, now)

    def _take_effect(self, paths: Collection[str], now: float) -> None:
        """See what follows from parameters that have changed: the interval counts at once, the ACS after a session."""
        if not any(path.startswith(self.tree.model.management("")) for path in paths):
            return
        if self.is_on:
            self.plans.periodic.change(now, self.management(now))
            if any("HeartbeatPolicy." in path for path in paths):
                heartbeat.plan(self, now)
        if self.session is None:
            self._settle(now)
        else:
            self.after_session(self._settle)

    def _settle(self, now: float) -> None:
        """See whether the device has another ACS: that one knows nothing of it."""
        url = self.management(now).url
        if self._url not in {None, url}:
            self._bootstrap()
        self._url = url

    def _bootstrap(self) -> None:
        """Be new to the ACS: nothing else is left to be told (table 8)."""
        self.pending.clear()
        self.notifying.clear()
        self.plans.agenda.forget_lasting()
        self.pending.add(events.BOOTSTRAP)

    def _ended(self, what: str, now: float) -> None:
        self.session = None
        self._settings.session_ended()
        if self._works is not None:
            self._works.journal.note(now, what)
        self.plans.session_ended(now)
