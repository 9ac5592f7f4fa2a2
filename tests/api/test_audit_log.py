"""The audit log through the API."""

import pytest

from acs.domain.audit import AuditEntry
from acs.domain.token import Role
from tests.api.conftest import Api

PATH = "/audit_log/"


async def _fill(api: Api, *entries: AuditEntry) -> None:
    for entry in entries:
        await api.served.server.services.management.audit.append(entry)


def _entry(at: float, organization_id: int | None = None, **said: str) -> AuditEntry:
    words = {"actor": "token 9 (noc)", "action": "update", "resource": "device", "resource_id": "7"} | said
    return AuditEntry(1_800_000_000.0 + at, address="192.0.2.1", organization_id=organization_id, **words)


async def _times(api: Api, query: str = "") -> list[str]:
    page = (await api.client.get(f"{PATH}?{query}")).json
    assert page["count"] == len(page["results"])
    return [each["at"][17:19] for each in page["results"]]


async def test_an_entry_is_shown_as_it_was_written(api: Api) -> None:
    organization = (await api.client.post("/organization/", {"name": "a"})).json["id"]
    await api.client.patch(f"/organization/{organization}/", {"description": "d"})
    first = (await api.client.get("/token/")).json["results"][0]["id"]
    log = (await api.client.get(PATH)).json
    assert log["count"] == 2
    assert log["results"][0] == {
        "id": log["results"][0]["id"],
        "at": "2027-01-15T08:00:00Z",
        "actor": f"token {first} (first)",
        "address": "127.0.0.1",
        "action": "update",
        "resource": "organization",
        "resource_id": str(organization),
        "organization_id": organization,
        "before": {"name": "a", "description": ""},
        "after": {"name": "a", "description": "d"},
    }
    assert log["results"][1]["before"] is None


async def test_it_is_filtered_by_all_that_it_says(api: Api) -> None:
    await _fill(
        api,
        _entry(1, resource="location"),
        _entry(2, 3),
        _entry(3, resource_id="8"),
        _entry(4, action="delete"),
        _entry(5, 3, actor="command line"),
    )
    assert await _times(api) == ["05", "04", "03", "02", "01"]
    assert await _times(api, "resource=location") == ["01"]
    assert await _times(api, "resource=device&resource_id=8") == ["03"]
    assert await _times(api, "resource_id=8") == ["03"]
    assert await _times(api, "action=delete") == ["04"]
    assert await _times(api, "actor=command%20line") == ["05"]
    assert await _times(api, "organization=3") == ["05", "02"]
    assert await _times(api, "organization=3&action=update&from=2027-01-15T08:00:03Z") == ["05"]
    assert await _times(api, "from=2027-01-15%2008:00:02&to=2027-01-15T09:00:04%2B01:00") == ["03", "02"]
    assert await _times(api, "action=none") == []


async def test_pages_lead_back_in_time_by_offset_and_by_cursor(api: Api) -> None:
    await _fill(api, *(_entry(number % 3, resource_id=str(number)) for number in range(7)))
    whole = [each["resource_id"] for each in (await api.client.get(PATH)).json["results"]]
    assert whole == ["5", "2", "4", "1", "6", "3", "0"]
    for start in ("limit=3", "limit=3&offset=0"):
        found: list[str] = []
        page = (await api.client.get(f"{PATH}?{start}")).json
        while True:
            found += [each["resource_id"] for each in page["results"]]
            if page["next"] is None:
                break
            page = (await api.client.get(page["next"])).json
        assert found == whole
    page = (await api.client.get(f"{PATH}?limit=3&action=update")).json
    rest = (await api.client.get(f"{PATH}?limit=9&action=update&cursor={page['next_cursor']}")).json
    assert [each["resource_id"] for each in rest["results"]] == whole[3:]


async def test_a_bound_token_sees_what_was_done_to_its_own(api: Api) -> None:
    one, two, three = [await api.organization(name) for name in ("one", "two", "three")]
    await _fill(api, _entry(1, one), _entry(2, two), _entry(3, three), _entry(4))
    admin = await api.token(Role.ADMIN, one, three)
    assert [each["organization_id"] for each in (await admin.get(PATH)).json["results"]] == [three, one]
    only = await api.token(Role.ADMIN, two)
    assert [each["organization_id"] for each in (await only.get(PATH)).json["results"]] == [two]
    assert (await admin.get(f"{PATH}?organization={two}")).json["count"] == 0
    assert (await admin.get(f"{PATH}?organization={one}")).json["count"] == 1


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
async def test_others_than_admins_do_not_see_it(api: Api, role: Role) -> None:
    assert (await (await api.token(role)).get(PATH)).status == 403


async def test_wrong_filters_are_named(api: Api) -> None:
    wrong = await api.client.get(f"{PATH}?from=yesterday&to=2027-13-01&organization=x&colour=red&since=2027-01-01")
    assert wrong.status == 400
    assert set(wrong.errors) == {"from", "to", "organization", "colour", "since"}
    assert (await api.client.post(PATH, {})).status == 405
