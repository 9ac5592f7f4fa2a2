"""Devices are found by any piece of name, serial number, address or customer id: as plain Python would find them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from string import ascii_lowercase, ascii_uppercase

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acs.domain.device import Identity
from acs.domain.device_record import DeviceFilter
from acs.store import device_list
from acs.store.device_list import DeviceList
from acs.store.listing import Slice
from tests.contract.opened import OpenStore, Probe
from tests.contract.samples import AT, inform

PIECES = ("a", "A", "ab", "AB", "z", "Z", "ä", "Ä", "ß", "é", "e\u0301", "漢", "😀", "%", "_", "\\", "'", '"', "*", "?",
          "[", "]", ":", ".", "-", " ", "1", "10", "S1")  # fmt: skip
LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)


@dataclass(frozen=True, slots=True)
class Texts:
    """What a device can be found by."""

    id: int
    name: str
    serial_number: str
    customer_id: str
    address: str

    def holds(self, text: str) -> bool:
        """Whether one of them holds a text, letters from A to Z in any case."""
        each = (self.name, self.serial_number, self.customer_id, self.address)
        return any(text.translate(LOWER) in one.translate(LOWER) for one in each)


@pytest.fixture
async def known(store: OpenStore, probe: Probe) -> Sequence[Texts]:
    """Devices with all the pieces somewhere in them."""
    found = []
    for number, piece in enumerate(PIECES):
        other = PIECES[(number * 7 + 3) % len(PIECES)]
        name, serial, customer = f"{piece}{other} {number}", f"s{other}{piece}{number}", f"C{piece}"
        address = f"192.0.2.{number}" if number % 2 else f"2001:DB8::{number:X}"
        device_id = await store.devices.create(uuid=f"{number}", name=name, identity=Identity("", "", serial), at=AT)
        assert await store.contacts.record_inform(replace(inform(device_id), address=address)) is not None
        quoted = customer.replace("'", "''")
        await probe.execute(f"UPDATE device SET customer_id = '{quoted}' WHERE id = {device_id}")
        found.append(Texts(device_id, name, serial, customer, address))
    return found


@pytest.mark.parametrize("many", [0, 3, 10_000])
@given(pieces=st.lists(st.sampled_from(PIECES), min_size=1, max_size=3), is_up=st.sampled_from([None, True]))
@settings(derandomize=True, deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_a_search_finds_what_plain_python_finds(
    store: OpenStore,
    known: Sequence[Texts],
    monkeypatch: pytest.MonkeyPatch,
    many: int,
    pieces: list[str],
    is_up: bool | None,
) -> None:
    # Few are named one by one and many are not: each search is done in both ways.
    monkeypatch.setattr(device_list, "_MANY", many)
    text = "".join(pieces)
    page = await DeviceList(store.database).page(DeviceFilter(search=text, is_up=is_up), "id", Slice(1000))
    wanted = [each.id for each in known if each.holds(text)]
    assert [each.id for each in page.items] == wanted
    assert page.count == len(wanted)


async def test_one_text_does_not_run_into_the_next(store: OpenStore, known: Sequence[Texts]) -> None:
    first = known[0]
    for text in (first.name, first.serial_number, first.name[-2:], first.serial_number[:2]):
        assert first.holds(text)
    for text in (first.name + first.serial_number, f"{first.name[-1]}{first.serial_number[0]}"):
        assert not (await DeviceList(store.database).page(DeviceFilter(search=text), "id", Slice())).items
