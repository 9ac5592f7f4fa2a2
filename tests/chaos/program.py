"""The server with a door (see ``tests.e2e.crash.operator_server``), and a clock that can be set."""

import time
from typing import Any

from tests.e2e.crash.operator_server import Do, ServerWithDoor, run


class SetClock:
    """The wall of this machine, and what somebody has made of it; nobody can set what is monotonic."""

    monotonic = staticmethod(time.monotonic)

    def __init__(self) -> None:
        self.ahead = 0.0

    def wall(self) -> float:
        """See ``Clock``."""
        return time.time() + self.ahead


class Server(ServerWithDoor):
    """A server whose clock can be set."""

    def __init__(self, *given: Any, **ways: Any) -> None:
        self._set = SetClock()
        super().__init__(*given, **ways, clock=self._set)

    def doing(self) -> dict[str, Do]:
        """See ``ServerWithDoor``."""
        return super().doing() | {"clock": self._set_clock}

    async def _set_clock(self, command: dict[str, Any]) -> dict[str, Any]:
        self._set.ahead = command["ahead"]
        return command


if __name__ == "__main__":
    run(Server)
