"""How a session begins: with an Inform that is made durable, or where another process left it."""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Final

from acs.domain.device import ManagedDevice
from acs.domain.queue import OperationState
from acs.provisioning.quirks import Quirks
from acs.services.calling import COOKIE, Caller
from acs.services.enrol import Admitted, Enrolment
from acs.services.informs import Told, inform_record
from acs.services.live import LiveSession, operation_of
from acs.services.tools import Tools, quirks_of
from acs.services.transfers import Transfers
from acs.services.values import ValueKeeper, print_of, prints_of
from acs.services.work import Work
from acs.session.errors import SnapshotError
from acs.session.limits import SessionLimits
from acs.session.machine import AcsSession
from acs.session.states import State
from acs.store.errors import RecordError
from cwmp_schemas import events
from cwmp_schemas.envelope import Envelope
from cwmp_schemas.rpc.session import DeviceId, Inform

_COOKIE_OCTETS: Final = 16
_PREFIX_OCTETS: Final = 3
# Nearly every session ends as it began, so its first snapshot says only what an Inform does not repeat.
_FRESH: Final = "fresh"
_PERIODIC: Final = (events.PERIODIC,)


@dataclass(frozen=True, slots=True)
class Opened:
    """What came of an Inform."""

    session: LiveSession | None
    """The session; None if there is none, because we speak no common version."""
    answer: Envelope
    """What to answer."""
    quirks: Quirks
    """How to write it."""


@dataclass(frozen=True, slots=True)
class Overtaken:
    """The device was changed, or deleted, since it was admitted: all is to be decided anew."""

    recorded: int | None
    """The device with which the Inform stands recorded all the same; None if it was deleted."""


