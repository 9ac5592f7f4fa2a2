"""Organizations, locations, types and firmware images: kept as said, and not deleted under those they serve."""

from dataclasses import replace

import pytest

from acs.domain.device import Filters
from acs.domain.inventory import (
    DeviceTypeDetails,
    FirmwareImageDetails,
    LocationDetails,
    OrganizationDetails,
    TypeLogin,
)
from acs.store.device_types import TypeUpdate
from acs.store.errors import ConflictError, RecordError, ReferredError
from acs.store.firmware_images import ImageFilter
from acs.store.listing import Slice
from acs.store.locations import LocationFilter
from tests.contract.opened import OpenStore, Probe
from tests.contract.samples import AT, TEXTS, make_device, operation

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
_IMAGE = FirmwareImageDetails("box 2.0", "2.0", "box-2.0.bin", "1 Firmware Upgrade Image", '{"types": ["box"]}')


async def _image(store: OpenStore, name: str = "box 2.0") -> int:
    return await store.images.create(replace(_IMAGE, name=name), size=10, sha256="ab" * 32, file_key="file", at=AT)


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: repr(text[:12]))
async def test_every_text_is_kept_as_it_was_said(store: OpenStore, text: str) -> None:
    organization = OrganizationDetails(f"n{text[:500]}", text)
    number = await store.organizations.create(organization, AT)
    location = LocationDetails(f"n{text[:500]}", text, number, text, text)
    location_id = await store.locations.create(location, AT)
    image = FirmwareImageDetails(f"n{text[:500]}", text, text, text, text)
    image_id = await store.images.create(image, size=2**62, sha256=text, file_key=text, at=AT)
    filters = Filters(text, text, text, text)
    a_type = DeviceTypeDetails(
        f"n{text[:500]}", f"s{text[:500]}", text, True, filters, 2**62, (text,), (text, text), text, image_id
    )
    login = TypeLogin(f"u{text[:500]}", text, text)
    type_id = await store.types.create(a_type, AT, login=login)
    await store.reopen()
    found = (
        await store.organizations.by_id(number),
        await store.locations.by_id(location_id),
        await store.images.by_id(image_id),
        await store.types.by_id(type_id),
    )
    assert [each and each.details for each in found] == [organization, location, image, a_type]
    assert found[2] is not None
    assert (found[2].size, found[2].sha256, found[2].file_key, found[2].created) == (2**62, text, text, AT)
    assert await store.types.logins([type_id]) == {type_id: login}
    assert await store.organizations.by_name(organization.name) == found[0]
    assert await store.images.by_name(image.name) == found[2]


async def test_what_is_not_said_is_kept_as_not_said(store: OpenStore) -> None:
    organization_id = await store.organizations.create(OrganizationDetails("o"), AT)
    location_id = await store.locations.create(LocationDetails("l"), AT)
    type_id = await store.types.create(DeviceTypeDetails("t", "t"), AT)
    found = (
        await store.organizations.by_id(organization_id),
        await store.locations.by_id(location_id),
        await store.types.by_id(type_id),
    )
    assert [each and each.details for each in found] == [
        OrganizationDetails("o"),
        LocationDetails("l"),
        DeviceTypeDetails("t", "t"),
    ]
    assert await store.types.logins([type_id]) == {}


async def test_an_update_replaces_what_was_said_and_nothing_else(store: OpenStore) -> None:
    organization_id = await store.organizations.create(OrganizationDetails("o"), AT)
    other = await store.organizations.create(OrganizationDetails("other"), AT)
    location_id = await store.locations.create(LocationDetails("l", "s", organization_id, "1", "2"), AT)
    image_id = await _image(store)
    type_id = await store.types.create(_TYPE, AT)
    assert await store.organizations.update(organization_id, OrganizationDetails("new", "d"))
    assert await store.locations.update(location_id, LocationDetails("new", "t", other, "3", "4"))
    assert await store.images.update(image_id, FirmwareImageDetails("new", "3", "f", "3 Vendor", "[]"))
    details = replace(_TYPE, name="new", short_name="n", firmware_image_id=image_id, filters=Filters(oui="X"))
    assert await store.types.update(type_id, details, AT + 1)
    await store.reopen()
    organization = await store.organizations.by_id(organization_id)
    location = await store.locations.by_id(location_id)
    image = await store.images.by_id(image_id)
    a_type = await store.types.by_id(type_id)
    assert organization is not None
    assert (organization.details, organization.created) == (OrganizationDetails("new", "d"), AT)
    assert location is not None
    assert (location.details, location.created) == (LocationDetails("new", "t", other, "3", "4"), AT)
    assert image is not None
    assert image.details == FirmwareImageDetails("new", "3", "f", "3 Vendor", "[]")
    assert (image.size, image.sha256, image.created) == (10, "ab" * 32, AT)
    assert a_type is not None
    assert (a_type.details, a_type.created, a_type.updated, a_type.revision) == (details, AT, AT + 1, 1)
    untouched = await store.organizations.by_id(other)
    assert untouched is not None
    assert untouched.details == OrganizationDetails("other")


