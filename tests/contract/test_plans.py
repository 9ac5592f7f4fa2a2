"""Every list, with every filter and in every order: SQLite finds its rows by an index and sorts none where it need not.

Plans are made without statistics, as a server has none. What is looked at are the statements that the stores send.
"""

import json
import re
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from itertools import combinations, product
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from acs.domain.device_record import DeviceFilter
from acs.store.audit import AuditFilter, AuditStore
from acs.store.device_list import ORDERINGS, DeviceList
from acs.store.listing import Cursor, Slice
from acs.store.migrations import migrate
from acs.store.operation_list import OperationFilters, OperationListStore
from acs.store.statements import Dialect, Query, Row, Step
from acs.store.writer import GroupWriter
from tests.contract.servers import Server

# From the beginning, from the end, behind a row.
PARTS = (Slice(), Slice(offset=60_000), Slice(after=Cursor(1.5, 7, 100_000)))


class PlanningDatabase:
    """A database that only tells how it would go about each query."""

    dialect = Dialect.SQLITE

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.steps: list[str] = []
        """What it would do to find rows, or to count them; of a page whose rows are looked up late, not the rest."""
        self.count = 100_000
        """How many rows any list has."""
        self.named: list[int] = []
        """The devices with a text; none: too many."""

    async def fetch(self, query: Query, parameters: Mapping[str, object]) -> list[Row]:
        """See ``Database``."""
        sql = query.sql[Dialect.SQLITE]
        plan = self._connection.execute(f"EXPLAIN QUERY PLAN {sql}", dict(parameters)).fetchall()
        inner = [step[0] for step in plan if step[3] in {"MATERIALIZE page", "CO-ROUTINE page"}]
        self.steps += [step[3] for step in plan if not inner or step[1] in inner]
        if query.name == "device_list.matching":
            return [(len(self.named), str(self.named)) if self.named else (10_001, "[]")]
        return [(self.count,)] if "COUNT(" in sql else []

    async def transact(self, steps: Sequence[Step]) -> list[list[Row]]:
        """Nothing is written here."""
        raise AssertionError(steps)

    async def close(self) -> None:
        """Whoever opened the file closes it."""

    @property
    def walks(self) -> list[str]:
        """The tables that would be walked through without an index."""
        return [step for step in self.steps if re.fullmatch(r"SCAN \w+", step)]

    @property
    def sorts(self) -> bool:
        """Whether rows would be sorted."""
        return any("TEMP B-TREE" in step for step in self.steps)


@pytest.fixture
async def planning(tmp_path: Path) -> AsyncIterator[PlanningDatabase]:
    path = tmp_path / "aioacs.db"
    await migrate(f"sqlite:///{path}")
    connection = sqlite3.connect(path)
    yield PlanningDatabase(connection)
    connection.close()


def up_to_two(filters: Mapping[str, object]) -> list[dict[str, Any]]:
    """None of the filters, each alone, and any two of them."""
    return [dict(some) for count in range(3) for some in combinations(filters.items(), count)]


@pytest.mark.parametrize(
    "filters",
    up_to_two({
        "organizations": (1,), "state": "completed", "kind": "get", "name": "n", "serial_number": "s",
        "created_from": 1.0, "created_to": 2.0,
    }),
    ids=lambda filters: "+".join(filters) or "all",
)  # fmt: skip
async def test_operations_are_found_in_an_index_that_is_in_their_order(
    planning: PlanningDatabase, filters: dict[str, Any]
) -> None:
    for part in PARTS:
        await OperationListStore(planning).page(part, OperationFilters(**filters))
        if not {"name", "serial_number"} & filters.keys():
            await OperationListStore(planning).page_of_both(part, OperationFilters(**filters))
    assert not [step for step in planning.walks if step != "SCAN bulk"]
    if "name" in filters or "serial_number" in filters:
        # A device has a few of them, which are sorted.
        assert any("operation_of_device" in step for step in planning.steps)
    else:
        assert not planning.sorts


async def test_operations_of_several_organizations_are_found_by_them(planning: PlanningDatabase) -> None:
    await OperationListStore(planning).page(Slice(), OperationFilters((1, 2), kind="get"))
    assert not planning.walks
    assert any("operation_of_organization" in step for step in planning.steps)
    planning.steps.clear()
    await OperationListStore(planning).page(Slice(), OperationFilters((1, 2), state="queued"))
    assert not planning.walks
    assert any("operation_by_state" in step for step in planning.steps)
    assert not any("operation_of_organization" in step for step in planning.steps)


@pytest.mark.parametrize(
    "filters",
    up_to_two({
        "resource": "device", "resource_id": "7", "actor": "a", "action": "create", "organizations": (1,),
        "since": 1.0, "until": 2.0,
    }),
    ids=lambda filters: "+".join(filters) or "all",
)  # fmt: skip
async def test_the_audit_log_is_found_in_an_index_that_is_in_its_order(
    planning: PlanningDatabase, filters: dict[str, Any]
) -> None:
    for part in PARTS:
        await AuditStore(planning, GroupWriter(planning)).page(part, AuditFilter(**filters))
    assert not planning.walks
    assert not planning.sorts


# Orders that are in no index: few ask for them, or every Inform changes what they go by.
UNORDERED = {"is_active", "status", "status_change", "hardware_version", "oui", "address", "last_connection",
             "last_configuration", "last_change"}  # fmt: skip
OF_CONTACT = {"status", "status_change", "address", "last_connection", "last_configuration"}


