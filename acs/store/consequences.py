"""What follows from a session's work, as steps of the unit that ends it.

Each step tests the fence by itself. On PostgreSQL another worker may raise it between two of them, so the unit begins
with the lock: what comes after it takes effect as a whole, or not at all.
"""

from typing import Final

from acs.domain.settlement import Consequences
from acs.store.parameters import gone_step, value_steps
from acs.store.settings import settings_steps
from acs.store.statements import Step, batch
from acs.store.transfers import transfer_steps

_LOCK: Final = batch("contact", "lock")
_ADD_HISTORY: Final = batch("history", "add_in_session")
_SET_UPDATE_FREQUENCY: Final = batch("device", "set_update_frequency")
_SET_INFORM_INTERVAL: Final = batch("contact", "set_inform_interval")
_REVISE: Final = batch("device", "revise")


def lock_step(device_id: int, fence: int) -> Step:
    """The step that holds a session's device; without a row another session has begun. It tells if operations wait."""
    return _LOCK, [(device_id, fence)]


def consequence_steps(device_id: int, fence: int, consequences: Consequences, at: float) -> tuple[Step, ...]:
    """The steps that keep what follows. Those without rows are never run."""
    seconds, rhythm = consequences.update_frequency, consequences.rhythm
    return (
        *value_steps(device_id, fence, consequences.values, at),
        gone_step(device_id, fence, consequences.gone),
        (
            _ADD_HISTORY,
            [
                (device_id, fence, at, each.kind, each.subject, each.old, each.new, each.actor)
                for each in consequences.history
            ],
        ),
        *settings_steps(device_id, fence, consequences.settings, at),
        (_SET_UPDATE_FREQUENCY, [] if seconds is None else [(device_id, fence, seconds, at)]),
        (
            _SET_INFORM_INTERVAL,
            [] if rhythm is None else [(device_id, fence, rhythm.interval, rhythm.down_after, at)],
        ),
        # Whoever remembers the device is to look again.
        (_REVISE, [] if rhythm is None else [(device_id, fence)]),
        *transfer_steps(device_id, fence, consequences.transfer, at),
    )
