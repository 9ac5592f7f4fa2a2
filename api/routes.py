"""Every route there is."""

from acs.services.management import Management
from api.resources.audit_log import AuditLog
from api.resources.bulks import ManyDevices
from api.resources.device_operations import DeviceOperations
from api.resources.devices import Devices
from api.resources.document import Document
from api.resources.firmware_images import FirmwareImages
from api.resources.headless import Headless
from api.resources.itself import Itself
from api.resources.locations import Locations
from api.resources.organizations import Organizations
from api.resources.settings import Settings
from api.resources.tokens import Tokens
from api.resources.types import Types
from api.resources.variables import DeviceVariables
from api.resources.webhooks import Webhooks
from api.routing import AnyRoute


def routes(management: Management) -> list[AnyRoute]:
    """All of them, in the order of the document."""
    many = ManyDevices(management)
    found: list[AnyRoute] = [
        *Devices(management).routes,
        *DeviceOperations(management).routes,
        *Organizations(management).routes,
        *Locations(management).routes,
        *Types(management).routes,
        *FirmwareImages(management).routes,
        *Tokens(management).routes,
        *AuditLog(management).routes,
        *Webhooks(management).routes,
        *DeviceVariables(management).routes,
        *Settings(management).routes,
        *Headless(management, many).routes,
        *many.routes,
        *Itself(management).routes,
    ]
    return [*found, *Document(found).routes]
