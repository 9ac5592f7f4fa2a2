"""Types of devices: their logins, their settings, and how their devices learn of changes."""

from dataclasses import replace

import pytest

from acs.domain.device import Credential, Filters
from acs.domain.inventory import DeviceTypeDetails, TypeLogin
from acs.store.device_types import TypeFilter, TypeUpdate
from acs.store.errors import ConflictError
from acs.store.listing import Slice
from acs.store.settings import WantedValue
from tests.contract.opened import OpenStore, Probe
from tests.contract.samples import AT, make_device

_TYPE = DeviceTypeDetails(
    name="Box 1000",
    short_name="box",
    description="a box",
    onboarding_enabled=True,
    filters=Filters("Boxes Ltd", "00AABB", "Box", "S"),
    update_frequency=900,
    helpers=("connection_request", "tcp"),
    managed=("Device.WiFi.", "Device.Users."),
    quirks='{"next_level": "0"}',
)


async def test_types_are_found_by_their_names_and_in_an_order(store: OpenStore) -> None:
    for name, short_name in (("b", "x"), ("a", "z"), ("c", "y")):
        await store.types.create(DeviceTypeDetails(name, short_name), AT)

    async def names(wanted: TypeFilter, ordering: str) -> list[str]:
        return [each.details.name for each in (await store.types.page(Slice(2), wanted, ordering)).items]

    assert await names(TypeFilter(), "name") == ["a", "b"]
    assert await names(TypeFilter(), "-short_name") == ["a", "c"]
    assert await names(TypeFilter("a"), "id") == ["a"]
    assert await names(TypeFilter(short_name="y"), "id") == ["c"]
    assert await names(TypeFilter("a", "y"), "id") == []


@pytest.mark.parametrize(
    ("changed", "matters"),
    [
        ({"quirks": "{}"}, True),
        ({"managed": ("Device.",)}, True),
        ({"update_frequency": 60}, True),
        ({"update_frequency": None}, True),
        ({"name": "other", "short_name": "other", "description": "other"}, False),
        ({"onboarding_enabled": False, "filters": Filters()}, False),
        ({"helpers": ()}, False),
        ({}, False),
    ],
    ids=str,
)
async def test_a_change_that_matters_to_devices_revises_them_and_no_others(
    store: OpenStore, changed: dict[str, object], matters: bool
) -> None:
    type_id = await store.types.create(_TYPE, AT)
    other = await store.types.create(replace(_TYPE, name="other type", short_name="other type"), AT)
    devices = [await make_device(store, f"S{n}", type_id=type_id) for n in range(3)]
    others = [await make_device(store, "S8", type_id=other), await make_device(store, "S9")]
    await store.types.update(type_id, replace(_TYPE, **changed), AT + 1)  # type: ignore[arg-type]
    assert await store.type_changes.tell() is matters

    async def revisions(numbers: list[int]) -> set[int]:
        found = [await store.devices.by_id(number) for number in numbers]
        return {device.revision for device in found if device is not None}

    assert await revisions(devices) == {int(matters)}
    assert await revisions(others) == {0}


async def test_another_login_of_a_type_replaces_the_first_and_revises_its_devices(store: OpenStore) -> None:
    type_id = await store.types.create(_TYPE, AT, login=TypeLogin("shared", "sealed 1", "uuid 1"))
    device_id = await make_device(store, type_id=type_id)
    (login,) = await store.devices.logins("shared")
    assert login == Credential(login.id, "cwmp", None, type_id, "shared", "sealed 1", True, "uuid 1", _TYPE.filters)
    assert await store.types.update(type_id, _TYPE, AT + 1, TypeUpdate(TypeLogin("shared", "sealed 2", "uuid 2")))
    await store.type_changes.tell()
    (login,) = await store.devices.logins("shared")
    assert (login.password, login.uuid) == ("sealed 2", "uuid 2")
    device = await store.devices.by_id(device_id)
    assert device is not None
    assert device.revision == 1
    assert await store.types.update(type_id, _TYPE, AT + 2)
    assert await store.types.logins([type_id]) == {type_id: TypeLogin("shared", "sealed 2", "uuid 2")}
    assert await store.types.update(type_id, _TYPE, AT + 3, TypeUpdate(drops_login=True))
    await store.type_changes.tell()
    assert await store.devices.logins("shared") == []
    device = await store.devices.by_id(device_id)
    assert device is not None
    assert device.revision == 2


