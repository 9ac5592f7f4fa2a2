"""What operators do with many devices at once: requests for all of a type, and a firmware campaign."""

from dataclasses import dataclass, field
from typing import Any, Final

from simulators.report.document import Expectation
from tests.chaos.endurance.campaign import Campaign
from tests.chaos.endurance.fleet import Sort
from tests.chaos.endurance.operators import API, OPERATIONS, Operators
from tests.chaos.endurance.places import PLACES

_ENDED: Final = frozenset({"completed", "failed", "cancelled"})


@dataclass(slots=True)
class Bulk:
    """A request for all devices of a type."""

    id: str
    """What it is called."""
    kind: str
    """What it asks for."""
    sort: str
    """Of which devices."""
    state: str = ""
    """How it stands."""
    total: int = 0
    """How many devices it is for."""
    processed: int = 0
    """How many of them have ended, well or badly."""
    failed: int = 0
    """How many of them badly."""
    errors: dict[str, int] = field(default_factory=dict)
    """Why."""

    @property
    def has_ended(self) -> bool:
        """Whether nothing more comes of it."""
        return self.state in _ENDED


class Projects:
    """Begun one after the other, and watched."""

    def __init__(self, operators: Operators, hook: str) -> None:
        self._operators = operators
        self._hook = hook
        self._number = 0
        self.bulks: list[Bulk] = []
        """All that were begun."""
        self.campaign: Campaign | None = None
        """The firmware campaign, once it has begun."""

    async def begin_bulk(self, sort: Sort, kind: str) -> None:
        """Ask the same of all devices of a sort."""
        self._number += 1
        places = PLACES[sort.kind.name]
        variable = {"variable_name": places.code}
        if kind == "set":
            variable |= {"value": f"bulk {self._number}", "value_type": "string"}
        body: dict[str, Any] = {
            "operation_type": kind,
            "device_filters": {"types": [sort.name]},
            "options": {"max_in_flight": 40, "timeout_minutes": 10},
            "notification": {"webhook_url": self._hook},
        }
        if kind in {"get", "set"}:
            body["variables"] = [variable]
        status, made = await self._operators.ask("POST", OPERATIONS[0], body)
        if status == 201:
            self.bulks.append(Bulk(made["id"], kind, sort.name))

    async def change_type(self, sort: Sort, value: str) -> None:
        """Have all devices of a sort be told something else."""
        _, found = await self._operators.ask("GET", f"{API}/inventory_type/", query={"short_name": sort.name})
        if found and found["results"]:
            path = PLACES[sort.kind.name].wanted
            body = {"default_settings": [{"variable_name": path, "value": value}]}
            await self._operators.ask("PATCH", f"{API}/inventory_type/{found['results'][0]['id']}/", body)

    async def begin_campaign(self, campaign: Campaign) -> None:
        """Begin the campaign."""
        self.campaign = campaign
        await campaign.begin()

    @property
    def is_at_work(self) -> bool:
        """Whether anything is still to be done."""
        has_campaign = self.campaign is not None and not self.campaign.is_over
        return has_campaign or not all(each.has_ended for each in self.bulks)

    def updated(self, now: float) -> int:
        """How many devices of the campaign have the new firmware."""
        return 0 if self.campaign is None else self.campaign.updated(now)

    async def look(self) -> None:
        """See how they stand."""
        for bulk in self.bulks:
            if bulk.has_ended:
                continue
            status, found = await self._operators.ask("GET", OPERATIONS[0], query={"id": bulk.id})
            if status == 200 and found["results"]:
                (shown,) = found["results"]
                bulk.state, bulk.total = shown["status"], shown["total_devices"]
                bulk.processed, bulk.failed = shown["processed_devices"], shown["failed_devices"]
                bulk.errors = shown["operation_details"]["error_summary"]

    def expectations(self, now: float) -> list[Expectation]:
        """Whether all came to an end, and all devices were seen to."""
        found = []
        for bulk in self.bulks:
            what = f"bulk {bulk.kind} of {bulk.sort}"
            found.append(Expectation(f"{what}: state", "completed", bulk.state, bulk.state == "completed"))
            found.append(Expectation(f"{what}: devices", bulk.total, bulk.processed, bulk.processed == bulk.total))
            unexplained = bulk.failed - sum(bulk.errors.values())
            found.append(Expectation(f"{what}: failures without a reason", 0, unexplained, unexplained <= 0))
        if self.campaign is not None:
            found += self.campaign.expectations(now)
        return found
