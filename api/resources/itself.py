"""What the server says of itself: that it is up, whether it can work, and its figures."""

from collections.abc import Sequence

from acs.domain.token import Role
from acs.metrics import CONTENT_TYPE
from acs.services.management import Management
from api.fields import NoQuery, Shown, json_schema_example
from api.problems import Kind, unavailable
from api.routing import Answer, AnyRoute, Ask, Route

_TAG = "Server"


class StateShown(Shown):
    """The state of the server."""

    model_config = json_schema_example({"status": "ready"})

    status: str


class Itself:
    """The routes that tell of the server."""

    def __init__(self, management: Management) -> None:
        self._readiness = management.readiness
        self._metrics = management.tools.metrics
        self._reader = None if management.tools.settings.metrics_open else Role.VIEWER

    @property
    def routes(self) -> Sequence[AnyRoute]:
        """All of them."""
        shown = {200: StateShown}
        return [
            Route("GET", "/health/", None, self.health, "Is it up?", _TAG, answers=shown,
                  description="Answers as long as the process can answer at all; it looks at nothing else."),
            Route("GET", "/ready/", None, self.ready, "Can it work?", _TAG, answers=shown, problems=(Kind.UNAVAILABLE,),
                  description="The database answers and takes changes, its tables are those of this program, and what "
                  "is to be kept is kept. A 503 names in `missing` what is not so; a server that is being stopped is "
                  "not ready."),
            Route("GET", "/metrics", self._reader, self.metrics, "Show the figures", _TAG, answers={200: CONTENT_TYPE},
                  description="In the text format of Prometheus. Each process of a server has figures of its own. "
                  "`AIOACS_METRICS_OPEN` lets whoever reaches the API read them without a token."),
        ]  # fmt: skip

    async def health(self, ask: Ask[NoQuery, None]) -> Answer:
        """Say that the process is up."""
        return Answer(StateShown(status="up"))

    async def ready(self, ask: Ask[NoQuery, None]) -> Answer:
        """Say that it can work, or what it lacks."""
        missing = await self._readiness.missing()
        if missing:
            raise unavailable("; ".join(missing), missing=missing)
        return Answer(StateShown(status="ready"))

    async def metrics(self, ask: Ask[NoQuery, None]) -> Answer:
        """The figures of this process."""
        return Answer(self._metrics.render())
