"""Types of devices through the API."""

from typing import Any

import pytest

from acs.domain.inventory import FirmwareImageDetails
from acs.domain.token import Role
from tests.api.client import Client, Said
from tests.api.conftest import Api
from tests.contract.opened import probing

PATH = "/inventory_type/"
SSID, CHANNEL = "Device.WiFi.SSID.1.SSID", "Device.WiFi.Radio.1.Channel"
KEY = "Device.WiFi.AccessPoint.1.Security.KeyPassphrase"
SECRET, MASK = "a secret of the tests", "********"
BARE = {"name": "Box 1000", "short_name": "box"}
ONBOARDING = {"enabled": True, "username": "factory", "password": SECRET, "oui": "00D09E"}
WHOLE: dict[str, Any] = BARE | {
    "description": "a box\nof ours",
    "onboarding": ONBOARDING | {"manufacturer": "Boxes", "product_class": "B1", "serial_prefix": "S"},
    "update_frequency": 900,
    "helpers": ["ping", "last_inform", "tcp", "connection_request"],
    "default_settings": [
        {"variable_name": SSID, "value": "home", "value_type": "string"},
        {"variable_name": CHANNEL, "value": 11},
        {"variable_name": KEY, "value": SECRET},
    ],
    "managed": ["Device.WiFi.", "Device.Users."],
    "quirks": {"gpv_batch": 32, "root_path": "Device."},
}
EMPTY_ONBOARDING = {
    "enabled": False,
    "username": None,
    "has_password": False,
    "manufacturer": "",
    "oui": "",
    "product_class": "",
    "serial_prefix": "",
}
MADE = {"created": "2027-01-15T08:00:00Z", "updated": "2027-01-15T08:00:00Z"}
EMPTY: dict[str, Any] = {
    "description": "",
    "onboarding": EMPTY_ONBOARDING,
    "update_frequency": None,
    "helpers": [],
    "default_settings": [],
    "managed": [],
    "firmware_image": None,
    "quirks": {},
}


def shown(number: int) -> dict[str, Any]:
    """The whole type as it is shown."""
    onboarding = {name: value for name, value in WHOLE["onboarding"].items() if name != "password"}
    return WHOLE | MADE | {
        "id": number,
        "onboarding": onboarding | {"has_password": True},
        "default_settings": [
            {"variable_name": KEY, "value": MASK, "value_type": None},
            {"variable_name": CHANNEL, "value": "11", "value_type": "integer"},
            {"variable_name": SSID, "value": "home", "value_type": "string"},
        ],
        "firmware_image": None,
    }  # fmt: skip


async def make(api: Api, body: object = WHOLE) -> int:
    """A type; its number."""
    made = await api.client.post(PATH, body)
    assert made.status == 201, made.json
    number: int = made.json["id"]
    return number


async def image(api: Api, name: str = "image", applicability: str = "{}") -> int:
    """A firmware image, without a file."""
    images = api.served.server.services.tools.images
    details = FirmwareImageDetails(name, "2.0", "image.bin", "1 Firmware Upgrade Image", applicability)
    return await images.create(details, size=1, sha256="s", file_key=f"key of {name}", at=0.0)


async def test_only_names_are_needed(api: Api) -> None:
    made = await api.client.post(PATH, BARE)
    assert (made.status, made.json) == (201, BARE | EMPTY | MADE | {"id": made.json["id"]})
    assert (await api.client.get(f"{PATH}{made.json['id']}/")).json == made.json


async def test_all_of_one_is_shown_but_its_secrets(api: Api) -> None:
    number = await make(api)
    for said in (
        await api.client.get(f"{PATH}{number}/"),
        await api.client.get(PATH),
        await api.client.get("/audit_log/"),
    ):
        assert said.status == 200
        assert SECRET not in said.octets.decode()
    assert (await api.client.get(f"{PATH}{number}/")).json == shown(number)
    assert (await api.client.get(PATH)).json["results"] == [shown(number)]


