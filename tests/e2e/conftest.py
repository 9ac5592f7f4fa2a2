"""All that the ACS says to scripted devices is checked: its form after each test, the schemas once at the end."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from acs.files.store import FileFolder
from tests.contract.opened import OpenStore
from tests.e2e.check import HEARD, check_cwmp, official_program
from tests.e2e.depot import Depot
from tests.e2e.office import Office
from tests.e2e.serving import Served, serving


@pytest.fixture(autouse=True)
def _the_form_of_all_that_was_heard() -> Iterator[None]:
    HEARD.take_complaints()
    yield
    complaints = HEARD.take_complaints()
    assert not complaints, "\n".join(complaints)


@pytest.fixture(scope="session", autouse=True)
def _the_schemas_of_all_that_was_heard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    yield
    if not HEARD.kept:
        return
    complaints = check_cwmp(HEARD.kept, official_program(), tmp_path_factory.mktemp("heard"))
    assert not complaints, "\n".join(complaints)


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    """A server on SQLite."""
    async with serving(f"sqlite:///{tmp_path}/a.db", tmp_path) as found:
        yield found


@pytest.fixture
async def served_on_each(database_url: str, tmp_path: Path) -> AsyncIterator[Served]:
    """A server on each database in turn."""
    async with serving(database_url, tmp_path) as found:
        yield found


@pytest.fixture
async def depot(database_url: str, tmp_path: Path) -> AsyncIterator[Depot]:
    folder = FileFolder(tmp_path / "files", keep_free=0)
    async with serving(database_url, tmp_path) as served:
        yield Depot(served, folder)
    await folder.close()


@pytest.fixture
async def office(database_url: str, tmp_path: Path, store: OpenStore) -> AsyncIterator[Office]:
    async with serving(database_url, tmp_path) as served:
        yield Office(served, store)