@pytest.mark.parametrize("ordering", ORDERINGS)
async def test_all_devices_are_listed_from_the_one_table_that_their_order_is_about(
    planning: PlanningDatabase, ordering: str
) -> None:
    for sign, part in product(("", "-"), PARTS):
        planning.steps.clear()
        await DeviceList(planning).page(DeviceFilter(), f"{sign}{ordering}", part)
        walked = "SCAN contact" if ordering in OF_CONTACT else "SCAN device"
        if ordering != "id":  # the numbers of rows are their own order
            assert planning.walks == ([walked] if ordering in UNORDERED else [])
        assert planning.sorts == (ordering in UNORDERED)
        assert not any(step.startswith("SEARCH") and "device_id" in step for step in planning.steps)


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"type_id": 1}, "device_by_type"),
        ({"organization_id": 1}, "device_by_organization"),
        ({"organizations": (1,)}, "device_by_organization"),
        ({"organizations": (1, 2)}, "device_by_organization"),
        ({"serial_number": "s"}, "device_by_serial_number"),
        ({"manufacturer": "m"}, "device_by_manufacturer"),
        ({"product_class": "p"}, "device_by_product_class"),
        ({"software_version": "v"}, "device_by_software_version"),
    ],
    ids=str,
)
async def test_a_few_devices_are_found_by_a_filter_and_sorted(
    planning: PlanningDatabase, filters: dict[str, Any], found: str
) -> None:
    planning.count = 500
    for ordering in ("id", "name", "-last_connection", "created", "software_version"):
        for more in ({}, {"is_up": True}, {"tag": "t", "is_active": True}):
            planning.steps.clear()
            await DeviceList(planning).page(DeviceFilter(**filters, **more), ordering, Slice())
            assert not planning.walks
            assert any(found in step for step in planning.steps)


async def test_many_devices_are_walked_through_in_order(planning: PlanningDatabase) -> None:
    for filters in ({"is_up": True}, {"tag": "t"}, {"address": "a"}, {"is_active": False}):
        planning.steps.clear()
        await DeviceList(planning).page(DeviceFilter(**filters), "name", Slice())
        assert any("device__name" in step for step in planning.steps)
        assert not planning.sorts


async def test_few_devices_with_a_text_are_found_by_their_numbers_and_many_in_order(planning: PlanningDatabase) -> None:
    planning.named = [3, 4, 5]
    await DeviceList(planning).page(DeviceFilter(search="x", is_up=True), "name", Slice())
    assert "SCAN device_text" in planning.walks
    assert len(planning.walks) == 1
    assert any(step.startswith("SEARCH device USING INTEGER PRIMARY KEY") for step in planning.steps)
    planning.named, planning.steps = [], []
    await DeviceList(planning).page(DeviceFilter(search="x"), "name", Slice())
    assert planning.walks == ["SCAN device_text", "SCAN device_text"]
    assert any("device__name" in step for step in planning.steps)
    assert not planning.sorts


class ExplainingDatabase:
    """A database that only tells what PostgreSQL would do to find the rows of a page, if it has any way but to walk and
    to sort; it always has 100,000 rows.
    """

    dialect = Dialect.POSTGRESQL

    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection
        self.nodes: list[str] = []
        """What kinds of steps it would take below the limit of the page."""

    async def fetch(self, query: Query, parameters: Mapping[str, object]) -> list[Row]:
        """See ``Database``."""
        sql = query.sql[Dialect.POSTGRESQL]
        if "COUNT(" in sql:
            return [(100_000,)]
        values = [parameters[name] for name in query.parameters]
        ((text,),) = await self._connection.fetch(f"EXPLAIN (FORMAT JSON) {sql}", *values)
        self._note(json.loads(text)[0]["Plan"], is_below=False)
        return []

    async def transact(self, steps: Sequence[Step]) -> list[list[Row]]:
        """Nothing is written here."""
        raise AssertionError(steps)

    async def close(self) -> None:
        """Whoever opened the connection closes it."""

    def _note(self, node: Mapping[str, Any], *, is_below: bool) -> None:
        if is_below:
            self.nodes.append(f"{node['Node Type']} {node.get('Relation Name', '')}".strip())
        for each in node.get("Plans", ()):
            self._note(each, is_below=is_below or node["Node Type"] == "Limit")


@pytest.fixture
async def explaining(postgresql_server: Server) -> AsyncIterator[ExplainingDatabase]:
    name = await postgresql_server.take()
    connection = await asyncpg.connect(postgresql_server.url(name))
    await connection.execute("SET enable_seqscan = off; SET enable_sort = off; SET enable_bitmapscan = off")
    yield ExplainingDatabase(connection)
    await connection.close()
    await postgresql_server.give_back(name)


async def test_postgresql_has_an_index_in_order_for_operations(explaining: ExplainingDatabase) -> None:
    for filters in ({}, {"state": "completed"}, {"organizations": (1,)}, {"created_from": 1.0}):
        for part in PARTS:
            await OperationListStore(explaining).page(part, OperationFilters(**filters))
    assert set(explaining.nodes) <= {"Index Scan operation", "Index Only Scan operation"}


async def test_postgresql_has_an_index_in_order_for_devices_and_the_audit_log(explaining: ExplainingDatabase) -> None:
    for ordering in set(ORDERINGS) - UNORDERED:
        text = ordering not in {"id", "type", "organization_id", "created"}
        for part in (*PARTS[:2], Slice(after=Cursor("a" if text else 1, 7, 100_000))):
            await DeviceList(explaining).page(DeviceFilter(), ordering, part)
    await AuditStore(explaining, GroupWriter(explaining)).page(Slice(), AuditFilter())
    # What has the same name or serial number is sorted by its id: one device, or a few.
    assert {node.replace("Only ", "") for node in explaining.nodes} == {
        "Index Scan device", "Index Scan audit", "Incremental Sort",
    }  # fmt: skip