async def test_a_type_that_does_not_take_devices_in_has_no_login_that_opens(store: OpenStore) -> None:
    details = replace(_TYPE, onboarding_enabled=False)
    type_id = await store.types.create(details, AT, login=TypeLogin("shared", "sealed", "uuid"))
    assert await store.devices.logins("shared") == []
    await store.types.update(type_id, _TYPE, AT)
    assert len(await store.devices.logins("shared")) == 1


async def test_a_type_that_is_refused_leaves_no_login(store: OpenStore, probe: Probe) -> None:
    await store.types.create(_TYPE, AT)
    with pytest.raises(ConflictError):
        await store.types.create(_TYPE, AT, login=TypeLogin("shared", "sealed", "uuid"))
    assert await probe.value("SELECT COUNT(*) FROM credential") == 0


async def test_a_type_takes_its_login_and_its_settings_along(store: OpenStore, probe: Probe) -> None:
    type_id = await store.types.create(_TYPE, AT, login=TypeLogin("shared", "sealed", "uuid"))
    await probe.execute(
        f"INSERT INTO setting (type_id, path, value, uuid, updated) VALUES ({type_id}, 'Device.X', '1', 'u', 0.0)"
    )
    assert await store.types.delete(type_id)
    content = await probe.content()
    assert (content["device_type"], content["credential"], content["setting"]) == ([], [], [])


async def test_a_change_is_told_to_many_devices_a_few_at_a_time(store: OpenStore, probe: Probe) -> None:
    # Devices of a type with a frequency have it due from the start.
    plain = replace(_TYPE, update_frequency=None)
    type_id = await store.types.create(plain, AT)
    for number in range(5):
        await make_device(store, f"S{number}", type_id=type_id)
    revised = "SELECT COUNT(*) FROM device WHERE revision > 0"
    due = "SELECT COUNT(*) FROM contact WHERE settings_due"
    wanted = [WantedValue("Device.X", "1", None, "u")]
    update = TypeUpdate(settings=wanted, settings_differ=True)
    await store.types.update(type_id, replace(plain, quirks="{}"), AT, update)
    told = []
    while await store.type_changes.tell(2):
        told.append((await probe.value(revised), await probe.value(due)))
        if len(told) == 2:
            await store.reopen()
    assert told == [(2, 2), (4, 4), (5, 5)]


async def test_a_change_that_comes_in_between_is_told_to_all(store: OpenStore, probe: Probe) -> None:
    type_id = await store.types.create(_TYPE, AT)
    for number in range(5):
        await make_device(store, f"S{number}", type_id=type_id)
    await store.types.update(type_id, replace(_TYPE, quirks="{}"), AT)
    await store.type_changes.tell(2)
    await store.types.update(type_id, replace(_TYPE, quirks='{"a": 1}'), AT)
    while await store.type_changes.tell(2):
        pass
    assert await probe.rows("SELECT revision FROM device ORDER BY id") == [(2,), (2,), (1,), (1,), (1,)]


async def test_settings_that_do_not_change_stay_the_wishes_they_were(store: OpenStore) -> None:
    kept, changed = WantedValue("Device.A", "1", None, "a"), WantedValue("Device.B", "1", None, "b")
    type_id = await store.types.create(_TYPE, AT, settings=[kept, changed])
    other = await store.types.create(
        replace(_TYPE, name="o", short_name="o"), AT, settings=[WantedValue("Device.A", "9", None, "o")]
    )
    new = [replace(kept, value="2", uuid="a"), replace(changed, value="2", uuid="c")]
    await store.types.update(type_id, _TYPE, AT, TypeUpdate(settings=new))
    assert await store.settings.of_types([type_id, other]) == {
        type_id: [kept, new[1]],
        other: [WantedValue("Device.A", "9", None, "o")],
    }
    await store.types.update(type_id, _TYPE, AT)
    await store.types.update(type_id, _TYPE, AT, TypeUpdate(settings=new[1:]))
    assert await store.settings.of_types([type_id]) == {type_id: new[1:]}
