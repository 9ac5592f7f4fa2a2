"""Every route there is."""

from acs.services.management import Management
from api.resources.document import Document
from api.resources.itself import Itself
from api.resources.organizations import Organizations
from api.routing import AnyRoute


def routes(management: Management) -> list[AnyRoute]:
    """All of them, in the order of the document."""
    found: list[AnyRoute] = [
        *Organizations(management).routes,
        *Itself(management).routes,
    ]
    return [*found, *Document(found).routes]
