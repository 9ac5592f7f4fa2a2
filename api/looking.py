"""Looking whether devices are Up before they are shown, where a query says ``update_status``."""

from collections.abc import Sequence
from typing import Final

from acs.services.status_helpers import StatusHelpers

NOT_REACHED: Final = "X-Status-Not-Reached"
"""Says how many could not be looked at."""
_ONE: Final = 5.0
_MANY: Final = 10.0


async def looked_at(helpers: StatusHelpers, device_ids: Sequence[int]) -> dict[str, str]:
    """Look at devices; what the answer's head says of it."""
    ids = list(dict.fromkeys(device_ids))
    refreshed = await helpers.refresh(ids, within=_MANY if len(ids) > 1 else _ONE)
    return {NOT_REACHED: str(refreshed.unchecked)}
