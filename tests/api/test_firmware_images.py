"""Firmware images through the API: brought in, shown, changed, deleted and given out."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import aiohttp
import pytest

from acs.domain.token import Role
from acs.files.store import FileFolder
from tests.api.client import ADMIN, Client
from tests.api.conftest import Api
from tests.api.forms import NEW, OCTETS, PATH, files, form, part, send, upload
from tests.e2e.serving import serving

SHA256 = hashlib.sha256(OCTETS).hexdigest()
ANY: dict[str, list[str]] = {
    name: [] for name in ("types", "manufacturers", "ouis", "product_classes", "hardware_versions", "software_versions")
}


@pytest.fixture
async def small(tmp_path: Path) -> AsyncIterator[Api]:
    """An API that takes small images, and does not wait long."""
    settings = {"bootstrap_token": ADMIN, "max_firmware": 65_536, "body_timeout": 1, "api_rate": 1_000}
    async with (
        serving(f"sqlite:///{tmp_path / 'aioacs.db'}", tmp_path, **settings) as served,
        aiohttp.ClientSession() as session,
    ):
        yield Api(served, Client(served.server.api_ports[0], session))


async def test_one_is_uploaded_shown_and_given_out(api: Api) -> None:
    applicability = {"types": ["box"], "hardware_versions": ["1", "2"]}
    said = {
        "applicability": json.dumps(applicability),
        "file_type": "1 Firmware Upgrade Image",
        "sha256": SHA256.upper(),
    }
    made = await send(api.client, form(NEW | said, file_name="C:\\\\images\\\\b\u00f6x.bin"))
    assert made.status == 201, made.json
    number = made.json["id"]
    assert made.json == NEW | {
        "id": number,
        "file_name": "b\u00f6x.bin",
        "file_type": "1 Firmware Upgrade Image",
        "applicability": ANY | applicability,
        "size": len(OCTETS),
        "sha256": SHA256,
        "created": "2027-01-15T08:00:00Z",
    }
    assert (await api.client.get(f"{PATH}{number}/")).json == made.json
    assert (await api.client.get(PATH)).json["results"] == [made.json]
    file = await api.client.get(f"{PATH}{number}/file/")
    assert (file.status, file.octets) == (200, OCTETS)
    assert file.headers["Content-Type"] == "application/octet-stream"
    assert file.headers["Content-Disposition"] == "attachment; filename*=UTF-8''b%C3%B6x.bin"
    assert file.headers["X-Request-ID"]
    head = await api.client.ask("HEAD", f"{PATH}{number}/file/")
    assert (head.status, head.headers["Content-Length"], head.octets) == (200, str(len(OCTETS)), b"")


async def test_the_fields_may_come_behind_the_file(api: Api) -> None:
    body = part("file", OCTETS, "a.bin") + form(NEW, None)
    made = await send(api.client, body)
    assert (made.status, made.json["sha256"]) == (201, SHA256)
    assert made.json["file_type"] == "1 Firmware Upgrade Image"
    assert made.json["applicability"] == ANY


async def test_what_any_client_sends_is_understood(api: Api) -> None:
    said = aiohttp.FormData()
    said.add_field("name", "image")
    said.add_field("version", "2.0")
    said.add_field("file", OCTETS, filename="box.bin", content_type="application/x-firmware")
    headers = {"Authorization": f"Bearer {ADMIN}"}
    url = f"http://127.0.0.1:{api.client.port}/api/v1{PATH}"
    async with api.client.session.post(url, data=said, headers=headers, expect100=True) as answer:
        assert (answer.status, (await answer.json())["sha256"]) == (201, SHA256)


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (form({}), {"name", "version"}),
        (form(NEW | {"name": "", "colour": "red", "sha256": "x"}), {"name", "colour", "sha256"}),
        (form(NEW | {"applicability": '{"types": "b", "x": []}'}), {"applicability.types", "applicability.x"}),
        (form(NEW | {"sha256": "0" * 64}), {"sha256"}),
        (form(NEW, b""), {"file"}),
        (form(NEW | {"applicability": "{"}), set()),
        (form(NEW, None), set()),
        (form(NEW)[:-20], set()),
        (part("name", b"x") + form(NEW), set()),
        (part("file", b"x", "y") + form(NEW), set()),
        (part("name", b"\xff") + form({"version": "1"}), set()),
        (part("name", b"x" * 20_000) + form({"version": "1"}), set()),
        (b"no form", set()),
        (b"", set()),
    ],
    ids=lambda each: str(len(each)),
)
async def test_what_is_wrong_is_told_and_nothing_is_kept(
    sqlite_api: Api, tmp_path: Path, body: bytes, fields: set[str]
) -> None:
    said = await send(sqlite_api.client, body)
    assert (said.status, set(said.errors)) == (400, fields)
    assert (await sqlite_api.client.get(PATH)).json["count"] == 0
    assert files(tmp_path) == []


async def test_what_is_wrong_with_the_fields_is_told_before_the_file_has_come(sqlite_api: Api) -> None:
    await upload(sqlite_api)
    arrived = asyncio.Event()

    for fields, status in ((NEW, 409), (NEW | {"sha256": "x", "name": "y"}, 400)):

        async def body(fields: Mapping[str, str] = fields) -> AsyncIterator[bytes]:
            yield form(fields)[:1_000]
            await arrived.wait()

        async with asyncio.timeout(5):
            said = await send(sqlite_api.client, body())
        assert said.status == status
    arrived.set()


async def test_a_name_is_one_images(api: Api, tmp_path: Path) -> None:
    await upload(api)
    behind = part("file", OCTETS, "a.bin") + form(NEW, None)
    for body in (form(NEW), behind):
        again = await send(api.client, body)
        assert (again.status, again.errors) == (409, {"name": ["another firmware image has the same name"]})
    assert len(files(tmp_path)) == 1
    other = await upload(api, name="other")
    assert (await api.client.patch(f"{PATH}{other}/", {"name": "image"})).status == 409


async def test_what_is_too_large_is_refused(small: Api, tmp_path: Path) -> None:
    assert (await send(small.client, form(NEW, b"x" * 65_536))).status == 201
    for octets in (b"x" * 65_537, b"x" * 300_000):

        async def unannounced(octets: bytes = octets) -> AsyncIterator[bytes]:
            yield form({"name": "b", "version": "1"}, octets)

        said = await send(small.client, form({"name": "b", "version": "1"}, octets))
        assert said.status == 413
        assert (await send(small.client, unannounced())).status == 413
    assert len(files(tmp_path)) == 1


async def test_a_body_of_another_type_is_refused(sqlite_api: Api) -> None:
    for said in ("application/json", "application/octet-stream", "multipart/mixed; boundary=x"):
        assert (await send(sqlite_api.client, b"{}", Content_Type=said)).status == 415


async def test_a_body_that_stops_is_given_up(small: Api, tmp_path: Path) -> None:
    arrived = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield form(NEW)[:300]
        await arrived.wait()

    assert (await send(small.client, slow())).status == 408
    arrived.set()
    assert files(tmp_path) == []


async def test_a_client_that_leaves_leaves_nothing(sqlite_api: Api, tmp_path: Path) -> None:
    begun = asyncio.Event()

    async def cut() -> AsyncIterator[bytes]:
        yield form(NEW)[:100_000]
        begun.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(send(sqlite_api.client, cut(), "?upload_key=k"))
    await begun.wait()
    async with asyncio.timeout(10):
        while (watched := await sqlite_api.client.get(f"{PATH}upload/k/")).status == 404:
            pass
        assert watched.json["state"] == "receiving"
        task.cancel()
        while files(tmp_path) or (await sqlite_api.client.get(f"{PATH}upload/k/")).json["state"] == "receiving":
            await sqlite_api.client.get(PATH)
    assert (await sqlite_api.client.get(PATH)).json["count"] == 0


async def test_an_upload_can_be_watched_by_whoever_sends_it(sqlite_api: Api) -> None:
    client, body = sqlite_api.client, form(NEW)
    assert (await client.get(f"{PATH}upload/k/")).status == 404
    made = await send(client, body, "?upload_key=k")
    assert (await client.get(f"{PATH}upload/k/")).json == {
        "key": "k",
        "state": "done",
        "received": len(body),
        "total": len(body),
        "progress": 100,
        "firmware_image": made.json["id"],
    }
    await send(client, body, "?upload_key=k")
    failed = (await client.get(f"{PATH}upload/k/")).json
    assert (failed["state"], failed["firmware_image"]) == ("failed", None)
    assert (await (await sqlite_api.token(Role.ADMIN)).get(f"{PATH}upload/k/")).status == 404
    wrong = await send(client, body, "?upload_key=a%20b&colour=red")
    assert (wrong.status, set(wrong.errors)) == (400, {"upload_key", "colour"})


async def test_an_upload_that_is_sent_again_is_done_once(api: Api, tmp_path: Path) -> None:
    first = await send(api.client, form(NEW), Idempotency_Key="k")
    again = await send(api.client, form(NEW), Idempotency_Key="k")
    assert (first.status, again.status, again.json) == (201, 201, first.json)
    assert again.headers["Idempotent-Replay"] == "true"
    for other in (form(NEW, OCTETS + b"x"), form(NEW | {"version": "3"})):
        assert (await send(api.client, other, Idempotency_Key="k")).status == 409
    assert len(files(tmp_path)) == (await api.client.get(PATH)).json["count"] == 1
    log = (await api.client.get("/audit_log/")).json["results"]
    assert [(each["action"], each["resource"], each["resource_id"]) for each in log] == [
        ("create", "firmware_image", str(first.json["id"]))
    ]
    assert (log[0]["after"]["sha256"], log[0]["after"]["size"]) == (SHA256, len(OCTETS))


async def test_what_is_said_of_one_changes_and_its_file_stays(api: Api) -> None:
    number = await upload(api)
    one = f"{PATH}{number}/"
    before = (await api.client.get(one)).json
    for change in ({"name": "n"}, {"version": "3"}, {"file_type": "3 Vendor Configuration File"}):
        before |= change
        assert (await api.client.patch(one, change)).json == before
    patched = await api.client.patch(one, {"applicability": {"ouis": ["00AABB"]}})
    assert patched.json == before | {"applicability": ANY | {"ouis": ["00AABB"]}}
    wrong = await api.client.patch(one, {"name": "", "sha256": SHA256, "applicability": {"ouis": [""]}})
    assert (wrong.status, set(wrong.errors)) == (400, {"name", "sha256", "applicability.ouis[0]"})
    assert (await api.client.get(f"{one}file/")).octets == OCTETS
    assert (await api.client.ask("PUT", one, NEW)).status == 405


async def test_one_that_nobody_needs_is_deleted_with_its_file(api: Api, tmp_path: Path) -> None:
    number = await upload(api)
    body = {"name": "box", "short_name": "box", "firmware_image": number}
    kind = (await api.client.post("/inventory_type/", body)).json["id"]
    refused = await api.client.delete(f"{PATH}{number}/")
    assert (refused.status, refused.json["detail"]) == (409, "the firmware image is still referred to by a type")
    assert len(files(tmp_path)) == 1
    await api.client.delete(f"/inventory_type/{kind}/")
    assert (await api.client.delete(f"{PATH}{number}/")).status == 204
    assert files(tmp_path) == []
    for path in (f"{PATH}{number}/", f"{PATH}{number}/file/"):
        assert (await api.client.get(path)).status == 404
    assert (await api.client.delete(f"{PATH}{number}/")).status == 404
    log = (await api.client.get("/audit_log/?resource=firmware_image")).json["results"]
    assert [each["action"] for each in log] == ["delete", "create"]


async def test_a_file_without_a_record_does_not_stay_for_ever(sqlite_api: Api, tmp_path: Path) -> None:
    await upload(sqlite_api)
    known = files(tmp_path)
    folder = FileFolder(tmp_path / "files", keep_free=0)
    async with folder.incoming(10) as incoming:
        await incoming.write(b"orphan")
        await incoming.keep()
    await folder.close()
    assert len(files(tmp_path)) == 2
    # The clock of the test server is long behind the files' times.
    await sqlite_api.served.server.services.sweeper.tidy_files()
    assert files(tmp_path) == known


async def test_a_file_that_is_not_there_is_told(sqlite_api: Api, tmp_path: Path) -> None:
    number = await upload(sqlite_api)
    (path,) = [each for each in (tmp_path / "files").rglob("*") if each.is_file()]
    path.write_bytes(b"cut")
    assert (await sqlite_api.client.get(f"{PATH}{number}/file/")).status == 404
    path.unlink()
    missing = await sqlite_api.client.get(f"{PATH}{number}/file/")
    assert (missing.status, missing.json["detail"]) == (404, "the file is not there")


async def test_images_are_everybodys_and_changed_by_admins_that_are_not_bound(api: Api) -> None:
    number = await upload(api)
    one = f"{PATH}{number}/"
    mine = await api.organization("mine")
    bound = await api.token(Role.ADMIN, mine)
    for client in (bound, await api.token(Role.OPERATOR), await api.token(Role.VIEWER, mine)):
        assert (await client.get(one)).status == 200
        assert (await client.get(PATH)).json["count"] == 1
        assert (await send(client, form(NEW | {"name": "b"}))).status == 403
        for path in (one, f"{PATH}99/"):
            assert (await client.patch(path, {"version": "3"})).status == 403
            assert (await client.delete(path)).status == 403
        assert (await client.get(f"{one}file/")).status == (200 if client is bound else 403)
    assert (await api.client.patch(f"{PATH}99/", {})).status == 404


async def test_the_list_is_filtered_ordered_and_paged(api: Api) -> None:
    for name, version in (("b", "1"), ("a", "2"), ("c", "2")):
        await upload(api, b"x", name=name, version=version)

    async def names(query: str) -> list[str]:
        return [each["name"] for each in (await api.client.get(f"{PATH}?{query}")).json["results"]]

    assert await names("ordering=name") == ["a", "b", "c"]
    assert await names("ordering=-version") == ["c", "a", "b"]
    assert await names("version=2") == ["a", "c"]
    assert await names("name=b") == ["b"]
    assert await names("file_type=3") == []
    page = (await api.client.get(f"{PATH}?limit=2")).json
    assert [each["name"] for each in (await api.client.get(page["next"])).json["results"]] == ["c"]
