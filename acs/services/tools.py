"""What every service works with, made once by ``acs.server``."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from structlog.typing import FilteringBoundLogger

from acs.logs import Throttle
from acs.metrics import Metrics
from acs.provisioning.quirks import Quirks
from acs.services.endings import Endings
from acs.services.ports import Chance, Clock
from acs.services.vault import Vault
from acs.settings import Settings
from acs.store.contacts import ContactStore
from acs.store.devices import DeviceStore
from acs.store.firmware_images import FirmwareImageStore
from acs.store.operations import OperationStore
from acs.store.parameters import ParameterStore
from acs.store.setting_changes import SettingChangeStore
from acs.store.settings import SettingStore
from acs.store.transfers import TransferStore
from acs.store.type_changes import TypeChangeStore

DEVICES_REMEMBERED: Final = 100_000
"""Of how many devices a process remembers what spares a look-up: all of those that one process is for. Whoever calls in
turn with more finds nothing, for the oldest is forgotten first."""


@dataclass(frozen=True, slots=True)
class Tools:
    """The tool belt."""

    settings: Settings
    clock: Clock
    chance: Chance
    vault: Vault
    metrics: Metrics
    endings: Endings
    log: FilteringBoundLogger
    throttle: Throttle
    contacts: ContactStore
    devices: DeviceStore
    operations: OperationStore
    parameters: ParameterStore
    wanted: SettingStore
    wishes: SettingChangeStore
    transfers: TransferStore
    images: FirmwareImageStore
    type_changes: TypeChangeStore
    is_shared: bool
    """Whether other processes may work on the same database."""

    def complain(self, key: str, event: str, **values: object) -> None:
        """Log what a peer did wrong, a few times a minute."""
        self._tell(self.log.warning, key, event, values)

    def remark(self, key: str, event: str, **values: object) -> None:
        """Log what a peer did that need not be wrong, a few times a minute."""
        self._tell(self.log.info, key, event, values)

    def _tell(self, log: Callable[..., object], key: str, event: str, values: dict[str, object]) -> None:
        suppressed = self.throttle.admit(key, self.clock.monotonic())
        if suppressed is not None:
            more = {"suppressed": suppressed} if suppressed else {}
            log(event, **values, **more)


@lru_cache(maxsize=1024)
def quirks_of(text: str) -> Quirks:
    """The quirks of a device type, as kept."""
    return Quirks.from_dict(json.loads(text))