async def test_put_replaces_everything_but_the_password(api: Api) -> None:
    number = await make(api)
    put = await api.client.put(f"{PATH}{number}/", BARE | {"onboarding": {"enabled": True, "username": "other"}})
    assert put.status == 200
    login = EMPTY_ONBOARDING | {"enabled": True, "username": "other", "has_password": True}
    assert put.json == BARE | EMPTY | MADE | {"id": number, "onboarding": login}
    bare = await api.client.put(f"{PATH}{number}/", BARE)
    assert bare.json == BARE | EMPTY | MADE | {"id": number}
    without = await api.client.put(f"{PATH}{number}/", BARE | {"onboarding": {"username": "x"}})
    assert (without.status, without.errors) == (400, {"onboarding.password": ["is required with a username"]})


async def test_what_was_got_can_be_put(api: Api) -> None:
    number = await make(api)
    one = f"{PATH}{number}/"
    got = (await api.client.get(one)).json
    for name in ("id", "created", "updated"):
        got.pop(name)
    got["onboarding"].pop("has_password")
    assert (await api.client.put(one, got)).json == shown(number)
    settings = await api.served.server.services.management.types.by_id(number)
    assert settings is not None
    assert [each.value for each in settings.settings if each.path == KEY] == [SECRET]


async def test_a_secret_that_cannot_be_unsealed_stands_in_nobodys_way(api: Api) -> None:
    number = await make(api)
    async with probing(api.served.server.services.tools.settings.database_url.get_secret_value()) as probe:
        await probe.execute(f"UPDATE setting SET value = 'sealed:AAAA' WHERE path = '{KEY}'")
    assert (await api.client.get(f"{PATH}{number}/")).json == shown(number)
    assert (await api.client.get(PATH)).json["results"] == [shown(number)]
    settings = [{"variable_name": KEY, "value": "another"}]
    mended = await api.client.patch(f"{PATH}{number}/", {"default_settings": settings})
    assert (mended.status, mended.json["default_settings"][0]["value"]) == (200, MASK)


@pytest.mark.parametrize(
    ("patch", "changed"),
    [
        ({"name": "n"}, {"name": "n"}),
        ({"short_name": "s", "description": "d"}, {"short_name": "s", "description": "d"}),
        ({"update_frequency": None}, {"update_frequency": None}),
        ({"helpers": ["tcp"]}, {"helpers": ["tcp"]}),
        ({"managed": []}, {"managed": []}),
        ({"quirks": {"gpv_batch": 16, "root_path": None}}, {"quirks": {"gpv_batch": 16}}),
        ({"quirks": {"read_back": False}}, {"quirks": {"gpv_batch": 32, "root_path": "Device.", "read_back": False}}),
        (
            {"default_settings": [{"variable_name": SSID, "value": True}]},
            {"default_settings": [{"variable_name": SSID, "value": "true", "value_type": "boolean"}]},
        ),
        ({}, {}),
    ],
    ids=str,
)
async def test_patch_merges(sqlite_api: Api, patch: dict[str, Any], changed: dict[str, Any]) -> None:
    number = await make(sqlite_api)
    patched = await sqlite_api.client.patch(f"{PATH}{number}/", patch)
    assert (patched.status, patched.json) == (200, shown(number) | changed)


async def test_patch_merges_the_onboarding_too(api: Api) -> None:
    number = await make(api)

    async def patched(**onboarding: object) -> dict[str, Any]:
        said = await api.client.patch(f"{PATH}{number}/", {"onboarding": onboarding})
        assert said.status == 200, said.json
        found: dict[str, Any] = said.json["onboarding"]
        return found

    before = shown(number)["onboarding"]
    assert await patched(oui="") == before | {"oui": ""}
    assert await patched(username="other") == before | {"oui": "", "username": "other"}
    assert (await patched(username=None))["has_password"] is False
    refused = await api.client.patch(f"{PATH}{number}/", {"onboarding": {"password": "p"}})
    assert (refused.status, set(refused.errors)) == (400, {"onboarding.username"})
    assert (await patched(username="u", password="p"))["has_password"] is True


