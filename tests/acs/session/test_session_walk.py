from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuzz.session_walk import walk, walk_by


@pytest.mark.parametrize("first", range(0, 500, 50))
def test_no_walk_breaks_an_invariant(first: int) -> None:
    for seed in range(first, first + 50):
        walk(seed, 40)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.randoms(use_true_random=False), st.integers(0, 60))
def test_no_walk_that_hypothesis_finds_breaks_an_invariant(chance: Random, steps: int) -> None:
    walk_by(chance, steps)
