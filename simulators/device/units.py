"""Changes of deployment units: one operation after the other, each with a result (A.4.1.10, A.4.2.3, A.4.2.4)."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from cwmp_schemas import events
from cwmp_schemas.faults import CpeFault
from cwmp_schemas.rpc.session import Event
from cwmp_schemas.rpc.software import (
    AutonomousDUStateChangeComplete,
    AutonomousOperationResult,
    DeploymentFault,
    DeploymentOperation,
    DUStateChangeComplete,
    InstallOperation,
    OperationResult,
    UninstallOperation,
    UpdateOperation,
)
from simulators.device.deployment import Modules, Package, Unit, is_older, is_uuid, read_package, uuid_of
from simulators.device.errors import RefusedError
from simulators.device.jobs import Outcome, Place, fault_of_fetch, scheme_fault
from simulators.device.pending import OwnRequest
from simulators.device.telling import moment, words

if TYPE_CHECKING:
    from simulators.device.cpe import Cpe

MAX_OPERATIONS: Final = 16
"""How many operations one request may have."""
MAX_REQUESTS: Final = 4
"""How many requests may be under way or wait."""
NO_UUID: Final = "00000000-0000-0000-0000-000000000000"
"""What is told of a unit that never got a UUID; the schema takes nothing else."""
# The results of operations have no codes of their own for these.
_TOLD_AS: Final[Mapping[CpeFault, int]] = {
    CpeFault.INTERNAL_ERROR: int(CpeFault.REQUEST_DENIED),
    CpeFault.TRANSFER_FAILED: int(CpeFault.FILE_NOT_ACCESSIBLE),
}
_NOTHING: Final = Unit("", "", "", "", "", "", is_resolved=False)


class _FailedError(Exception):
    """An operation cannot be done."""

    def __init__(self, fault: CpeFault, unit: Unit = _NOTHING) -> None:
        super().__init__(fault.name)
        self.fault = fault
        self.unit = unit


@dataclass(frozen=True, slots=True)
class Step:
    """An operation on one unit."""

    kind: str
    """``Install``, ``Update`` or ``Uninstall``."""
    unit: Unit = _NOTHING
    """The unit that is there; for an install one that says no more than the UUID."""
    place: Place = field(default_factory=lambda: Place(""))
    """Where the package is."""
    environment: str = ""
    """Where to install it."""


@dataclass(slots=True)
class Change:
    """A request that is not done yet."""

    operations: deque[DeploymentOperation]
    """What is not begun yet."""
    command_key: str | None
    """The request's key; None where the device acts by itself."""
    steps: deque[Step] = field(default_factory=deque)
    """What of the operation begun last is still to be done."""
    results: list[tuple[str, OperationResult]] = field(default_factory=list)
    """What has been done, with the kind of operation."""


