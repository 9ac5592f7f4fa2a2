"""Devices, their logins, how they are heard, and those that are not let in."""

import asyncio
from dataclasses import replace

import pytest

from acs.domain.contact import Description, HistoryEntry, NewValue
from acs.domain.device import Credential, Identity
from acs.domain.inventory import DeviceTypeDetails
from acs.domain.settlement import Consequences
from acs.store.contacts import ContactStore
from acs.store.errors import ConflictError
from acs.store.writer import GroupWriter
from tests.contract.gated import GatedDatabase
from tests.contract.opened import OpenStore, Probe
from tests.contract.samples import AT, TEXTS, inform, make_device, meet, operation


def _login(uuid: str, *, purpose: str = "cwmp", confirmed: bool = True, password: str = "sealed") -> Credential:
    return Credential(0, purpose, None, None, f"user {uuid}", password, confirmed, uuid)


@pytest.mark.parametrize("text", TEXTS[1:], ids=lambda text: repr(text[:12]))
async def test_a_device_is_kept_as_it_was_said(store: OpenStore, text: str) -> None:
    short = text[:500]
    identity = Identity(short, short, short)
    device_id = await store.devices.create(
        uuid=f"u{short}", name=f"n{short}", identity=identity, at=AT, manufacturer=text, update_frequency=2**62
    )
    (path_id,) = await store.parameters.numbers([f"Device.{short}"])
    value = NewValue(path_id, text, text, True, None, None)
    entry = HistoryEntry(text, text, text, text, text)
    record = replace(
        inform(device_id),
        events=text,
        address=text,
        connection_request_url=text,
        session_key=short,
        snapshot=text,
        values=(value,),
        history=(entry,),
        description=Description(identity, text, text, text, text),
    )
    assert await store.contacts.record_inform(record) is not None
    await store.contacts.record_reach(device_id, text, AT, 0.25, text)
    await store.devices.put_logins(device_id, [_login(short, password=text)], AT)
    await store.reopen()
    (device,) = await store.devices.matching(identity)
    assert device == await store.devices.by_id(device_id)
    assert (device.id, device.name, device.identity, device.manufacturer) == (device_id, f"n{short}", identity, text)
    assert (device.software_version, device.hardware_version, device.cwmp_version) == (text, text, text)
    assert (device.update_frequency, device.inform_interval, device.address) == (2**62, 300, text)
    contact = await store.contacts.of_device(device_id)
    assert contact is not None
    assert (contact.events, contact.address, contact.connection_request_url) == (text, text, text)
    assert (contact.reach, contact.reach_detail, contact.reach_at, contact.reach_latency) == (text, text, AT, 0.25)
    assert await store.contacts.find_session(device_id, short, AT) == (1, text, None)
    ((_, at, told),) = await store.contacts.history(device_id, before=2**62, most=9)
    assert (at, told) == (AT, entry)
    (login,) = await store.devices.logins(f"user {short}")
    assert (login.password, login.uuid, login.device_id, login.is_confirmed) == (text, short, device_id, True)
    assert [row[:4] for row in await store.parameters.known(device_id, [f"Device.{short}"])] == [
        (f"Device.{short}", text, text, True)
    ]


async def test_a_device_matches_its_identity_and_registrations_that_say_less(store: OpenStore) -> None:
    exact = await make_device(store, "S1")
    with_oui = await store.devices.create(uuid="a", name="a", identity=Identity("00AABB", "", "S1"), at=AT)
    serial_alone = await store.devices.create(uuid="b", name="b", identity=Identity("", "", "S1"), at=AT)
    await store.devices.create(uuid="c", name="c", identity=Identity("FFFFFF", "Box", "S1"), at=AT)
    await make_device(store, "S2")
    found = await store.devices.matching(Identity("00AABB", "Box", "S1"))
    assert [device.id for device in found] == [exact, with_oui, serial_alone]


async def test_devices_without_serial_numbers_do_not_conflict(store: OpenStore) -> None:
    for name in ("a", "b"):
        await store.devices.create(uuid=name, name=name, identity=Identity("", "", ""), at=AT)


async def test_flags_are_truth_values_on_both_databases(store: OpenStore) -> None:
    device_id = await store.devices.create(
        uuid="u", name="n", identity=Identity("", "", "S"), at=AT, is_registered=True, debug=True
    )
    await store.devices.set_quarantined(device_id, AT, is_quarantined=True)
    device = await store.devices.by_id(device_id)
    assert device is not None
    flags = (
        device.is_active,
        device.is_quarantined,
        device.is_registered,
        device.debug,
        device.firmware_image_is_pending,
        device.has_credentials,
        device.has_confirmed_credentials,
    )
    assert [repr(flag) for flag in flags] == ["True", "True", "True", "True", "False", "False", "False"]


