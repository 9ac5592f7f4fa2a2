"""What a function that carries out an RPC looks like."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from cwmp_schemas.messages import CpeResponse

if TYPE_CHECKING:
    from simulators.device.cpe import Cpe

Handler = Callable[["Cpe", Any, float], CpeResponse]
"""The device, the RPC and the moment; RefusedError is a fault."""
