"""What one caller brings cannot hurt the others: whatever cannot be kept is a RecordError, and theirs alone."""

import asyncio
import random
import string
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from acs.domain.audit import AuditEntry
from acs.domain.contact import HistoryEntry, NewValue
from acs.domain.device import Identity
from acs.domain.inventory import DeviceTypeDetails, LocationDetails, OrganizationDetails
from acs.domain.request_key import RequestKey
from acs.domain.token import NewToken, Role
from acs.store.errors import ConflictError, RecordError, StoreUnavailableError
from acs.store.settings import WantedValue
from tests.contract.opened import OpenStore, Probe
from tests.contract.samples import AT, inform, make_device, meet, operation

_LONG = "".join(random.Random(1).choices(string.ascii_letters, k=20_000))

# Texts that no column takes on both databases.
_BAD = ["a\x00b", "\x00", "\ud800", "a\udfffb"]

_Attempt = Callable[[OpenStore, int, Any], Awaitable[object]]


def _inform_with(**changed: Any) -> _Attempt:
    return lambda store, device, bad: store.contacts.record_inform(
        replace(inform(device), **{name: value(bad) for name, value in changed.items()})
    )


def _value(path_id: int, value: str, **changed: Any) -> NewValue:
    return replace(NewValue(path_id, value, "xsd:string", None, None, None), **changed)


_TEXTS: dict[str, _Attempt] = {
    "organization": lambda store, device, bad: store.organizations.create(OrganizationDetails(bad), AT),
    "location": lambda store, device, bad: store.locations.create(LocationDetails("l", latitude=bad), AT),
    "device_type": lambda store, device, bad: store.types.create(DeviceTypeDetails("t", "t", quirks=bad), AT),
    "token": lambda store, device, bad: store.tokens.create(NewToken(bad, Role.VIEWER, "h"), AT),
    "audit": lambda store, device, bad: store.audit.append(AuditEntry(AT, "a", "", "b", "c", after=bad)),
    "idempotency_key": lambda store, device, bad: store.idempotency.claim(RequestKey("1", bad), "f", AT),
    "device": lambda store, device, bad: store.devices.create(
        uuid="u", name="n", identity=Identity("00AABB", "Box", bad), at=AT
    ),
    "quarantine": lambda store, device, bad: store.devices.quarantine(
        Identity("00AABB", "Box", "S"),
        manufacturer="m",
        address="a",
        username=bad,
        software_version="1",
        reason="r",
        device_id=None,
        at=AT,
        most=10,
    ),
    "contact": _inform_with(events=lambda bad: bad),
    "parameter": _inform_with(values=lambda bad: (_value(1, bad),)),
    "history": lambda store, device, bad: store.contacts.add_history(device, AT, HistoryEntry("value", new=bad)),
    "path": lambda store, device, bad: store.parameters.numbers([bad, "Device.Good"]),
    "setting": lambda store, device, bad: store.settings.put_of_device(
        device, [WantedValue("Device.X", bad, None, "u")], AT
    ),
    "operation": lambda store, device, bad: store.operations.queue(replace(operation(device), request=bad), AT),
}


async def _among_neighbours(store: OpenStore, attempt: Awaitable[object]) -> object:
    """Make an attempt together with others of many kinds; what came of it. The others must not notice."""
    devices = [await make_device(store, f"neighbour {number}") for number in range(3)]
    outcome, *others = await asyncio.gather(
        attempt,
        *(store.contacts.record_inform(inform(device_id)) for device_id in devices),
        *(store.organizations.create(OrganizationDetails(f"neighbour {number}"), AT) for number in range(3)),
        *(store.operations.queue(operation(device_id), AT) for device_id in devices),
        return_exceptions=True,
    )
    assert not [each for each in others if each is None or isinstance(each, BaseException)]
    return outcome


@pytest.mark.parametrize("table", _TEXTS)
async def test_a_text_that_cannot_be_kept_is_refused_and_nothing_else_is_disturbed(
    store: OpenStore, table: str
) -> None:
    await store.parameters.numbers(["Device.A"])
    device_id = await make_device(store)
    for number, bad in enumerate(_BAD):
        outcome = await asyncio.gather(_TEXTS[table](store, device_id, bad), return_exceptions=True)
        assert [type(each) for each in outcome] == [RecordError], repr(bad)
        assert bad not in str(outcome[0])
        assert await store.organizations.create(OrganizationDetails(f"after {number}"), AT)
    assert type(await _among_neighbours(store, _TEXTS[table](store, device_id, _BAD[0]))) is RecordError


@pytest.mark.parametrize("bad", _BAD, ids=ascii)
async def test_a_text_that_cannot_be_kept_is_not_found_either(store: OpenStore, bad: str) -> None:
    """A search comes from the API as it is."""
    for search in (
        store.organizations.by_name(bad),
        store.devices.logins(bad),
        store.devices.matching(Identity("", "", bad)),
        store.operations.by_public_id(bad),
    ):
        try:
            assert not await search
        except RecordError:
            continue


async def test_a_path_that_is_too_long_for_an_index_hurts_nobody_else(store: OpenStore) -> None:
    outcome = await _among_neighbours(store, store.parameters.numbers([_LONG]))
    assert isinstance(outcome, list | RecordError)
    assert not isinstance(outcome, StoreUnavailableError)


async def test_a_serial_number_that_is_too_long_for_an_index_hurts_nobody_else(store: OpenStore) -> None:
    outcome = await _among_neighbours(
        store, store.devices.create(uuid="u", name="n", identity=Identity("00AABB", "Box", _LONG), at=AT)
    )
    assert isinstance(outcome, int | RecordError)


