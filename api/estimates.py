"""How long operations usually take."""

from typing import Final

_SECONDS: Final = {"reboot": 180, "factory": 300, "device_factory": 300, "sync": 120, "reconf": 60}
_USUAL: Final = 30


def estimated_seconds(kind: str) -> int:
    """About how many seconds an operation takes with a device that comes when it is called."""
    return _SECONDS.get(kind, _USUAL)
