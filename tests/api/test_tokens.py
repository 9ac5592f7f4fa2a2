"""Tokens through the API."""

import re
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from acs.auth.passwords import hash_token
from acs.domain.token import Role
from tests.api.client import ADMIN
from tests.api.conftest import Api
from tests.e2e.serving import serving

PATH = "/token/"
NEW = {"name": "NOC tools", "role": "operator"}


async def test_a_token_is_shown_once_and_opens_the_door(api: Api) -> None:
    one, other = await api.organization("one"), await api.organization("other")
    said = NEW | {"organizations": [other, one, other], "expires_at": "2028-01-01T00:00:00+01:00"}
    made = await api.client.post(PATH, said)
    assert made.status == 201
    shown = dict(made.json)
    text = shown.pop("token")
    assert re.fullmatch(r"aioacs_[a-z2-7]{52}", text)
    assert shown == NEW | {
        "id": shown["id"],
        "organizations": [other, one],
        "expires_at": "2027-12-31T23:00:00Z",
        "created": "2027-01-15T08:00:00Z",
        "last_used": None,
    }
    detail = await api.client.get(f"{PATH}{shown['id']}/")
    assert (detail.status, detail.json) == (200, shown)
    listed = await api.client.get(PATH)
    assert listed.json["results"][-1] == shown
    assert {each["id"] for each in (await api.client.as_(text).get("/organization/")).json["results"]} == {one, other}
    for said_later in (detail, listed, await api.client.get("/audit_log/")):
        assert text not in said_later.octets.decode()
        assert hash_token(text) not in said_later.octets.decode()


async def test_what_is_left_out_means_all_and_for_ever(api: Api) -> None:
    made = (await api.client.post(PATH, {"name": "n", "role": "viewer"})).json
    assert (made["organizations"], made["expires_at"]) == (None, None)
    other = await api.organization("other")
    assert (await api.client.as_(made["token"]).get(f"/organization/{other}/")).status == 200
    assert (await api.client.as_(made["token"]).post("/organization/", {"name": "x"})).status == 403


async def test_its_use_is_shown(api: Api) -> None:
    made = (await api.client.post(PATH, NEW)).json
    await api.client.as_(made["token"]).get("/organization/")
    assert (await api.client.get(f"{PATH}{made['id']}/")).json["last_used"] == "2027-01-15T08:00:00Z"


async def test_one_that_was_taken_back_is_worth_nothing_and_shown_no_more(api: Api) -> None:
    made = (await api.client.post(PATH, NEW)).json
    one = f"{PATH}{made['id']}/"
    revoked = await api.client.delete(one)
    assert (revoked.status, revoked.octets) == (204, b"")
    assert (await api.client.as_(made["token"]).get("/organization/")).status == 401
    assert (await api.client.get(one)).status == (await api.client.delete(one)).status == 404
    assert [each["name"] for each in (await api.client.get(PATH)).json["results"]] == ["first"]


async def test_an_expired_one_is_worth_nothing(api: Api) -> None:
    made = (await api.client.post(PATH, NEW | {"expires_at": "2027-01-15T08:00:10Z"})).json
    client = api.client.as_(made["token"])
    assert (await client.get("/organization/")).status == 200
    api.served.clock.advance(10)
    assert (await client.get("/organization/")).status == 401


async def test_all_that_is_wrong_is_named(api: Api) -> None:
    wrong = await api.client.post(
        PATH, {"name": "", "role": "root", "organizations": ["x"], "expires_at": "soon", "token": "mine"}
    )
    assert wrong.status == 400
    assert set(wrong.errors) == {"name", "role", "organizations[0]", "expires_at", "token"}
    known = await api.organization("known")
    late = await api.client.post(PATH, NEW | {"organizations": [known, 77], "expires_at": "2027-01-15T08:00:00Z"})
    assert late.status == 400
    assert late.errors == {
        "expires_at": ["must be in the future"],
        "organizations[1]": ["there is no such organization"],
    }
    nothing = await api.client.post(PATH, NEW | {"organizations": []})
    assert (nothing.status, set(nothing.errors)) == (400, {"organizations"})
    assert (await api.client.get(PATH)).json["count"] == 1


