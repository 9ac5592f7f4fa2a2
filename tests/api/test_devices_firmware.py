"""The firmware that a device is to have: wanted, fetched, and pending until its version is proven."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from acs.domain.operation import OperationKind
from acs.domain.queue import OperationRecord, OperationState
from acs.files.store import FileFolder
from acs.services.requested import read_requested
from tests.api.conftest import Api
from tests.api.inventory import PATH, make
from tests.e2e.depot import Depot, fetching

ONE = f"{PATH}a/"


@pytest.fixture
async def depot(api: Api, tmp_path: Path) -> AsyncIterator[Depot]:
    folder = FileFolder(tmp_path / "files", keep_free=0)
    yield Depot(api.served, folder)
    await folder.close()


async def _downloads(api: Api, number: int) -> list[OperationRecord]:
    """The downloads of a device, oldest first."""
    found = await api.served.server.services.tools.operations.of_device(number, before=2**62, most=99)
    assert {each.kind for each in found} <= {OperationKind.DOWNLOAD}
    return found[::-1]


def _image_of(api: Api, operation: OperationRecord) -> int | None:
    return read_requested(api.served.server.services.tools.vault, operation).firmware_image_id


async def test_it_is_pending_until_the_device_runs_its_version(api: Api, depot: Depot) -> None:
    image, device = await depot.image(version="2.0"), fetching(depot)
    number = await make(api, "a", serial_number=device.id.serial)
    await device.run_session()
    said = await api.client.patch(ONE, {"firmware_image": image, "firmware_image_is_pending": True})
    assert (said.json["firmware_image"], said.json["firmware_image_is_pending"]) == (image, True)
    assert said.json["pending_settings"] == "firmware_update"
    (asked,) = (await device.run_session()).rpcs
    assert asked.method == "Download"
    assert (await api.client.get(ONE)).json["pending_settings"] == "firmware_update", "it was only told to"
    await device.run_session()
    shown = (await api.client.get(ONE)).json
    assert (shown["software_version"], shown["firmware_image_is_pending"]) == ("2.0", False)
    assert (shown["firmware_image"], shown["pending_settings"]) == (image, None)
    (download,) = await _downloads(api, number)
    assert download.state is OperationState.COMPLETED


async def test_an_image_alone_is_only_wanted(api: Api, depot: Depot) -> None:
    image, number = await depot.image(), await make(api, "a")
    said = await api.client.patch(ONE, {"firmware_image": image})
    assert (said.json["firmware_image"], said.json["firmware_image_is_pending"]) == (image, False)
    assert said.json["pending_settings"] is None
    assert await _downloads(api, number) == []
    replaced = await api.client.put(ONE, {"name": "a"})
    assert replaced.json["firmware_image"] == image, "what the device is to run is not said by a PUT that is silent"
    assert (await api.client.patch(ONE, {"firmware_image": None})).json["firmware_image"] is None


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"firmware_image_is_pending": True}, "firmware_image_is_pending"),
        ({"firmware_image": None, "firmware_image_is_pending": True}, "firmware_image_is_pending"),
        ({"firmware_image": 99, "firmware_image_is_pending": True}, "firmware_image"),
        ({"firmware_image": 99}, "firmware_image"),
        ({"firmware_image": "latest"}, "firmware_image"),
        ({"firmware_image_is_pending": "yes"}, "firmware_image_is_pending"),
    ],
)
async def test_without_an_image_or_with_an_unknown_one_nothing_is_queued(
    sqlite_api: Api, said: dict[str, object], field: str
) -> None:
    number = await make(sqlite_api, "a")
    for answer in (await sqlite_api.client.patch(ONE, said), await sqlite_api.client.put(ONE, {"name": "a"} | said)):
        assert (answer.status, set(answer.errors)) == (400, {field})
    assert await _downloads(sqlite_api, number) == []


async def test_what_is_shown_can_be_sent_back_and_queues_nothing_twice(api: Api, depot: Depot) -> None:
    image, number = await depot.image(), await make(api, "a")
    said = await api.client.patch(ONE, {"firmware_image": image, "firmware_image_is_pending": True})
    assert said.json["pending_settings"] == "firmware_update"
    again = await api.client.put(ONE, said.json)
    assert again.json == said.json
    (download,) = await _downloads(api, number)
    assert _image_of(api, download) == image


async def test_it_is_fetched_once_more_when_that_is_said_after_it_failed(api: Api, depot: Depot) -> None:
    image, number = await depot.image(), await make(api, "a")
    await api.client.patch(ONE, {"firmware_image": image, "firmware_image_is_pending": True})
    (first,) = await _downloads(api, number)
    await api.served.server.services.operations.cancel(first.public_id)
    assert (await api.client.get(ONE)).json["pending_settings"] == "firmware_update", "it is not there"
    await api.client.patch(ONE, {"firmware_image_is_pending": True})
    states = [each.state for each in await _downloads(api, number)]
    assert states == [OperationState.CANCELLED, OperationState.QUEUED]


async def test_another_image_takes_the_place_of_one_that_was_not_begun(api: Api, depot: Depot) -> None:
    first, second, number = await depot.image("1"), await depot.image("2"), await make(api, "a")
    await api.client.patch(ONE, {"firmware_image": first, "firmware_image_is_pending": True})
    said = await api.client.patch(ONE, {"firmware_image": second, "firmware_image_is_pending": True})
    assert (said.json["firmware_image"], said.json["firmware_image_is_pending"]) == (second, True)
    found = await _downloads(api, number)
    assert [each.state for each in found] == [OperationState.CANCELLED, OperationState.QUEUED]
    assert [_image_of(api, each) for each in found] == [first, second]
    withdrawn = await api.client.patch(ONE, {"firmware_image_is_pending": False})
    assert (withdrawn.json["firmware_image"], withdrawn.json["pending_settings"]) == (second, None)
    assert {each.state for each in await _downloads(api, number)} == {OperationState.CANCELLED}