async def test_names_that_begin_so_are_found_and_no_others(store: OpenStore) -> None:
    for name in ("box", "box 1", "box 2", "Box 3", "bo", "boy"):
        await store.devices.create(uuid=name, name=name, identity=Identity("", "", name), at=AT)
    assert await store.devices.names_like("box") == {"box", "box 1", "box 2"}


async def test_a_device_takes_all_that_is_its_own_along(store: OpenStore, probe: Probe) -> None:
    empty = await probe.content()
    device_id = await make_device(store)
    (path_id,) = await store.parameters.numbers(["Device.X"])
    await meet(store, device_id, AT, NewValue(path_id, "1", None, None, "Device.X", "1"))
    await store.operations.queue(operation(device_id), AT)
    await store.devices.put_logins(device_id, [_login("u")], AT)
    assert await store.devices.delete(device_id)
    assert not await store.devices.delete(device_id)
    content = await probe.content()
    content.pop("path")
    empty.pop("path")
    assert content == empty


# --- what an Inform changes


async def test_an_inform_begins_a_session_under_the_next_fence(store: OpenStore) -> None:
    device_id = await make_device(store)
    assert [(await meet(store, device_id, AT + turn)).fence for turn in range(3)] == [1, 2, 3]
    contact = await store.contacts.of_device(device_id)
    assert contact is not None
    assert (contact.fence, contact.informs, contact.last_inform, contact.is_up) == (3, 3, AT + 2, True)
    assert contact.status_change == AT, "it went up once"
    assert await store.contacts.find_session(device_id, f"key {device_id} {AT + 2}", AT + 61.9) == (3, "{}", None)
    assert await store.contacts.find_session(device_id, f"key {device_id} {AT + 2}", AT + 62) is None
    assert await store.contacts.find_session(device_id, f"key {device_id} {AT + 1}", AT) is None


async def test_an_inform_that_does_not_tell_leaves_what_is_known(store: OpenStore) -> None:
    device_id = await make_device(store)
    await meet(store, device_id)
    silent = replace(inform(device_id), inform_interval=None, connection_request_url=None)
    await store.contacts.record_inform(silent)
    contact = await store.contacts.of_device(device_id)
    assert contact is not None
    assert (contact.inform_interval, contact.connection_request_url) == (300, "http://192.0.2.1:7547/")


async def test_an_inform_says_what_waits(store: OpenStore) -> None:
    device_id = await make_device(store)
    quiet = await meet(store, device_id)
    assert (quiet.has_operations, quiet.settings_due, quiet.credentials_due) == (False, False, False)
    await store.operations.queue(operation(device_id), AT)
    await store.devices.want_logins(device_id)
    busy = await meet(store, device_id, AT + 1)
    assert (busy.has_operations, busy.settings_due, busy.credentials_due) == (True, False, True)


async def test_a_changed_value_is_told_with_what_it_was_and_an_unchanged_one_costs_nothing(
    store: OpenStore, probe: Probe
) -> None:
    device_id = await make_device(store)
    numbers = await store.parameters.numbers(["Device.A", "Device.B", "Device.Counter"])

    def said(a: str, b: str, counter: str) -> list[NewValue]:
        return [
            NewValue(numbers[0], a, "xsd:string", None, "Device.A", a),
            NewValue(numbers[1], b, "xsd:string", None, "Device.B", "***", is_secret=True),
            NewValue(numbers[2], counter, "xsd:int", None, None, None),
        ]

    await meet(store, device_id, AT, *said("1", "sealed 1", "1"))
    assert await store.contacts.history(device_id, before=2**62, most=9) == [], "the first value replaces none"
    await meet(store, device_id, AT + 1, *said("2", "sealed 2", "2"))
    await meet(store, device_id, AT + 2, *said("2", "sealed 2", "3"))
    told = [(at, entry) for _, at, entry in await store.contacts.history(device_id, before=2**62, most=9)]
    assert sorted(told, key=str) == [
        (AT + 1, HistoryEntry("value", "Device.A", "1", "2")),
        (AT + 1, HistoryEntry("value", "Device.B", "***", "***")),
    ]
    assert await probe.rows("SELECT value, updated FROM parameter ORDER BY path_id") == [
        ("2", AT + 1),
        ("sealed 2", AT + 1),
        ("3", AT + 2),
    ]