async def test_all_that_is_wrong_is_named(api: Api) -> None:
    wrong = await api.client.post(
        PATH,
        {
            "description": 1,
            "colour": "red",
            "onboarding": {"enabled": "yes", "password": "", "oui": 7, "key": 1},
            "update_frequency": 0,
            "helpers": ["tcp", "telepathy"],
            "default_settings": [{"variable_name": "no path", "value": 1}, {"variable_name": SSID, "value_type": "x"}],
            "managed": ["Device.WiFi", "Device.{i}."],
            "firmware_image": "x",
            "quirks": [],
        },
    )
    assert wrong.status == 400
    assert set(wrong.errors) == {
        "name",
        "short_name",
        "description",
        "colour",
        "onboarding.enabled",
        "onboarding.password",
        "onboarding.oui",
        "onboarding.key",
        "update_frequency",
        "helpers[1]",
        "default_settings[0].variable_name",
        "default_settings[1].value_type",
        "managed[0]",
        "managed[1]",
        "firmware_image",
        "quirks",
    }
    assert (await api.client.get(PATH)).json["count"] == 0


async def test_what_no_field_tells_alone_is_named_too(api: Api) -> None:
    wrong = await api.client.post(
        PATH,
        BARE
        | {
            "onboarding": {"password": "p"},
            "default_settings": [
                {"variable_name": SSID, "value": "1"},
                {"variable_name": SSID, "value": "2"},
                {"variable_name": CHANNEL},
                {"variable_name": "Device.WiFi.", "value": ""},
                {"variable_name": "Device.WiFi.SSID.*.SSID", "value": ""},
                {"variable_name": KEY, "value": MASK},
            ],
            "firmware_image": 77,
            "quirks": {"gpv_batch": 0, "shouting": True, "root_path": "Device", "read_back": "perhaps"},
        },
    )
    assert wrong.status == 400
    assert set(wrong.errors) == {
        "onboarding.username",
        "default_settings[1].variable_name",
        "default_settings[2].value",
        "default_settings[3].variable_name",
        "default_settings[4].variable_name",
        "default_settings[5].value",
        "firmware_image",
        "quirks.gpv_batch",
        "quirks.shouting",
        "quirks.root_path",
        "quirks.read_back",
    }
    for root in ("Device.\0.", "Device..", "Device.{i}."):
        said = await api.client.post(PATH, BARE | {"quirks": {"root_path": root}})
        assert (said.status, said.errors) == (400, {"quirks.root_path": ["is no partial path"]})
    twice = await api.client.post(PATH, BARE | {"helpers": ["tcp", "tcp"]})
    assert (twice.status, twice.errors) == (400, {"helpers": ["must name each helper once"]})
    assert (await api.client.get(PATH)).json["count"] == 0


async def test_names_are_one_types(api: Api) -> None:
    await make(api, BARE)
    number = await make(api, {"name": "b", "short_name": "c"})
    for taken, fields in (({"name": "Box 1000", "short_name": "x"}, {"name"}), (BARE | {"name": "y"}, {"short_name"})):
        for said in (await api.client.post(PATH, taken), await api.client.put(f"{PATH}{number}/", taken)):
            assert (said.status, set(said.errors)) == (409, fields)
    assert (await api.client.patch(f"{PATH}{number}/", {"short_name": "box"})).status == 409