async def test_a_parameter_that_is_named_twice_hurts_nobody_else(store: OpenStore) -> None:
    device_id = await make_device(store)
    (path_id,) = await store.parameters.numbers(["Device.X"])
    twice = replace(inform(device_id), values=(_value(path_id, "1"), _value(path_id, "2")))
    outcome = await _among_neighbours(store, store.contacts.record_inform(twice))
    assert not isinstance(outcome, StoreUnavailableError)
    if not isinstance(outcome, RecordError):
        assert (await store.parameters.known(device_id, ["Device.X"]))[0][1] == "2"


async def test_a_setting_that_is_wanted_twice_hurts_nobody_else(store: OpenStore) -> None:
    device_id = await make_device(store)
    twice = [WantedValue("Device.X", "1", None, "u1"), WantedValue("Device.X", "2", None, "u2")]
    outcome = await _among_neighbours(store, store.settings.put_of_device(device_id, twice, AT))
    assert not isinstance(outcome, StoreUnavailableError)
    if not isinstance(outcome, RecordError):
        assert [each.wanted.value for each in await store.settings.effective(device_id)] == ["2"]


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 10**30])
async def test_a_number_that_is_too_large_hurts_nobody_else(store: OpenStore, number: int) -> None:
    device_id = await make_device(store)
    attempt = store.contacts.record_inform(replace(inform(device_id), inform_interval=number))
    assert not isinstance(await _among_neighbours(store, attempt), StoreUnavailableError)
    largest = replace(inform(device_id), inform_interval=2**63 - 1)
    assert await store.contacts.record_inform(largest) is not None
    contact = await store.contacts.of_device(device_id)
    assert contact is not None
    assert contact.inform_interval == 2**63 - 1


async def test_a_time_that_is_none_hurts_nobody_else(store: OpenStore) -> None:
    for number in (float("nan"), float("inf"), float("-inf")):
        device_id = await make_device(store, f"S{number}")
        outcome = await asyncio.gather(
            store.contacts.record_inform(replace(inform(device_id), lease_until=number)), return_exceptions=True
        )
        assert not isinstance(outcome[0], StoreUnavailableError)


async def test_a_reference_to_what_is_not_there_is_refused(store: OpenStore, probe: Probe) -> None:
    before = await probe.content()
    for attempt in (
        store.locations.create(LocationDetails("l", organization_id=77), AT),
        store.types.create(DeviceTypeDetails("t", "t", firmware_image_id=77), AT),
        store.devices.create(uuid="u", name="n", identity=Identity("", "", "S"), at=AT, type_id=77),
        store.devices.create(uuid="u", name="n", identity=Identity("", "", "S"), at=AT, organization_id=77),
        store.settings.put_of_type(77, [WantedValue("Device.X", "1", None, "u")], AT),
        store.settings.put_of_device(77, [WantedValue("Device.X", "1", None, "u")], AT),
    ):
        with pytest.raises(RecordError, match="the database refuses the record") as raised:
            await attempt
        assert not isinstance(raised.value, ConflictError)
    assert await probe.content() == before


async def test_a_device_that_was_deleted_meanwhile_is_no_error(store: OpenStore, probe: Probe) -> None:
    device_id = await make_device(store)
    fence = (await meet(store, device_id)).fence
    (path_id,) = await store.parameters.numbers(["Device.X"])
    await store.devices.delete(device_id)
    before = await probe.content()
    value = _value(path_id, "1")
    assert await store.contacts.record_inform(replace(inform(device_id), history=(HistoryEntry("inform"),))) is None
    assert await store.operations.queue(operation(device_id), AT) is None
    assert await store.operations.claim(device_id, fence, AT) is None
    await store.contacts.add_history(device_id, AT, HistoryEntry("inform"))
    await store.parameters.record(device_id, fence, [value], AT)
    assert await probe.content() == before


async def test_an_inform_with_values_of_a_device_that_was_deleted_meanwhile_hurts_nobody_else(store: OpenStore) -> None:
    device_id = await make_device(store)
    (path_id,) = await store.parameters.numbers(["Device.X"])
    await store.devices.delete(device_id)
    attempt = store.contacts.record_inform(replace(inform(device_id), values=(_value(path_id, "1"),)))
    outcome = await _among_neighbours(store, attempt)
    assert outcome is None or isinstance(outcome, RecordError)


_CONFLICTS: dict[str, tuple[_Attempt, str, tuple[str, ...]]] = {
    "device name": (
        lambda store, device, _: store.devices.create(
            uuid="u", name="device S1", identity=Identity("", "", "S2"), at=AT
        ),
        "device",
        ("name",),
    ),
    "device identity": (
        lambda store, device, _: store.devices.create(
            uuid="u", name="n", identity=Identity("00AABB", "Box", "S1"), at=AT
        ),
        "device",
        ("oui", "product_class", "serial_number"),
    ),
    "operation public_id": (
        lambda store, device, _: store.operations.queue(replace(operation(device), command_key="other"), AT),
        "operation",
        ("public_id",),
    ),
    "operation command_key": (
        lambda store, device, _: store.operations.queue(replace(operation(device), public_id="other"), AT),
        "operation",
        ("command_key",),
    ),
}


@pytest.mark.parametrize("name", _CONFLICTS)
async def test_a_conflict_names_table_and_columns_alike_on_both_databases(store: OpenStore, name: str) -> None:
    attempt, table, columns = _CONFLICTS[name]
    device_id = await make_device(store)
    await store.operations.queue(operation(device_id), AT)
    outcome = await _among_neighbours(store, attempt(store, device_id, None))
    assert isinstance(outcome, ConflictError)
    assert (outcome.table, outcome.columns) == (table, columns)
    assert str(outcome) == f"another {table} has the same {' and '.join(columns)}"