async def test_what_is_not_told_of_a_parameter_stays_known(store: OpenStore) -> None:
    device_id = await make_device(store)
    (path_id,) = await store.parameters.numbers(["Device.A"])
    fence = (await meet(store, device_id, AT, NewValue(path_id, "1", "xsd:int", None, None, None))).fence
    await store.parameters.record(device_id, fence, [NewValue(path_id, None, None, True, None, None)], AT + 1)
    assert [tuple(row[:3]) for row in await store.parameters.known(device_id, ["Device.A"])] == [
        ("Device.A", "1", "xsd:int")
    ]
    assert [bool(row[3]) for row in await store.parameters.known(device_id, ["Device.A"])] == [True]


async def test_what_lies_below_a_path_is_found_in_order_and_with_a_bound(store: OpenStore) -> None:
    device_id, other = await make_device(store), await make_device(store, "S2")
    paths = ["Device.WiFi.SSID.1.Name", "Device.WiFi.SSID.2.Name", "Device.WiFi2.X", "Device.W", "Device.WiFi.A"]
    numbers = await store.parameters.numbers(paths)
    for each in (device_id, other):
        await meet(store, each, AT, *(NewValue(number, str(each), None, None, None, None) for number in numbers))
    found = await store.parameters.below(device_id, "Device.WiFi.", 9)
    assert [(row[0], row[1]) for row in found] == [
        (path, str(device_id)) for path in ("Device.WiFi.A", "Device.WiFi.SSID.1.Name", "Device.WiFi.SSID.2.Name")
    ]
    assert [row[0] for row in await store.parameters.below(device_id, "Device.WiFi.", 2)] == [
        "Device.WiFi.A",
        "Device.WiFi.SSID.1.Name",
    ]
    assert await store.parameters.count(device_id) == 5
    fence = (await meet(store, device_id)).fence
    gone = Consequences(gone=["Device.WiFi.SSID.", "Device.Unknown."])
    assert await store.operations.keep(device_id, fence, gone, AT)
    assert (await store.parameters.count(device_id), await store.parameters.count(other)) == (3, 5)


async def test_devices_that_are_silent_go_down_once_and_a_few_at_a_time(store: OpenStore) -> None:
    devices = [await make_device(store, f"S{number}") for number in range(5)]
    for device_id in devices:
        await meet(store, device_id)
    assert await store.contacts.mark_overdue_down(AT + 750, 9) == []
    await meet(store, devices[0], AT + 700)
    down: list[int] = []
    rounds: list[list[int]] = []
    while len(rounds) < 6:
        marked = await store.contacts.mark_overdue_down(AT + 751, 2)
        assert len(marked) <= 2
        rounds.append(marked)
        down += marked
    assert sorted(down) == devices[1:]
    contact = await store.contacts.of_device(devices[1])
    assert contact is not None
    assert (contact.is_up, contact.status_change) == (False, AT + 751)
    ((_, at, entry),) = await store.contacts.history(devices[1], before=2**62, most=9)
    assert (at, entry) == (AT + 751, HistoryEntry("status", "", "Up", "Down"))
    assert await store.contacts.mark_overdue_down(AT + 1450, 9) == []
    assert await store.contacts.mark_overdue_down(AT + 1451, 9) == [devices[0]]
    await meet(store, devices[1], AT + 2000)
    contact = await store.contacts.of_device(devices[1])
    assert contact is not None
    assert (contact.is_up, contact.status_change) == (True, AT + 2000)
    assert await store.contacts.mark_overdue_down(AT + 2751, 9) == [devices[1]]


async def test_a_device_that_is_heard_at_the_last_moment_is_neither_down_nor_said_to_be(store: OpenStore) -> None:
    device_id = await make_device(store)
    await meet(store, device_id)
    gate = GatedDatabase(store.database)
    writer = GroupWriter(gate)
    running = asyncio.create_task(writer.run())
    gate.shut()
    marking = asyncio.create_task(ContactStore(gate, writer).mark_overdue_down(AT + 751, 9))
    await gate.arrived()
    await meet(store, device_id, AT + 750)
    gate.open()
    assert await marking == []
    writer.stop()
    await running
    contact = await store.contacts.of_device(device_id)
    assert contact is not None
    assert contact.is_up
    assert await store.contacts.history(device_id, before=2**62, most=9) == []


async def test_history_is_paged_from_its_newest_entry_and_pruned_at_its_old_end(store: OpenStore) -> None:
    device_id, other = await make_device(store), await make_device(store, "S2")
    for number in range(7):
        await store.contacts.add_history(device_id, AT + number, HistoryEntry("inform", str(number)))
    await store.contacts.add_history(other, AT, HistoryEntry("inform", "other"))
    seen: list[str] = []
    before = 2**62
    while page := await store.contacts.history(device_id, before=before, most=3):
        seen += [entry.subject for _, _, entry in page]
        before = page[-1][0]
    assert seen == [str(number) for number in reversed(range(7))]
    assert [await store.contacts.prune_history(AT + 5, 4) for _ in range(3)] == [4, 2, 0]
    assert [entry.subject for _, _, entry in await store.contacts.history(device_id, before=2**62, most=9)] == [
        "6",
        "5",
    ]