async def test_what_is_not_there_is_neither_found_nor_changed_nor_deleted(store: OpenStore, probe: Probe) -> None:
    before = await probe.content()
    assert await store.organizations.by_id(7) is await store.organizations.by_name("x") is None
    assert await store.locations.by_id(7) is None
    assert await store.images.by_id(7) is await store.images.by_name("x") is None
    assert await store.types.by_id(7) is None
    assert not await store.organizations.update(7, OrganizationDetails("x"))
    assert not await store.locations.update(7, LocationDetails("x"))
    assert not await store.images.update(7, _IMAGE)
    assert not await store.types.update(7, _TYPE, AT, TypeUpdate(TypeLogin("u", "p", "u"), settings=()))
    assert not await store.types.update(7, _TYPE, AT, TypeUpdate(drops_login=True, settings_differ=True))
    for each in (store.organizations, store.locations, store.images, store.types):
        assert not await each.delete(7)
    assert await probe.content() == before


async def test_names_are_unique_and_the_error_says_of_what(store: OpenStore) -> None:
    for name in ("a", "b"):
        other = await store.organizations.create(OrganizationDetails(name), AT)
        await store.locations.create(LocationDetails(name), AT)
        await _image(store, name)
        await store.types.create(DeviceTypeDetails(name, name), AT)
    refused = [
        (store.organizations.create(OrganizationDetails("a"), AT), "organization", "name"),
        (store.organizations.update(other, OrganizationDetails("a")), "organization", "name"),
        (store.locations.create(LocationDetails("a"), AT), "location", "name"),
        (_image(store, "a"), "firmware_image", "name"),
        (store.types.create(DeviceTypeDetails("a", "c"), AT), "device_type", "name"),
        (store.types.create(DeviceTypeDetails("c", "a"), AT), "device_type", "short_name"),
    ]
    for attempt, table, column in refused:
        with pytest.raises(ConflictError) as raised:
            await attempt
        assert (raised.value.table, raised.value.columns) == (table, (column,))
        assert str(raised.value) == f"another {table} has the same {column}"


async def test_pages_follow_one_another_and_end(store: OpenStore) -> None:
    images = [await _image(store, f"i{n}") for n in range(7)]
    found: list[int] = []
    part: Slice | None = Slice(3)
    while part is not None:
        page = await store.images.page(part, ImageFilter(version="2.0"), "-name")
        assert page.count == 7
        found += [record.id for record in page.items]
        part = None if page.following is None else Slice(3, after=page.following)
    assert found == images[::-1]
    assert (await store.images.page(Slice(), ImageFilter(name="i3", file_type="3 Other"))).items == []


async def test_a_page_shows_what_is_of_some_organizations_alone(store: OpenStore) -> None:
    owners = [await store.organizations.create(OrganizationDetails(f"o{n}"), AT) for n in range(3)]
    places = [
        await store.locations.create(LocationDetails(f"l{n}", organization_id=owners[n % 3]), AT) for n in range(9)
    ]
    nobodys = await store.locations.create(LocationDetails("nobody's"), AT)
    some = [owners[0], owners[2], 999]
    assert [each.id for each in (await store.organizations.page(Slice(9), some)).items] == [owners[0], owners[2]]
    assert (await store.organizations.page(Slice(9), [])).items == []
    theirs = [places[n] for n in (0, 2, 3, 5, 6, 8)]
    seen = LocationFilter(seen_by=some)
    page = await store.locations.page(Slice(4), seen)
    assert ([each.id for each in page.items], page.count) == (theirs[:4], 7)
    assert page.following is not None
    rest = await store.locations.page(Slice(4, after=page.following), seen)
    assert [each.id for each in rest.items] == [*theirs[4:], nobodys]
    assert [each.id for each in (await store.locations.page(Slice(), LocationFilter(seen_by=[]))).items] == [nobodys]
    own = LocationFilter(organization_id=owners[1], seen_by=some)
    assert (await store.locations.page(Slice(), own)).count == 0
    assert (await store.locations.page(Slice(1))).count == 10


