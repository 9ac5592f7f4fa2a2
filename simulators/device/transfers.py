"""Files that the ACS wants fetched or sent, until it is told how that ended (A.3.2.8, A.4.1.5, A.4.1.8).

One transfer at a time is under way, outside sessions only. The queue outlives restarts (A.3.2.8).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, IntEnum
from functools import partial
from typing import TYPE_CHECKING, Final

from cwmp_schemas import events
from cwmp_schemas.faults import CpeFault
from cwmp_schemas.messages import CpeRequest
from cwmp_schemas.rpc.session import Event
from cwmp_schemas.rpc.transfers import (
    AutonomousTransferComplete,
    FileTypeArgument,
    RequestDownload,
    TransferComplete,
    TransferFault,
)
from simulators.device import files, manners
from simulators.device.errors import RefusedError
from simulators.device.jobs import Outcome, Place, fault_of_fetch, fault_of_sending
from simulators.device.pending import OwnRequest
from simulators.device.telling import moment, words
from simulators.device.windows import RETRY_AFTER, Window

if TYPE_CHECKING:
    from simulators.device.cpe import Cpe

MAX_QUEUED: Final = 10
"""How many transfers may wait; A.3.2.8 asks for three."""
_BUSY: Final = 10.0
# What is beyond came with CWMP 1.1; before, 9010 and 9011 stood for all of it.
_LAST_FAULT_OF_1_0: Final = CpeFault.UNSUPPORTED_PROTOCOL


class Method(Enum):
    """Who wanted a transfer, by the event that tells its end."""

    DOWNLOAD = events.M_DOWNLOAD
    UPLOAD = events.M_UPLOAD
    SCHEDULE_DOWNLOAD = events.M_SCHEDULE_DOWNLOAD
    AUTONOMOUS = events.AUTONOMOUS_TRANSFER_COMPLETE


class Stage(IntEnum):
    """How far a transfer has come, as GetQueuedTransfers says it."""

    WAITING = 1
    UNDER_WAY = 2
    FINISHING = 3


@dataclass(frozen=True, slots=True)
class Wish:
    """A transfer as it was asked for."""

    method: Method
    """By whom."""
    file_type: str
    """Such as ``1 Firmware Upgrade Image``."""
    place: Place
    """Where the file is or goes to."""
    command_key: str = ""
    """Comes back with the result; empty where the ACS has not asked."""
    is_download: bool = True
    """Or else an upload."""
    file_size: int = 0
    """In octets; 0 when unknown."""
    target_name: str = ""
    """How the file is to be called on the device."""
    announced_at: str = ""
    """Where a device that acts by itself learnt of the file."""


@dataclass(slots=True, eq=False)
class Transfer:
    """A transfer that is not over."""

    wish: Wish
    """What was asked for."""
    due_at: float
    """When it is to begin, or when its file is in use."""
    windows: tuple[Window, ...] = ()
    """Of a scheduled one: the current window first."""
    stage: Stage = Stage.WAITING
    """How far it has come."""
    tries: int = 0
    """How often it was begun in the current window."""
    started_at: float = 0.0
    """When it was begun."""
    head: bytes = field(default=b"", repr=False)
    """How the file begins."""
    fault: CpeFault | None = None
    """Why the last try failed."""
    end: tuple[int, float] | None = None
    """The fault code, 0 for none, and the moment: of one that is over while the answer to its request waits for it."""

    @property
    def closes_at(self) -> float:
        """When it has to be over."""
        return self.windows[0].closes_at if self.windows else float("inf")


class Transfers:
    """The queue of a device."""

    __slots__ = ("_cpe", "_held", "_queue", "installed")

    def __init__(self, cpe: "Cpe") -> None:
        self._cpe = cpe
        self._queue: list[Transfer] = []
        self._held: Transfer | None = None
        self.installed: Mapping[str, str] = {}
        """What firmware has changed for good: not even a factory reset takes it back."""

    @property
    def queue(self) -> tuple[Transfer, ...]:
        """All that are not over, in the order in which they were asked for."""
        return tuple(self._queue)

    def add(self, wish: Wish, delay: float, now: float, windows: tuple[Window, ...] = ()) -> None:
        """Put a transfer into the queue; RefusedError if it is full."""
        if len(self._queue) >= MAX_QUEUED or self._cpe.pending.is_full:
            raise RefusedError(CpeFault.RESOURCES_EXCEEDED, "too many transfers are waiting, or their ends to be told")
        due_at = windows[0].begins_at if windows else now + delay
        self._queue.append(Transfer(wish, due_at, windows))
        self._cpe.works.journal.note(now, f"cwmp: {wish.file_type!r} queued")
        self.arm(now)

    def begin_within(self, now: float) -> Transfer | None:
        """Begin the transfer that was added last within the session, to have ``settle`` say what came of it; None if
        another is under way."""
        if self._held is not None or any(each.stage is not Stage.WAITING for each in self._queue):
            return None
        self._held = transfer = self._queue[-1]
        self._cpe.after_session(self._let_go)
        self._begin(transfer, now)
        return transfer

    def settle(self, transfer: Transfer, now: float) -> tuple[datetime, datetime] | None:
        """When a transfer that was begun within the session was started and done; None if it is still to come, and
        RefusedError if it has failed."""
        is_stored = transfer.stage is Stage.FINISHING and not files.needs_restart(transfer.wish.file_type)
        if is_stored and transfer in self._queue and transfer.due_at <= now:
            self._put_to_use(transfer, now)
        self._held = None
        if transfer.end is None:
            return None
        code, completed = transfer.end
        if code:
            raise RefusedError(code, words(CpeFault(code)))
        return moment(transfer.started_at), moment(completed)

    def transfer_by_itself(self, wish: Wish, now: float) -> None:
        """Begin a transfer that the ACS has not asked for; the driver calls ``advance`` afterwards."""
        self.add(wish, 0.0, now)

    def request_download(self, file_type: str, arguments: Iterable[tuple[str, str]], now: float) -> None:
        """Ask the ACS for a file (A.4.2.2)."""
        if self._cpe.pending.is_full:
            return
        wanted = RequestDownload(file_type, tuple(FileTypeArgument(*each) for each in arguments))
        self._cpe.pending.request(OwnRequest(wanted, (Event(events.REQUEST_DOWNLOAD),)))

    def cancel(self, command_key: str) -> None:
        """Forget the transfers with a key; RefusedError if there is none, or one of them has begun."""
        meant = [each for each in self._queue if each.wish.command_key == command_key]
        meant = [each for each in meant if each.wish.method is not Method.AUTONOMOUS]
        if not meant or any(each.stage is not Stage.WAITING for each in meant):
            what = "it has begun" if meant else "no such transfer"
            raise RefusedError(CpeFault.CANCEL_NOT_PERMITTED, f"Cancelation not permitted: {what}")
        self._queue = [each for each in self._queue if each not in meant]

    def arm(self, now: float) -> None:
        """Have ``run`` called when there is something to do."""
        # While it is off there is nothing to do.
        now = max(now, self._cpe.back_at)
        idle = all(each.stage is Stage.WAITING for each in self._queue)
        due = [
            min(each.due_at, each.closes_at)
            for each in self._queue
            if each.stage is Stage.FINISHING or (idle and each.stage is Stage.WAITING)
        ]
        if due:
            self._cpe.appoint(max(now, min(due)), self.run)

    def run(self, now: float) -> None:
        """Do what is due."""
        if self._cpe.session is not None:
            self._cpe.after_session(self.arm)
            return
        for transfer in self.queue:
            if transfer.stage is Stage.WAITING and transfer.closes_at <= now:
                self._missed(transfer, now)
            if transfer.due_at > now or transfer not in self._queue:
                continue
            if transfer.stage is Stage.FINISHING:
                self._put_to_use(transfer, now)
                if not self._cpe.is_on:
                    return
            elif all(each.stage is Stage.WAITING for each in self._queue):
                self._begin(transfer, now)
        self.arm(now)

    def restarted(self, now: float) -> None:
        """The device goes down: what was under way is cut off, what was stored is in use once it is up again."""
        self._held = None
        up_at = max(now, self._cpe.back_at)
        for transfer in self.queue:
            if transfer.stage is Stage.UNDER_WAY:
                download = transfer.wish.is_download
                self._failed(transfer, CpeFault.DOWNLOAD_INCOMPLETE if download else CpeFault.UPLOAD_FAILED, now)
            elif transfer.stage is Stage.FINISHING:
                self._queue.remove(transfer)
                self._tell(transfer, self._adopted(transfer, up_at), up_at)
        self.arm(up_at)

    def was_reset(self) -> None:
        """The device has forgotten everything but the firmware it runs."""
        self._queue.clear()
        self._held = None
        if self.installed:
            self._cpe.tree.write(self.installed)

    def _let_go(self, now: float) -> None:
        """The session is over before the answer was given: the end is told as usual."""
        transfer, self._held = self._held, None
        if transfer is not None and transfer.end is not None:
            code, completed = transfer.end
            self._tell(transfer, CpeFault(code) if code else None, completed)
        self.arm(now)

    def _begin(self, transfer: Transfer, now: float) -> None:
        cpe, wish = self._cpe, transfer.wish
        if cpe.jobs.is_full:
            transfer.due_at = now + _BUSY
            return
        transfer.stage = Stage.UNDER_WAY
        transfer.tries += 1
        transfer.started_at = now
        if wish.is_download:
            cpe.jobs.fetch(wish.place, partial(self._fetched, transfer), wish.file_type)
        else:
            name, body = files.file_to_send(cpe, wish.file_type, now)
            cpe.jobs.send(wish.place, body, name, partial(self._sent, transfer), wish.file_type)

    def _fetched(self, transfer: Transfer, outcome: Outcome, now: float) -> None:
        cpe, wish = self._cpe, transfer.wish
        transfer.started_at = outcome.started_at
        fault = fault_of_fetch(outcome, wish.file_size) or files.fault_of_file(cpe, wish.file_type, outcome)
        if fault is not None:
            self._failed(transfer, fault, now)
        else:
            transfer.head = outcome.head
            transfer.stage = Stage.FINISHING
            transfer.due_at = now + cpe.chance.between(*cpe.timing.apply)
            if transfer.due_at > transfer.closes_at:
                self._failed(transfer, CpeFault.TIME_WINDOW_MISSED, now)
        self.arm(now)

    def _sent(self, transfer: Transfer, outcome: Outcome, now: float) -> None:
        transfer.started_at = outcome.started_at
        fault = fault_of_sending(outcome)
        self._queue.remove(transfer)
        self._tell(transfer, fault, outcome.completed_at)
        self.arm(now)

    def _put_to_use(self, transfer: Transfer, now: float) -> None:
        self._queue.remove(transfer)
        fault = self._adopted(transfer, now)
        if fault is None and files.needs_restart(transfer.wish.file_type):
            self._cpe.restart(now)
            now = max(now, self._cpe.back_at)
        self._tell(transfer, fault, now)

    def _adopted(self, transfer: Transfer, now: float) -> CpeFault | None:
        wish = transfer.wish
        names = (wish.target_name, wish.place.url)
        try:
            changes = files.changes_by(self._cpe, wish.file_type, transfer.head, names)
        except RefusedError as refused:
            return CpeFault(refused.fault.code)
        if changes:
            tells_bootstrap = not self._cpe.quirks.manners.no_bootstrap_after_config
            self._cpe.changed_by_itself(changes, now, tells_bootstrap=tells_bootstrap)
            if files.needs_restart(wish.file_type):
                self.installed = {**self.installed, **changes}
        return None

    def _failed(self, transfer: Transfer, fault: CpeFault, now: float) -> None:
        """Once is enough (A.3.2.8), but for a scheduled one, which has retries in each of its windows."""
        transfer.fault = fault
        transfer.stage = Stage.WAITING
        windows = transfer.windows
        if windows and transfer.tries <= windows[0].retries and now + RETRY_AFTER < transfer.closes_at:
            transfer.due_at = now + RETRY_AFTER
            return
        self._next_window(transfer, now)

    def _missed(self, transfer: Transfer, now: float) -> None:
        while transfer in self._queue and transfer.closes_at <= now:
            self._next_window(transfer, now)

    def _next_window(self, transfer: Transfer, now: float) -> None:
        transfer.windows, transfer.tries = transfer.windows[1:], 0
        if transfer.windows:
            transfer.due_at = transfer.windows[0].begins_at
            return
        self._queue.remove(transfer)
        self._tell(transfer, transfer.fault or CpeFault.TIME_WINDOW_MISSED, now)

    def _tell(self, transfer: Transfer, fault: CpeFault | None, now: float) -> None:
        """Have the ACS told how it ended, in each session until it says that it knows (3.7.1.5)."""
        cpe, wish = self._cpe, transfer.wish
        if fault is not None and fault > _LAST_FAULT_OF_1_0 and not cpe.quirks.namespace:
            fault = CpeFault.TRANSFER_FAILED if wish.is_download else CpeFault.UPLOAD_FAILED
        result = TransferFault(int(fault or 0), "" if fault is None else words(fault))
        if not wish.is_download:
            result = manners.upload_result(cpe.quirks.manners, result)
        cpe.works.journal.note(now, f"cwmp: {wish.file_type!r} {'done' if fault is None else words(fault)}")
        if transfer is self._held:
            transfer.end = (result.fault_code, now)
            return
        started, completed = moment(transfer.started_at), moment(now)
        if wish.method is Method.AUTONOMOUS:
            self._tell_of_own(wish, result, started, completed)
            return
        message = manners.request(cpe.quirks.manners, TransferComplete(wish.command_key, result, started, completed))
        if message is not None:
            over = (Event(events.TRANSFER_COMPLETE), Event(wish.method.value, wish.command_key))
            cpe.pending.request(OwnRequest(message, over))

    def _tell_of_own(self, wish: Wish, result: TransferFault, started: datetime, completed: datetime) -> None:
        policy = self._cpe.tree.model.management("AutonomousTransferCompletePolicy.Enable")
        if self._cpe.tree.value(policy, completed.timestamp()) in {"0", "false"}:
            return
        told: CpeRequest = AutonomousTransferComplete(
            wish.announced_at,
            wish.place.url,
            wish.is_download,
            wish.file_type,
            wish.file_size,
            wish.target_name,
            result,
            started,
            completed,
        )
        self._cpe.pending.request(OwnRequest(told, (Event(events.AUTONOMOUS_TRANSFER_COMPLETE),)))