class Units:
    """The changes of a device's deployment units."""

    __slots__ = ("_cpe", "_due_at", "_finish", "_modules", "_queue", "_started_at", "_step")

    def __init__(self, cpe: "Cpe") -> None:
        self._cpe = cpe
        self._modules = Modules(cpe.tree)
        self._queue: deque[Change] = deque()
        self._step: Step | None = None
        self._started_at = 0.0
        self._due_at = 0.0
        self._finish: Callable[[float], Unit] | None = None

    def change(self, operations: tuple[DeploymentOperation, ...], command_key: str | None, now: float) -> None:
        """Carry out operations once there is no session; RefusedError if they are too many. Without a key the device
        does so by itself."""
        if len(operations) > MAX_OPERATIONS or len(self._queue) >= MAX_REQUESTS or self._cpe.pending.is_full:
            raise RefusedError(CpeFault.RESOURCES_EXCEEDED, "too many operations")
        self._queue.append(Change(deque(operations), command_key))
        self._arm(now)

    def restarted(self, now: float) -> None:
        """The device goes down: what was under way has failed, the rest goes on once it is up again."""
        step = self._step
        if step is not None:
            if step.unit.path:
                self._modules.set_status(step.unit.path, "Installed")
            fault = CpeFault.DOWNLOAD_INCOMPLETE if self._finish is None else CpeFault.INTERNAL_ERROR
            self._record(step, step.unit, fault, now)
        self._arm(max(now, self._cpe.back_at))

    def was_reset(self) -> None:
        """The device is as it left the factory."""
        self._queue.clear()
        self._step = self._finish = None

    def _arm(self, now: float) -> None:
        if self._finish is not None:
            self._cpe.appoint(self._due_at, self._run)
        elif self._queue and self._step is None:
            self._cpe.appoint(max(now, self._cpe.back_at), self._run)

    def _run(self, now: float) -> None:
        if self._cpe.session is not None:
            self._cpe.after_session(self._arm)
            return
        if self._step is not None and self._finish is not None and self._due_at <= now:
            self._record(self._step, self._finish(now), None, now)
        while self._step is None and self._queue:
            self._go_on(self._queue[0], now)
        self._arm(now)

    def _go_on(self, change: Change, now: float) -> None:
        """Begin what is next; tell that all is done if nothing is."""
        if change.steps:
            self._begin(change.steps.popleft(), now)
        elif change.operations:
            operation = change.operations.popleft()
            try:
                change.steps.extend(self._steps(operation))
            except _FailedError as failed:
                self._started_at = now
                unit = failed.unit
                if not unit.uuid:
                    unit = Unit("", operation.uuid or "", "", "", "", "", is_resolved=False)
                self._record(Step(_KINDS[type(operation)]), unit, failed.fault, now)
        else:
            self._queue.popleft()
            self._tell(change)

    def _steps(self, operation: DeploymentOperation) -> Iterator[Step]:
        """What an operation comes to; _FailedError if it cannot be."""
        if operation.uuid and not is_uuid(operation.uuid):
            raise _FailedError(CpeFault.INVALID_UUID)
        match operation:
            case InstallOperation():
                yield self._install_step(operation)
            case UpdateOperation():
                yield from self._update_steps(operation)
            case UninstallOperation():
                environment = (operation.execution_env_ref or "").removesuffix(".")
                found = self._matching(operation.uuid, operation.version or "")
                found = [each for each in found if environment in {"", each.environment}]
                if not found:
                    raise _FailedError(CpeFault.UNKNOWN_DEPLOYMENT_UNIT)
                for unit in found:
                    yield Step("Uninstall", unit)

    def _install_step(self, operation: InstallOperation) -> Step:
        modules, wanted = self._modules, (operation.execution_env_ref or "").removesuffix(".")
        environments = modules.environments()
        if wanted and wanted not in environments:
            raise _FailedError(CpeFault.UNKNOWN_EXECUTION_ENVIRONMENT)
        chosen = next((each for each in environments if wanted in {"", each} and modules.is_enabled(each)), None)
        if chosen is None:
            raise _FailedError(CpeFault.DISABLED_EXECUTION_ENVIRONMENT)
        unit = Unit("", operation.uuid or "", "", chosen, operation.url, "", is_resolved=False)
        return Step("Install", unit, _place(operation, operation.url), chosen)

    def _update_steps(self, operation: UpdateOperation) -> Iterator[Step]:
        version, url = operation.version or "", operation.url or ""
        if operation.uuid:
            found = self._matching(operation.uuid, version)
        else:
            found = [each for each in self._modules.units() if url in {"", each.url}]
        if not found:
            raise _FailedError(CpeFault.UNKNOWN_DEPLOYMENT_UNIT)
        if operation.uuid and not version and len({each.version for each in found}) > 1:
            raise _FailedError(CpeFault.VERSION_NOT_SPECIFIED, found[0])
        for unit in found:
            yield Step("Update", unit, _place(operation, url or unit.url), unit.environment)

    def _matching(self, uuid: str, version: str) -> list[Unit]:
        units = (each for each in self._modules.units() if each.uuid.lower() == uuid.lower())
        return [each for each in units if version in {"", each.version}]

    def _begin(self, step: Step, now: float) -> None:
        cpe = self._cpe
        self._step, self._started_at = step, now
        if step.unit.path and not self._modules.is_installed(step.unit):
            self._record(step, step.unit, CpeFault.INVALID_DEPLOYMENT_UNIT_STATE, now)
        elif step.kind == "Uninstall":
            self._modules.set_status(step.unit.path, "Uninstalling")
            self._finish_later(partial(self._removed, step), now)
        elif (fault := scheme_fault(step.place.url)) is not None:
            self._record(step, step.unit, fault, now)
        elif cpe.jobs.is_full:
            self._record(step, step.unit, CpeFault.SYSTEM_RESOURCES_EXCEEDED, now)
        else:
            if step.kind == "Update":
                self._modules.set_status(step.unit.path, "Updating")
            cpe.jobs.fetch(step.place, partial(self._fetched, step), "software module")

    def _fetched(self, step: Step, outcome: Outcome, now: float) -> None:
        fault, unit = fault_of_fetch(outcome, 0), step.unit
        package = read_package(outcome.head, outcome.octets, step.place.url)
        if fault is None and package is None:
            fault = CpeFault.FILE_CORRUPTED
        if fault is None and package is not None:
            uuid = step.unit.uuid or uuid_of(package.name, package.vendor)
            fault = self._objection(step, package, uuid)
            if step.kind == "Install":
                unit = replace(unit, uuid=uuid, version=package.version)
            if fault is None:
                made = self._renewed if step.kind == "Update" else self._installed
                self._finish_later(partial(made, step, package, uuid), now)
        if fault is not None:
            if step.kind == "Update":
                self._modules.set_status(unit.path, "Installed")
            self._record(step, unit, fault, now)
        self._arm(now)

    def _objection(self, step: Step, package: Package, uuid: str) -> CpeFault | None:
        """Why a package cannot be put in place."""
        beside = [each for each in self._matching(uuid, package.version) if each.environment == step.environment]
        if not self._modules.suits(step.environment, package):
            return CpeFault.EXECUTION_ENVIRONMENT_MISMATCH
        if step.kind == "Update":
            if beside:
                return CpeFault.VERSION_EXISTS
            return CpeFault.DOWNGRADE_NOT_PERMITTED if is_older(package.version, step.unit.version) else None
        if beside:
            return CpeFault.DUPLICATE_DEPLOYMENT_UNIT
        return None if self._modules.has_room(step.environment, package) else CpeFault.SYSTEM_RESOURCES_EXCEEDED

    def _finish_later(self, finish: Callable[[float], Unit], now: float) -> None:
        self._finish = finish
        self._due_at = now + self._cpe.chance.between(*self._cpe.timing.unit_change)

    def _installed(self, step: Step, package: Package, uuid: str, now: float) -> Unit:
        return self._modules.install(package, uuid, step.environment, step.place.url, now)

    def _renewed(self, step: Step, package: Package, _uuid: str, now: float) -> Unit:
        return self._modules.renew(step.unit.path, package, step.place.url, now)

    def _removed(self, step: Step, _now: float) -> Unit:
        self._modules.remove(step.unit.path)
        return step.unit

    def _record(self, step: Step, unit: Unit, fault: CpeFault | None, now: float) -> None:
        """Keep the result of a step, which is over."""
        self._step = self._finish = None
        is_gone = step.kind == "Uninstall" and fault is None
        result = OperationResult(
            unit.uuid if is_uuid(unit.uuid) else NO_UUID,
            unit.path.removesuffix("."),
            unit.version,
            # What could not be updated or removed is still installed.
            "Uninstalled" if is_gone else "Installed" if unit.path else "Failed",
            unit.is_resolved,
            # Of a unit that is gone those that went with it.
            unit.execution_units,
            moment(self._started_at),
            moment(now),
            DeploymentFault(_TOLD_AS.get(fault, int(fault)), words(fault)) if fault else DeploymentFault(0, ""),
        )
        self._queue[0].results.append((step.kind, result))
        self._cpe.works.journal.note(now, f"modules: {step.kind} of {unit.uuid or 'a unit'}: {result.current_state}")

    def _tell(self, change: Change) -> None:
        """Have the ACS told of all results, in each session until it says that it knows."""
        cpe = self._cpe
        if change.command_key is not None:
            over = (Event(events.DU_STATE_CHANGE_COMPLETE), Event(events.M_CHANGE_DU_STATE, change.command_key))
            results = tuple(result for _, result in change.results)
            cpe.pending.request(OwnRequest(DUStateChangeComplete(results, change.command_key), over))
            return
        policy = cpe.tree.model.management("DUStateChangeComplPolicy.Enable")
        if cpe.tree.value(policy, 0.0) not in {"0", "false"}:
            told = AutonomousDUStateChangeComplete(tuple(_own(kind, result) for kind, result in change.results))
            cpe.pending.request(OwnRequest(told, (Event(events.AUTONOMOUS_DU_STATE_CHANGE_COMPLETE),)))


_KINDS: Final[dict[type, str]] = {
    InstallOperation: "Install",
    UpdateOperation: "Update",
    UninstallOperation: "Uninstall",
}


def _place(operation: InstallOperation | UpdateOperation, url: str) -> Place:
    return Place(url, operation.username or "", operation.password or "")


def _own(kind: str, result: OperationResult) -> AutonomousOperationResult:
    return AutonomousOperationResult(
        result.uuid,
        result.deployment_unit_ref,
        result.version,
        result.current_state,
        result.resolved,
        result.execution_unit_ref_list,
        result.start_time,
        result.complete_time,
        result.fault,
        kind,
    )
