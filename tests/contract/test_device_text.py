"""What devices are searched by follows them, whoever writes, and in the same way on both databases."""

from dataclasses import replace
from string import ascii_lowercase, ascii_uppercase

from tests.contract.opened import OpenStore, Probe
from tests.contract.samples import inform, make_device

LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)
TEXT = "SELECT text, address FROM device_text WHERE device_id = {}"


async def test_the_text_of_a_device_is_its_names_in_lower_case(store: OpenStore, probe: Probe) -> None:
    device_id = await make_device(store, "Serial-Ä")
    device = await store.devices.by_id(device_id)
    assert device is not None
    name = device.name.translate(LOWER)
    assert await probe.rows(TEXT.format(device_id)) == [(f"{name}\nserial-Ä\n", "")]


async def test_it_follows_what_people_and_devices_change(store: OpenStore, probe: Probe) -> None:
    device_id, other = await make_device(store, "S1"), await make_device(store, "S2")
    before = await probe.rows(TEXT.format(other))
    assert await store.contacts.record_inform(replace(inform(device_id), address="2001:DB8::7")) is not None
    await probe.execute(f"UPDATE device SET name = 'Éa%_', customer_id = 'C\\''9' WHERE id = {device_id}")
    assert await probe.rows(TEXT.format(device_id)) == [("Éa%_\ns1\nc\\'9", "2001:db8::7")]
    await probe.execute(f"UPDATE device SET serial_number = 'S9', description = 'S1' WHERE id = {device_id}")
    await probe.execute(f"UPDATE contact SET address = '', informs = 9 WHERE device_id = {device_id}")
    assert await probe.rows(TEXT.format(device_id)) == [("Éa%_\ns9\nc\\'9", "")]
    assert await probe.rows(TEXT.format(other)) == before
    await store.devices.delete(device_id)
    assert await probe.rows(TEXT.format(device_id)) == []
