"""The heartbeat of a device whose model has a HeartbeatPolicy (TR-181 ManagementServer.HeartbeatPolicy)."""

from typing import TYPE_CHECKING, Final

from cwmp_schemas import events
from simulators.device.management import moment
from simulators.device.numbers import whole_number

if TYPE_CHECKING:
    from simulators.device.cpe import Cpe

_SLOWEST: Final = 86_400.0


def plan(cpe: "Cpe", now: float) -> None:
    """Have the next beat told when it is due: at InitiationTime, and from then on once in each ReportingInterval.

    The standard gives no reference where InitiationTime is unknown: then it is the moment of this.
    """
    action = cpe.beat
    cpe.plans.agenda.cancel(action)
    if _setting(cpe, "Enable", now) not in {"1", "true"}:
        return
    interval = _interval(cpe, now)
    first = moment(_setting(cpe, "InitiationTime", now))
    if first is None:
        at = now + interval
    elif first > now:
        at = first
    else:
        at = first + interval * ((now - first) // interval + 1)
    cpe.plans.agenda.add(at, action)


def beat(cpe: "Cpe", now: float) -> None:
    """Tell the beat, and plan the next."""
    cpe.pending.add(events.HEARTBEAT)
    cpe.plans.agenda.add(now + _interval(cpe, now), cpe.beat)


def _interval(cpe: "Cpe", now: float) -> float:
    seconds = whole_number(_setting(cpe, "ReportingInterval", now))
    return _SLOWEST if seconds is None else max(1.0, float(seconds))


def _setting(cpe: "Cpe", name: str, now: float) -> str:
    return cpe.tree.value(cpe.tree.model.management(f"HeartbeatPolicy.{name}"), now) or ""