# --- logins


async def test_a_pushed_login_is_good_beside_the_old_one_until_it_is_confirmed(store: OpenStore) -> None:
    device_id, other = await make_device(store), await make_device(store, "S2")
    await store.devices.put_logins(other, [_login("theirs")], AT)
    await store.devices.put_logins(device_id, [_login("old"), _login("cr", purpose="connection_request")], AT)
    pushed = _login("new", confirmed=False)
    await store.devices.put_logins(device_id, [_login("lost", confirmed=False)], AT)
    await store.devices.put_logins(device_id, [pushed], AT)
    assert [login.uuid for login in await store.devices.logins_of(device_id, "cwmp")] == ["old", "new"]
    assert await store.devices.logins("user lost") == []
    await store.reopen()
    await store.devices.confirm_logins(device_id, [pushed])
    assert [(login.uuid, login.is_confirmed) for login in await store.devices.logins_of(device_id, "cwmp")] == [
        ("new", True)
    ]
    assert [login.uuid for login in await store.devices.logins_of(device_id, "connection_request")] == ["cr"]
    assert [login.uuid for login in await store.devices.logins_of(other, "cwmp")] == ["theirs"]
    device = await store.devices.by_id(device_id)
    assert device is not None
    assert (device.has_credentials, device.has_confirmed_credentials, device.revision) == (True, True, 4)


async def test_a_device_that_lost_its_logins_is_to_get_new_ones(store: OpenStore) -> None:
    device_id = await make_device(store)
    await store.devices.put_logins(device_id, [_login("a"), _login("b", purpose="connection_request")], AT)
    await store.devices.drop_logins(device_id)
    assert await store.devices.logins_of(device_id, "cwmp") == []
    assert await store.devices.logins_of(device_id, "connection_request") == []
    assert (await meet(store, device_id)).credentials_due


async def test_a_type_of_a_device_brings_its_settings_and_quirks(store: OpenStore) -> None:
    type_id = await store.types.create(
        DeviceTypeDetails("t", "t", update_frequency=60, quirks='{"a": 1}', managed=("Device.",)), AT
    )
    device_id = await make_device(store)
    bare = await store.devices.by_id(device_id)
    assert bare is not None
    assert (bare.type_update_frequency, bare.quirks, bare.managed) == (None, "{}", "[]")
    await store.devices.set_type(device_id, type_id, AT)
    device = await store.devices.by_id(device_id)
    assert device is not None
    assert (device.type_id, device.type_update_frequency, device.quirks, device.managed, device.revision) == (
        type_id,
        60,
        '{"a": 1}',
        '["Device."]',
        1,
    )


# --- quarantine


async def test_devices_that_were_not_let_in_are_listed_once_each_and_only_so_many(store: OpenStore) -> None:
    async def call(serial: str, at: float) -> None:
        await store.devices.quarantine(
            Identity("00AABB", "Box", serial),
            manufacturer="m",
            address="192.0.2.1",
            username="u",
            software_version="1",
            reason=f"reason {at}",
            device_id=None,
            at=at,
            most=3,
        )

    for number in range(5):
        await call(f"S{number}", AT)
    await call("S1", AT + 5)
    await store.reopen()
    listed = await store.devices.quarantined(after=0, most=9)
    assert [(each.identity.serial_number, each.informs, each.last_seen) for each in listed] == [
        ("S0", 1, AT),
        ("S1", 2, AT + 5),
        ("S2", 1, AT),
    ]
    assert (listed[1].first_seen, listed[1].reason) == (AT, f"reason {AT + 5}")
    assert await store.devices.quarantined(after=listed[1].id, most=9) == listed[2:]
    assert await store.devices.quarantined_one(listed[0].id) == listed[0]
    assert await store.devices.drop_quarantined(listed[0].id)
    assert not await store.devices.drop_quarantined(listed[0].id)
    await call("S4", AT + 6)
    assert len(await store.devices.quarantined(after=0, most=9)) == 3


async def test_two_devices_of_one_name_are_told_apart_by_the_error(store: OpenStore) -> None:
    await make_device(store)
    with pytest.raises(ConflictError, match="another device has the same oui and product_class and serial_number"):
        await store.devices.create(uuid="x", name="x", identity=Identity("00AABB", "Box", "S1"), at=AT)
