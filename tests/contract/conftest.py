"""What more than one suite of the contract begins with."""

import pytest

from tests.contract.opened import OpenStore
from tests.contract.scene import Scene, enter


@pytest.fixture
async def scene(store: OpenStore) -> Scene:
    """A device in the midst of a session."""
    # A neighbour first, in the same state: nothing of it may change either way.
    await enter(store, "S2")
    return await enter(store, "S1")
