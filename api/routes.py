"""Every route there is."""

from acs.services.management import Management
from api.resources.organizations import Organizations
from api.routing import AnyRoute


def routes(management: Management) -> list[AnyRoute]:
    """All of them, in the order of the document."""
    return [
        *Organizations(management).routes,
    ]