async def test_a_bound_admin_has_to_do_with_no_wider_tokens(api: Api) -> None:
    mine, other = await api.organization("mine"), await api.organization("other")
    admin = await api.token(Role.ADMIN, mine)
    wider = {
        str(organizations): (await api.client.post(PATH, NEW | {"organizations": organizations})).json["id"]
        for organizations in ([other], [mine, other], None)
    }
    for organizations in ([other], [mine, other], [99], None):
        refused = await admin.post(PATH, NEW | {"organizations": organizations})
        assert refused.status == 403
    assert (await admin.post(PATH, NEW)).status == 403
    made = await admin.post(PATH, NEW | {"organizations": [mine]})
    assert made.status == 201
    listed = (await admin.get(PATH)).json
    assert (listed["count"], [each["organizations"] for each in listed["results"]]) == (2, [[mine], [mine]])
    for number in wider.values():
        assert (await admin.get(f"{PATH}{number}/")).status == 404
        assert (await admin.delete(f"{PATH}{number}/")).status == 404
    assert (await admin.delete(f"{PATH}{made.json['id']}/")).status == 204


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
async def test_others_than_admins_see_none_of_it(api: Api, role: Role) -> None:
    client = await api.token(role)
    assert (await client.get(PATH)).status == (await client.post(PATH, NEW)).status == 403
    assert (await client.get(f"{PATH}1/")).status == (await client.delete(f"{PATH}99/")).status == 403


async def test_a_repeated_request_shows_the_same_token(api: Api) -> None:
    first = await api.client.post(PATH, NEW, Idempotency_Key="k")
    again = await api.client.post(PATH, NEW, Idempotency_Key="k")
    assert (again.status, again.json) == (201, first.json)
    assert again.headers["Idempotent-Replay"] == "true"
    assert (await api.client.get(PATH)).json["count"] == 2


async def test_changes_are_in_the_audit_log_of_the_one_organization(api: Api) -> None:
    mine = await api.organization("mine")
    number = (await api.client.post(PATH, NEW | {"organizations": [mine]})).json["id"]
    await api.client.delete(f"{PATH}{number}/")
    await api.client.delete(f"{PATH}{number}/")
    log = (await (await api.token(Role.ADMIN, mine)).get("/audit_log/?resource=token")).json["results"]
    assert [(each["action"], each["resource_id"]) for each in log] == [("revoke", str(number)), ("create", str(number))]
    assert log[1]["after"] == NEW | {"organizations": [mine], "expires_at": None}


async def test_the_list_is_ordered_and_paged(api: Api) -> None:
    for name in ("b", "a"):
        await api.client.post(PATH, NEW | {"name": name})
    page = (await api.client.get(f"{PATH}?ordering=-name&limit=2")).json
    assert (page["count"], [each["name"] for each in page["results"]]) == (3, ["first", "b"])
    assert [each["name"] for each in (await api.client.get(page["next"])).json["results"]] == ["a"]
    assert (await api.client.get(f"{PATH}?ordering=hash")).status == 400


async def test_a_token_of_the_settings_that_comes_too_late_is_told_without_being_shown(tmp_path: Path) -> None:
    url, late = f"sqlite:///{tmp_path / 'aioacs.db'}", "another-token-of-the-settings"
    for text, warnings in ((ADMIN, 0), (ADMIN, 0), (late, 1)):
        with capture_logs() as log:
            async with serving(url, tmp_path, bootstrap_token=text):
                pass
        told = [line["event"] for line in log if "AIOACS_BOOTSTRAP_TOKEN" in line["event"]]
        assert len(told) == warnings
        assert text not in repr(log)
