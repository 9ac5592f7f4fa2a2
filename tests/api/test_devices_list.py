"""Lists of devices: every filter, every order, and pages that keep both."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest

from acs.domain.token import Role
from tests.api.conftest import Api
from tests.api.inventory import PATH, device_type, make
from tests.e2e.defaults import PARAMETERS
from tests.e2e.device import Parameter

SOFTWARE = "Device.DeviceInfo.SoftwareVersion"
START = "2027-01-15T08:00:00Z"
LATER = "2027-01-15T08:10:00Z"


@dataclass(frozen=True)
class Stock:
    """Some devices, by name."""

    ids: dict[str, int]
    numbers: dict[str, int]
    """The type ``t`` and the organizations ``one`` and ``two``."""


@pytest.fixture
async def stock(api: Api) -> Stock:
    numbers = {"t": await device_type(api, "t"), "one": await api.organization("one")}
    numbers["two"] = await api.organization("two")
    ids = {
        "100% pure": await make(api, "100% pure", customer_id="C_1", organization_id=numbers["one"], tags=["a", "b"]),
        "plain": await make(api, "plain", serial_number="XY1", type=numbers["t"], is_active=False, tags=["ab"]),
        "Up now": await make(
            api,
            "Up now",
            serial_number="LIVE1",
            organization_id=numbers["two"],
            customer_id="CX1",
            update_frequency=3600,
        ),
        "was up": await make(api, "was up", serial_number="LIVE2", product_class="Other", update_frequency=240),
    }
    old = {**PARAMETERS, SOFTWARE: Parameter("0.9", writable=False)}
    await api.served.device(
        serial="LIVE2", product_class="Other", manufacturer="Acme", source="127.0.0.2", parameters=old
    ).run_session()
    await api.served.sweep(600)
    await api.served.device(serial="LIVE1").run_session()
    # Past 2.5 times the interval of the one that called first.
    await api.served.sweep(100.5)
    return Stock(ids, numbers)


async def _names(api: Api, query: str) -> list[str]:
    said = await api.client.get(f"{PATH}?{query}")
    assert said.status == 200, said.octets
    names = [each["name"] for each in said.json["results"]]
    assert said.json["count"] == len(names)
    return names


async def test_every_filter_holds_alone(api: Api, stock: Stock) -> None:
    expected: dict[str, set[str]] = {
        f"type={stock.numbers['t']}": {"plain"},
        "type=999": set(),
        **{f"status={word}": {"Up now"} for word in ("1", "true", "True", "Up", "up")},
        **{f"status={word}": {"was up", "plain", "100% pure"} for word in ("0", "false", "False", "Down", "DOWN")},
        f"organization={stock.numbers['two']}": {"Up now"},
        f"last_status_change_from={LATER}": {"Up now", "was up"},
        "last_status_change_from=2027-01-15T10:10:00%2B02:00": {"Up now", "was up"},
        "last_status_change_from=2027-01-15T10:10:00+02:00": {"Up now", "was up"},
        "last_status_change_from=2027-01-15%2010:10:01+0200": {"was up"},
        "last_status_change_from=2027-01-15T03:10:01.5-05:00": {"was up"},
        "last_status_change_from=2027-01-15t08:10:01z": {"was up"},
        "last_status_change_from=2027-01-15%2008:10:01": {"was up"},
        "last_status_change_from=2027-01-16": set(),
        "serial_number=LIVE1": {"Up now"},
        "serial_number=LIVE": set(),
        "manufacturer=Acme": {"was up"},
        "product_class=Other": {"was up"},
        "software_version=0.9": {"was up"},
        "address=127.0.0.2": {"was up"},
        "tag=a": {"100% pure"},
        "tag=b": {"100% pure"},
        "tag=ab": {"plain"},
        "tag=%22": set(),
        "is_active=false": {"plain"},
        "is_active=1": {"100% pure", "Up now", "was up"},
        f"last_connection_from={LATER}": {"Up now"},
        f"last_connection_to={START}": {"was up"},
        f"last_connection_from={START}&last_connection_to={LATER}": {"Up now", "was up"},
        "search=UP": {"Up now", "was up"},
        "search=live": {"Up now", "was up"},
        "search=127.0.0.2": {"was up"},
        "search=c_1": {"100% pure"},
        "search=%25": {"100% pure"},
        "search=": {"100% pure", "plain", "Up now", "was up"},
        "search=up&status=Down": {"was up"},
    }
    found = {query: set(await _names(api, query)) for query in expected}
    assert found == expected


ORDERED: dict[str, list[str]] = {
    "id": ["100% pure", "plain", "Up now", "was up"],
    "serial_number": ["100% pure", "LIVE1", "LIVE2", "XY1"],
    "last_connection": ["100% pure", "plain", "was up", "Up now"],
    "status": ["100% pure", "plain", "was up", "Up now"],
    "status_change": ["100% pure", "plain", "Up now", "was up"],
    "is_active": ["plain", "100% pure", "Up now", "was up"],
}


@pytest.mark.parametrize("ordering", list(ORDERED))
async def test_an_order_holds_both_ways(api: Api, stock: Stock, ordering: str) -> None:
    by_serial = {"LIVE1": "Up now", "LIVE2": "was up", "XY1": "plain"}
    expected = [by_serial.get(each, each) for each in ORDERED[ordering]]
    assert await _names(api, f"ordering={ordering}") == expected
    assert await _names(api, "ordering=-id") == ORDERED["id"][::-1]
    backwards = await _names(api, f"ordering=-{ordering}")
    assert backwards == expected[::-1], "equal ones too: the id decides, in the same sense"


async def test_every_order_can_be_paged_by_cursor(api: Api, stock: Stock) -> None:
    fields = (
        "id", "name", "customer_id", "is_active", "status", "status_change", "type", "software_version",
        "hardware_version", "manufacturer", "serial_number", "product_class", "oui", "organization_id", "address",
        "last_connection", "last_configuration", "created", "last_change",
    )  # fmt: skip
    for ordering in (f"{sign}{name}" for name in fields for sign in ("", "-")):
        whole = await _names(api, f"ordering={ordering}")
        paged: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            page = (await api.client.get(f"{PATH}?ordering={ordering}&limit=3{cursor and '&cursor=' + cursor}")).json
            paged += [each["name"] for each in page["results"]]
            cursor = page["next_cursor"]
        assert paged == whole, ordering


async def test_the_links_of_a_page_keep_filters_and_order(api: Api, stock: Stock) -> None:
    first = (await api.client.get(f"{PATH}?is_active=true&ordering=-name&limit=1&search={quote('u')}")).json
    assert (first["count"], first["previous"]) == (3, None)
    assert first["next"].startswith(f"http://127.0.0.1:{api.client.port}/api/v1{PATH}?")
    names, page = [first["results"][0]["name"]], first
    while page["next"]:
        page = (await api.client.get(page["next"])).json
        names.append(page["results"][0]["name"])
    assert names == sorted(["100% pure", "Up now", "was up"], reverse=True)
    back = (await api.client.get(page["previous"])).json
    assert back["results"][0]["name"] == names[1]


@pytest.mark.parametrize(
    "query",
    [
        "type=router", "type=-1", "status=maybe", "organization=x", "last_status_change_from=yesterday",
        "is_active=perhaps", "last_connection_to=1", "ordering=password", "ordering=-", "limit=-1", "limit=x",
        "offset=-1", "offset=1.5", "cursor=nonsense", "pending=2", "update_status=x", "colour=red", "search=a&search=b",
        # Half a character, a NUL, and numbers without end: no database takes them.
        "cursor=WyJcdWQ4MDAiLDEsbnVsbF0", "cursor=WyJcdTAwMDAiLDEsbnVsbF0", "cursor=W05hTiwxLG51bGxd",
        "cursor=WzFlOTk5LDEsbnVsbF0",
    ],
)  # fmt: skip
async def test_what_no_filter_can_be_is_refused_by_name(sqlite_api: Api, query: str) -> None:
    said = await sqlite_api.client.get(f"{PATH}?{query}")
    assert (said.status, list(said.errors)) == (400, [query.partition("=")[0]])


async def test_a_page_has_a_hundred_devices_unless_it_is_said_and_never_over_a_thousand(sqlite_api: Api) -> None:
    await make(sqlite_api, "a")
    assert "limit=100" not in str((await sqlite_api.client.get(PATH)).json["next"])
    many = (await sqlite_api.client.get(f"{PATH}?limit=5000&offset=0")).json
    assert len(many["results"]) == 1
    assert (await sqlite_api.client.get(f"{PATH}?limit=0")).json | {"results": []} == {
        "count": 1, "next": None, "previous": None, "next_cursor": None, "results": [],
    }  # fmt: skip


async def test_pending_says_whether_pending_work_is_reported_and_filters_nothing(api: Api) -> None:
    await make(api, "busy")
    await make(api, "idle")
    await api.client.patch(f"{PATH}busy/", {"reboot": True, "sync": True})

    async def words(query: str) -> dict[str, Any]:
        results = (await api.client.get(f"{PATH}{query}")).json["results"]
        return {each["name"]: each["pending_settings"] for each in results}

    told = {"busy": "configuration_sync,reboot_pending", "idle": None}
    assert await words("") == await words("?pending=true") == told
    assert await words("?pending=false") == {"busy": None, "idle": None}
    assert (await api.client.get(f"{PATH}busy/?pending=1")).json["pending_settings"] == told["busy"]
    assert (await api.client.get(f"{PATH}busy/?pending=0")).json["pending_settings"] is None


async def test_a_bound_token_lists_only_its_own(api: Api, stock: Stock) -> None:
    bound = await api.token(Role.VIEWER, stock.numbers["one"])
    for query in ("", "?search=u", "?ordering=-name", "?is_active=true"):
        said = (await bound.get(f"{PATH}{query}")).json
        assert {each["name"] for each in said["results"]} <= {"100% pure"}
    assert (await bound.get(PATH)).json["count"] == 1
    other = (await bound.get(f"{PATH}?organization={stock.numbers['two']}")).json
    assert (other["count"], other["results"]) == (0, [])
    both = await api.token(Role.VIEWER, stock.numbers["one"], stock.numbers["two"])
    assert (await both.get(PATH)).json["count"] == 2, "those without an organization are the unbound tokens'"


async def test_all_families_have_the_same_list(api: Api, stock: Stock) -> None:
    lists = [
        (await api.client.get(f"{path}?ordering=-id&limit=3")).json
        for path in (PATH, "/inventory_device/", "/inventory_device_serial/")
    ]
    assert lists[0]["results"] == lists[1]["results"] == lists[2]["results"]
    assert [each["count"] for each in lists] == [4, 4, 4]