async def test_the_list_is_filtered_ordered_and_paged(api: Api) -> None:
    for name, short_name in (("b", "x"), ("a", "z"), ("c", "y")):
        await make(api, {"name": name, "short_name": short_name})

    async def names(query: str) -> list[str]:
        return [each["name"] for each in (await api.client.get(f"{PATH}?{query}")).json["results"]]

    assert await names("ordering=name") == ["a", "b", "c"]
    assert await names("ordering=-short_name") == ["a", "c", "b"]
    assert await names("name=a") == await names("short_name=z") == ["a"]
    page = (await api.client.get(f"{PATH}?limit=2")).json
    assert (page["count"], len(page["results"])) == (3, 2)
    assert [each["name"] for each in (await api.client.get(page["next"])).json["results"]] == ["c"]
    assert (await api.client.get(f"{PATH}?ordering=password")).status == 400


async def _changes(client: Client, number: int) -> list[Said]:
    one = f"{PATH}{number}/"
    return [
        await client.post(PATH, BARE | {"name": "n", "short_name": "n"}),
        await client.put(one, BARE),
        await client.patch(one, {"description": "d"}),
        await client.delete(one),
    ]


async def test_types_are_everybodys_and_changed_by_admins_that_are_not_bound(api: Api) -> None:
    number = await make(api)
    mine = await api.organization("mine")
    for client in (
        await api.token(Role.ADMIN, mine),
        await api.token(Role.OPERATOR),
        await api.token(Role.VIEWER, mine),
    ):
        assert (await client.get(f"{PATH}{number}/")).json == shown(number)
        assert (await client.get(PATH)).json["count"] == 1
        for said in (*await _changes(client, number), *await _changes(client, 99)):
            assert said.status == 403
    assert [each.status for each in await _changes(api.client, 99)][1:] == [404, 404, 404]
    assert (await api.client.get(f"{PATH}99/")).status == 404


async def test_one_that_devices_are_of_stays(api: Api) -> None:
    number = await make(api)
    devices = api.served.server.services.tools.devices
    device = api.served.device()
    await device.run_session()
    await devices.set_type(await api.served.id_of(device), number, 0.0)
    refused = await api.client.delete(f"{PATH}{number}/")
    assert (refused.status, refused.json["detail"]) == (409, "the device type is still referred to by a device")
    await devices.delete(await api.served.id_of(device))
    assert (await api.client.delete(f"{PATH}{number}/")).status == 204
    assert (await api.client.delete(f"{PATH}{number}/")).status == 404
    log = (await api.client.get("/audit_log/?resource=device_type")).json["results"]
    assert [(each["action"], each["resource_id"]) for each in log] == [("delete", str(number)), ("create", str(number))]


async def test_the_audit_log_tells_what_changed_and_no_secret(api: Api) -> None:
    number = await make(api)
    await api.client.patch(f"{PATH}{number}/", {"description": "new", "onboarding": {"password": "another"}})
    said = await api.client.get("/audit_log/?action=update")
    (entry,) = said.json["results"]
    assert "another" not in said.octets.decode()
    assert (entry["before"]["description"], entry["after"]["description"]) == ("a box\nof ours", "new")
    assert "password" not in entry["before"]["onboarding"]
    assert entry["after"]["onboarding"]["password"] == MASK


async def test_a_type_is_given_an_image_that_is_for_it(api: Api) -> None:
    good = await image(api, "good", '{"types": ["box"], "ouis": ["00d09e"], "hardware_versions": ["1"]}')
    other = await image(api, "other", '{"types": ["other"], "ouis": ["00AABB"], "manufacturers": ["Boxes"]}')
    refused = await api.client.post(PATH, WHOLE | {"firmware_image": other})
    assert (refused.status, refused.errors) == (
        400,
        {"firmware_image": ["is not for this type", "is not for this OUI"]},
    )
    number = await make(api, WHOLE | {"firmware_image": good})
    assert (await api.client.patch(f"{PATH}{number}/", {"firmware_image": other})).status == 400
    assert (await api.client.get(f"{PATH}{number}/")).json["firmware_image"] == good
    assert (await api.client.patch(f"{PATH}{number}/", {"firmware_image": None})).json["firmware_image"] is None
