"""All that is kept for the guided run, and some of it changed a little, through every target: no defect comes out."""

import random
import re

import pytest

from fuzz.guided import printed
from fuzz.target import CORPUS, SlowError, Target
from fuzz.targets import NAMES, check, target
from fuzz.thinning import MOST, thinned
from tests.outside import ROOT

_CHANGED = 60
_LARGE = 16 * 1024


def changed(data: bytes, words: tuple[bytes, ...], chance: random.Random) -> bytes:
    """The data with an octet, a span or a word otherwise."""
    start, end = sorted((chance.randint(0, len(data)), chance.randint(0, len(data))))
    new = chance.choice([b"", bytes([chance.randrange(256)]), data[start:end] * 2, *words])
    return data[:start] + new + data[chance.choice([start, start + 1, end]) :]


@pytest.mark.parametrize("name", NAMES)
def test_nothing_that_is_kept_for_a_target_is_a_defect(name: str) -> None:
    found = target(name)
    inputs = found.corpus()
    assert inputs, f"fuzz/corpus/{name} is empty"
    for data in inputs:
        found.judge(data)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_kept_can_be_changed_and_repeated_without_a_defect(name: str) -> None:
    found, chance = target(name), random.Random(name)
    inputs = found.corpus()
    for _ in range(_CHANGED):
        found.judge(changed(chance.choice(inputs), found.words, chance))
    longest = inputs[-1]
    found.judge((longest * (1 + _LARGE // max(1, len(longest))))[:_LARGE])


def test_the_corpus_is_small_and_belongs_to_the_targets() -> None:
    assert sorted(path.name for path in CORPUS.iterdir()) == sorted(NAMES)
    for name in NAMES:
        assert sum(map(len, target(name).corpus())) <= MOST, name


def test_an_input_that_takes_too_long_is_a_find() -> None:
    def endless(data: bytes) -> None:
        sum(range(len(data)))

    slow = Target("slow", endless, seconds=0.0)
    with pytest.raises(SlowError, match="for 9 octets"):
        slow.judge(b"x" * 9)


def test_a_find_becomes_a_line_of_a_test_that_finds_it_again() -> None:
    seen: list[tuple[str, bytes]] = []
    exec(printed("cookies", b"a\0'\xff"), {"check": lambda name, data: seen.append((name, data))})
    assert seen == [("cookies", b"a\0'\xff")]
    check(*seen[0])


def test_what_reaches_nothing_new_is_not_kept() -> None:
    inputs = [b"", b"devices", b"devices * 2", b"interval * 3", b"devices * 4 + interval"]
    kept = thinned(target("expressions"), inputs)
    assert b"devices * 2" in kept
    assert b"interval * 3" not in kept


def test_the_document_names_every_target_and_every_test_of_a_find() -> None:
    text = (ROOT / "docs/fuzzing.md").read_text()
    assert set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)) == set(NAMES)
    for module, test in re.findall(r"`(tests/[\w/]+\.py)`, `(test_\w+)`", text):
        assert f"def {test}(" in (ROOT / module).read_text(), test