async def test_locations_are_found_by_their_names_and_in_an_order(store: OpenStore) -> None:
    for name, short_name in (("b", "x"), ("a", "y"), ("c", "x")):
        await store.locations.create(LocationDetails(name, short_name), AT)

    async def names(wanted: LocationFilter, ordering: str) -> list[str]:
        return [each.details.name for each in (await store.locations.page(Slice(), wanted, ordering)).items]

    assert await names(LocationFilter(), "name") == ["a", "b", "c"]
    assert await names(LocationFilter(short_name="x"), "-name") == ["c", "b"]
    assert await names(LocationFilter(name="a"), "-id") == ["a"]
    assert await names(LocationFilter(name="a", short_name="x"), "short_name") == []


async def test_what_others_refer_to_is_not_deleted_and_the_error_says_by_whom(store: OpenStore, probe: Probe) -> None:
    organization_id = await store.organizations.create(OrganizationDetails("o"), AT)
    location_id = await store.locations.create(LocationDetails("l", organization_id=organization_id), AT)
    image_id = await _image(store)
    type_id = await store.types.create(replace(_TYPE, firmware_image_id=image_id), AT)
    device_id = await make_device(store, type_id=type_id)
    await probe.execute(
        f"UPDATE device SET organization_id = {organization_id}, location_id = {location_id}, "
        f"firmware_image_id = {image_id} WHERE id = {device_id}"
    )
    before = await probe.content()
    for delete, table, tables, sentence in (
        (
            store.organizations.delete(organization_id),
            "organization",
            ("location", "device"),
            "the organization is still referred to by a location and a device",
        ),
        (store.locations.delete(location_id), "location", ("device",), "the location is still referred to by a device"),
        (
            store.images.delete(image_id),
            "firmware_image",
            ("device_type", "device"),
            "the firmware image is still referred to by a type and a device",
        ),
        (store.types.delete(type_id), "device_type", ("device",), "the device type is still referred to by a device"),
    ):
        with pytest.raises(ReferredError) as raised:
            await delete
        assert isinstance(raised.value, RecordError)
        assert (raised.value.table, raised.value.tables, str(raised.value)) == (table, tables, sentence)
    assert await probe.content() == before
    await store.devices.delete(device_id)
    assert await store.types.delete(type_id)
    assert await store.images.delete(image_id)
    assert await store.locations.delete(location_id)
    assert await store.organizations.delete(organization_id)


async def test_an_image_is_kept_while_a_transfer_of_it_is_open_and_no_longer(store: OpenStore) -> None:
    image_id = await _image(store)
    device_id = await make_device(store)
    operation_id = await store.operations.queue(operation(device_id), AT)
    assert operation_id is not None
    transfer_id = await store.transfers.open(
        device_id,
        operation_id,
        direction="download",
        command_key="k",
        file_type="1 Firmware Upgrade Image",
        file_name="f",
        file_key="file",
        firmware_image_id=image_id,
        version="2.0",
        size=10,
        sha256="ab" * 32,
        expires_at=AT + 1,
        at=AT,
    )
    with pytest.raises(ReferredError, match="still referred to by an open transfer"):
        await store.images.delete(image_id)
    await store.transfers.end_expired(AT + 2, 10)
    assert await store.images.delete(image_id)
    transfer = await store.transfers.by_id(transfer_id)
    assert transfer is not None
    assert (transfer.firmware_image_id, transfer.version) == (None, "2.0")


async def test_a_number_is_never_given_out_twice(store: OpenStore) -> None:
    # Tokens and the audit log go on naming what is no more.
    first = await store.organizations.create(OrganizationDetails("o"), AT)
    await store.organizations.delete(first)
    assert await store.organizations.create(OrganizationDetails("o"), AT) > first


async def test_a_login_shows_no_password() -> None:
    assert "sealed" not in repr(TypeLogin("shared", "sealed", "uuid"))
