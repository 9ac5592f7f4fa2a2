"""The open sessions of this process, and how a post finds its own."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from acs.domain.contact import HistoryEntry
from acs.domain.device import ManagedDevice
from acs.provisioning.quirks import Quirks
from acs.services.calling import Caller, Link
from acs.services.login import Login
from acs.session.machine import AcsSession
from acs.session.states import State

if TYPE_CHECKING:
    from acs.services.work import Work

_OPERATION: Final = "operation"
MAX_WAITING: Final = 2
"""How many posts of one session may wait for the one before."""


class LiveSession:
    """A session with a device, and everything that is only needed while it lasts."""

    __slots__ = (
        "address",
        "base_url",
        "booted_at",
        "codes",
        "cookie",
        "credentials_due",
        "device",
        "fence",
        "has_operations",
        "has_sent_secrets",
        "heard_at",
        "is_forgotten",
        "is_told",
        "leased_until",
        "link",
        "lock",
        "machine",
        "noted",
        "posts",
        "quirks",
        "roams",
        "rpc_sent_at",
        "settings_due",
        "settings_revision",
        "started",
        "told",
        "waiting",
        "work",
    )

    def __init__(
        self, machine: AcsSession, device: ManagedDevice, quirks: Quirks, *, cookie: str, address: str, started: float
    ) -> None:
        self.machine = machine
        self.device = device
        self.quirks = quirks
        self.cookie = cookie
        self.address = address
        self.started = started
        self.leased_until = machine.deadline() or started
        self.fence = 0
        self.is_forgotten = False
        self.is_told = False
        # The events of its Inform; none are known of a session that another process began.
        self.codes: tuple[str, ...] = ()
        self.has_operations = False
        # Of a device that is being debugged: faults may quote them.
        self.has_sent_secrets = False
        self.settings_due = False
        # Of what it is to have, when that was last looked at.
        self.settings_revision = 0
        self.credentials_due = False
        self.work: Work | None = None
        self.lock = asyncio.Lock()
        self.waiting = 0
        self.posts = 1
        self.rpc_sent_at = started
        self.heard_at = started
        self.link: Link | None = None
        # Whether it does not stay on its connection, so that its next post may come to another process.
        self.roams = False
        self.noted: set[HistoryEntry] = set()
        self.base_url = ""
        # What its Inform said, as a number.
        self.told = 0
        self.booted_at: float | None = None

    @property
    def outlasts_lease(self) -> bool:
        """Whether it goes on for longer than was kept."""
        return self.may_work and self.leased_until < (self.machine.deadline() or 0.0)

    def time_left(self, now: float) -> float:
        """For how long it may still be silent."""
        deadline = self.machine.deadline()
        return 0.0 if deadline is None else deadline - now

    def held(self, now: float, at: float, operation_id: int = 0) -> dict[str, Any]:
        """What to keep of it, so that nobody takes it for lost until it may be.

        Whoever goes on with it takes the answer to the request that is out for the operation's, if one is named.
        """
        self.leased_until = self.machine.deadline() or now
        kept = {**self.machine.snapshot(now), _OPERATION: operation_id}
        return {"lease_until": at + self.time_left(now), "snapshot": json.dumps(kept)}

    def starts_until(self, at: float) -> float | None:
        """Until when the device is starting and would refuse to be changed (Baicells, 600 s); None if it is not."""
        delay = self.quirks.config_delay
        if not delay or self.booted_at is None or at >= self.booted_at + delay:
            return None
        return self.booted_at + delay

    @property
    def has_something(self) -> bool:
        """Whether there may be anything to do that is not begun."""
        return self.has_operations or self.settings_due or self.credentials_due

    @property
    def may_end_at_once(self) -> bool:
        """Whether an empty post would end it, with nothing to be made durable."""
        is_free = self.work is None and not self.has_something and not self.lock.locked() and not self.is_over
        return is_free and self.machine.state is State.CPE_TURN and not self.device.debug

    @property
    def may_work(self) -> bool:
        """Whether an RPC may still go out."""
        return self.machine.state not in {State.CLOSING, State.ENDED}

    @property
    def is_over(self) -> bool:
        """Whether nothing more can come of it; posts that were waiting may still find that out."""
        return self.is_forgotten or self.machine.state is State.ENDED


def operation_of(snapshot: Mapping[str, object]) -> int:
    """The operation that a snapshot names; 0 for none."""
    found = snapshot.get(_OPERATION)
    return found if isinstance(found, int) else 0


class SessionTable:
    """Finds sessions by cookie, by connection, by address and by device. One for each device at most."""

    def __init__(self) -> None:
        self._by_cookie: dict[str, LiveSession] = {}
        self._by_device: dict[int, LiveSession] = {}
        self._by_address: dict[str, set[LiveSession]] = {}

    def __len__(self) -> int:
        """How many sessions are open."""
        return len(self._by_cookie)

    def __iter__(self) -> Iterator[LiveSession]:
        """The sessions, as they are now."""
        return iter(list(self._by_cookie.values()))

    def add(self, session: LiveSession) -> LiveSession | None:
        """Let a session be found; the one that has to go for it, if any. That may be itself: another one of the device
        has begun since.
        """
        other = self._by_device.get(session.device.id)
        if other is not None and other.fence > session.fence:
            return session
        self._by_cookie[session.cookie] = session
        self._by_device[session.device.id] = session
        self._by_address.setdefault(session.address, set()).add(session)
        return other

    def remove(self, session: LiveSession) -> None:
        """Let it be found no more."""
        if self._by_cookie.get(session.cookie) is session:
            del self._by_cookie[session.cookie]
        if self._by_device.get(session.device.id) is session:
            del self._by_device[session.device.id]
        neighbours = self._by_address.get(session.address)
        if neighbours is not None:
            neighbours.discard(session)
            if not neighbours:
                del self._by_address[session.address]
        if session.link is not None and session.link.session is session:
            session.link.session = None

    def of_device(self, device_id: int) -> LiveSession | None:
        """The session of a device."""
        return self._by_device.get(device_id)

    def find(self, caller: Caller) -> LiveSession | None:
        """The session that a post belongs to: by its cookie; else by the connection, if that never carried another's
        session and no proxy pools it; else by the address, where the only session of that address allows it.
        """
        for cookie in caller.cookies:
            session = self._by_cookie.get(cookie)
            if session is not None:
                return session
        link = caller.link
        if link.session is not None and not link.is_shared and not link.is_proxy:
            return link.session
        neighbours = self._by_address.get(caller.address, ())
        if len(neighbours) == 1:
            (only,) = neighbours
            if only.quirks.session_by_address:
                return only
        return None

    @staticmethod
    def attach(session: LiveSession, link: Link) -> None:
        """Note that a connection carries a session."""
        if link.session is session:
            return
        session.roams |= session.link is not None
        if link.device_id is not None and link.device_id != session.device.id:
            link.is_shared = True
        link.session, link.device_id = session, session.device.id
        session.link = link


@dataclass(slots=True, eq=False)
class Entry:
    """A caller that may send a body."""

    session: LiveSession | None
    """The session it belongs to, if that is here."""
    login: Login | None
    """What is known of its credentials; None if it was let in for its session, here or in another process."""
    max_body: int
    """How large its body may be, after decompression."""
