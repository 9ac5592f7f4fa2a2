"""What the management API works with."""

from dataclasses import dataclass

from acs.services.bulks import Bulks
from acs.services.device_settings import DeviceSettings
from acs.services.device_types import DeviceTypes
from acs.services.finding import DeviceFinder
from acs.services.firmware import FirmwareShelf
from acs.services.inventory import Inventory
from acs.services.notifications import Notifications
from acs.services.operations import Operations
from acs.services.readiness import Readiness
from acs.services.status_helpers import StatusHelpers
from acs.services.tools import Tools
from acs.services.variables import Variables
from acs.services.wake import Waker
from acs.services.wanted import WantedSettings
from acs.store.audit import AuditStore
from acs.store.database import Database
from acs.store.idempotency import IdempotencyStore
from acs.store.locations import LocationStore
from acs.store.operation_list import OperationListStore
from acs.store.organizations import OrganizationStore
from acs.store.tokens import TokenStore


@dataclass(frozen=True, slots=True)
class Management:
    """Services and stores, joined by the composition root."""

    tools: Tools
    database: Database
    organizations: OrganizationStore
    locations: LocationStore
    types: DeviceTypes
    firmware: FirmwareShelf
    tokens: TokenStore
    audit: AuditStore
    idempotency: IdempotencyStore
    operations: Operations
    bulks: Bulks
    operation_list: OperationListStore
    wanted: WantedSettings
    settings: DeviceSettings
    variables: Variables
    waker: Waker
    helpers: StatusHelpers
    notifications: Notifications
    finder: DeviceFinder
    inventory: Inventory
    readiness: Readiness
