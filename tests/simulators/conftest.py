"""All that simulated devices emit is checked against the official schemas, once at the end, as the ACS's words are."""

from collections.abc import Iterator

import pytest

from tests.e2e.check import check_cwmp, official_program
from tests.simulators.emitted import EMITTED


@pytest.fixture(scope="session", autouse=True)
def _the_schemas_of_all_that_was_emitted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    yield
    if not EMITTED.kept:
        return
    complaints = check_cwmp(EMITTED.kept, official_program(), tmp_path_factory.mktemp("emitted"))
    assert not complaints, "\n".join(complaints)