class Opening:
    """Opens sessions."""

    def __init__(
        self,
        tools: Tools,
        enrolment: Enrolment,
        keeper: ValueKeeper,
        transfers: Transfers,
        new_work: Callable[[LiveSession], Work],
    ) -> None:
        self._tools = tools
        self._enrolment = enrolment
        self._keeper = keeper
        self._transfers = transfers
        self.new_work = new_work
        """Makes the work of a session, once it has any."""

    async def open(
        self,
        caller: Caller,
        admitted: Admitted,
        envelope: Envelope,
        inform: Inform,
        told: Told,
        *,
        recorded: int | None = None,
    ) -> Opened | Overtaken:
        """Begin a session, durably. ``recorded`` is the device with which this Inform was recorded before."""
        tools, device = self._tools, admitted.device
        now, at = tools.clock.monotonic(), tools.clock.wall()
        quirks = quirks_of(device.quirks)
        chance = tools.chance.octets(_COOKIE_OCTETS + _PREFIX_OCTETS).hex()
        machine = AcsSession(now, limits=self._limits(quirks), id_prefix=f"{chance[-2 * _PREFIX_OCTETS :]}-")
        answer = machine.receive(envelope, now)
        if answer is None:
            raise AssertionError("an Inform is answered")
        machine.events()
        if machine.state is State.ENDED:
            return Opened(None, answer, quirks)
        # With the device's row before it a session is found again without an index.
        cookie = f"{device.id}-{chance[: 2 * _COOKIE_OCTETS]}"
        session = LiveSession(machine, device, quirks, cookie=cookie, address=caller.address, started=now)
        prints = prints_of(inform.parameter_list)
        is_reset = told.is_bootstrap or admitted.admission.is_reset
        if is_reset:
            self._keeper.forget(device.id)
        news = await self._keeper.keep_news(device.id, inform.parameter_list, prints)
        record = inform_record(
            device,
            inform,
            told,
            tools.settings,
            at=at,
            address=caller.address,
            cwmp_version=f"1.{envelope.minor or 0}",
            session_key=session_key(cookie),
            lease_until=at + session.time_left(now),
            snapshot=f"{_FRESH} {envelope.minor or 0} {envelope.session_timeout or 0}",
            news=news,
            is_repeated=recorded == device.id,
            is_reset=is_reset,
        )
        try:
            met = await tools.contacts.record_inform(record)
        except RecordError:
            tools.parameters.forget_numbers()
            if await tools.devices.by_id(device.id) is not None:
                raise
            # What it said of itself had no device any more to stand with.
            met = None
        for public_id in () if met is None else met.proven:
            tools.endings.ended(public_id, "", OperationState.COMPLETED.value)
        if met is None or met.revision != device.revision:
            # Somebody has changed or deleted the device since it was looked up.
            self._enrolment.forget(device)
            return Overtaken(None if met is None else device.id)
        if news.fence is not None and met.fence != news.fence:
            # Another process spoke with the device since: what it last said here may not be what is kept.
            everything = await self._keeper.keep(device.id, inform.parameter_list)
            await tools.parameters.record(device.id, met.fence, everything, at)
            await tools.contacts.expect(device.id, at, record.down_after)
        if record.description is not None or told.interval not in {None, device.inform_interval}:
            # What it said holds for the Informs, too, that do not tell it.
            self._enrolment.forget(device)
        self._keeper.remember(device.id, met.fence, inform.parameter_list, prints, at + record.down_after)
        session.fence = met.fence
        session.told = print_of(inform, prints)
        session.codes = told.codes
        session.has_operations = met.has_operations
        session.settings_due = met.settings_due
        session.credentials_due = met.credentials_due
        session.base_url = caller.base_url
        session.booted_at = met.booted_at
        await self._enrolment.admitted(admitted)
        is_news = told.codes != _PERIODIC or told.software != device.software_version
        if told.software is not None and is_news:
            await self._transfers.prove_by_version(device, told.software)
        tools.metrics.sessions_opened.inc()
        tools.metrics.informed(told.codes)
        return Opened(session, answer, quirks)

    async def is_open(self, caller: Caller) -> bool:
        """Whether there is a session of the caller's to resume; it is left where it is."""
        contacts, at = self._tools.contacts, self._tools.clock.wall()
        for device_id, cookie in _cookies_of(caller):
            if await contacts.find_session(device_id, session_key(cookie), at) is not None:
                return True
        return False

    async def resume(self, caller: Caller) -> LiveSession | None:
        """A session that another worker has, or that this one had before it was started anew."""
        tools = self._tools
        for device_id, cookie in _cookies_of(caller):
            at, now = tools.clock.wall(), tools.clock.monotonic()
            found = await tools.contacts.find_session(device_id, session_key(cookie), at)
            device = await tools.devices.by_id(device_id) if found is not None else None
            if found is None or device is None or not device.is_active or device.is_quarantined:
                continue
            fence, snapshot, booted_at = found
            quirks = quirks_of(device.quirks)
            restored = self._restored(device, snapshot, now, self._limits(quirks))
            taken = None if restored is None else await tools.contacts.take_over(device_id, fence, at)
            if restored is None or taken is None:
                continue
            machine, operation_id = restored
            session = LiveSession(machine, device, quirks, cookie=cookie, address=caller.address, started=now)
            session.fence = taken
            session.base_url = caller.base_url
            session.leased_until = now
            session.booted_at = booted_at
            # What was due is not kept: it is looked for.
            session.has_operations = session.settings_due = True
            # Only a device that was to get logins gets them: another one would have to log in from then on.
            session.credentials_due = await tools.contacts.credentials_due(device_id)
            session.work = self.new_work(session)
            session.roams = True
            await session.work.adopt(fence, operation_id)
            return session
        return None

    async def is_elsewhere(self, session: LiveSession) -> bool:
        """Whether another process has gone on with a session of ours."""
        tools, device_id = self._tools, session.device.id
        found = await tools.contacts.find_session(device_id, session_key(session.cookie), tools.clock.wall())
        return found is not None and found[0] != session.fence

    def _restored(
        self, device: ManagedDevice, snapshot: str, now: float, limits: SessionLimits
    ) -> tuple[AcsSession, int] | None:
        """The session of a snapshot, and the operation that it names."""
        kind, _, rest = snapshot.partition(" ")
        try:
            if kind != _FRESH:
                kept = json.loads(snapshot)
                return AcsSession.restore(kept, now, limits=limits), operation_of(kept)
            minor, timeout = (int(number) for number in rest.split(" "))
        except (SnapshotError, ValueError) as error:
            self._tools.complain("snapshot", "a session cannot be continued", device=device.name, reason=str(error))
            return None
        identity = device.identity
        who = DeviceId(device.manufacturer, identity.oui, identity.product_class, identity.serial_number)
        inform = Inform(who, (), 1, datetime.fromtimestamp(0, UTC), 0, ())
        prefix = f"{self._tools.chance.octets(_PREFIX_OCTETS).hex()}-"
        machine = AcsSession(now, limits=limits, id_prefix=prefix)
        machine.receive(Envelope(None, inform, minor, session_timeout=timeout), now)
        machine.events()
        return machine, 0

    def _limits(self, quirks: Quirks) -> SessionLimits:
        settings = self._tools.settings
        idle = quirks.session_timeout or settings.idle_timeout
        return _limits(idle, settings.session_timeout, quirks.rpcs_per_session)


@cache
def _limits(idle: float, whole: float, rpcs: int | None) -> SessionLimits:
    """Made once: types with the same limits share them."""
    return SessionLimits(idle_timeout=idle, session_timeout=whole, rpcs=rpcs)


def _cookies_of(caller: Caller) -> Iterator[tuple[int, str]]:
    """What may be cookies of ours, with the devices that they name."""
    for cookie in caller.cookies:
        row, dash, _ = cookie.partition("-")
        if dash and row.isascii() and row.isdigit() and len(row) <= 18:
            yield int(row), cookie


def session_key(cookie: str) -> str:
    """What a session is found by in the store: whoever reads the store cannot make the cookie of it."""
    return hashlib.sha256(cookie.encode("ascii", "replace")).hexdigest()


def set_cookie(session: LiveSession, *, is_secure: bool) -> tuple[str, str]:
    """The header that gives a device its session. AMIT AX-1122 drops a cookie without Path=/."""
    attributes = "; Path=/"
    if not session.quirks.no_http_only_cookie:
        attributes += "; HttpOnly"
    if is_secure:
        attributes += "; Secure"
    return "Set-Cookie", f"{COOKIE}={session.cookie}{attributes}"
