"""How the end of what took a device time is told: of transfers, and of changes of software modules."""

from datetime import UTC, datetime

from cwmp_schemas.faults import CpeFault


def words(fault: CpeFault) -> str:
    """What a fault says."""
    return fault.name.replace("_", " ").capitalize()


def moment(now: float) -> datetime:
    """When something was; messages tell whole seconds."""
    return datetime.fromtimestamp(int(now), UTC)
