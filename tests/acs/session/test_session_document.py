import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import get_args

import pytest

from acs.session.events import EndReason, SessionEvent
from acs.session.limits import DEFAULT_LIMITS
from acs.session.states import TRANSITIONS, Input, State
from scripts import draw_session as diagram
from tests.outside import ROOT

DOCUMENT = ROOT / "docs" / "protocol" / "session.md"


@pytest.fixture(scope="module")
def document() -> str:
    return DOCUMENT.read_text(encoding="utf-8")


def test_the_document_shows_the_table_as_it_is(document: str) -> None:
    assert diagram.redrawn(document) == document, "run make diagram"


def test_the_script_draws_what_the_document_lacks(document: str, tmp_path: Path) -> None:
    copies = {name: tmp_path / name for name in ("scripts/draw_session.py", "docs/protocol/session.md")}
    for name, copy in copies.items():
        copy.parent.mkdir(parents=True)
        shutil.copy(ROOT / name, copy)
    script, undrawn = copies.values()
    head, _, rest = document.partition(diagram.BEGIN)
    undrawn.write_text(f"{head}{diagram.BEGIN}{diagram.END}{rest.partition(diagram.END)[2]}", encoding="utf-8")
    subprocess.run([sys.executable, script], check=True, cwd=ROOT)
    assert undrawn.read_text(encoding="utf-8") == document


def test_a_document_without_the_markers_is_not_touched() -> None:
    with pytest.raises(ValueError, match="not found"):
        diagram.redrawn("# A session")


def test_every_pair_is_explained_once() -> None:
    explained = Counter((state, row.what) for row in diagram.ROWS for state in row.states)
    assert explained == Counter((state, what) for state in State for what in Input)


@pytest.mark.parametrize("row", diagram.ROWS, ids=lambda row: f"{row.what.name}-{row.states[0].name}")
def test_what_is_explained_together_has_the_same_outcome(row: diagram.Row) -> None:
    assert len({TRANSITIONS.get((state, row.what)) for state in row.states}) == 1


def test_every_move_is_drawn(document: str) -> None:
    arrows = {
        (source, target, what)
        for line in document.splitlines()
        if " --> " in line and "[*]" not in line
        for source, target, names in [line.replace(" --> ", " : ").strip().split(" : ")]
        for what in names.split(", ")
    }
    assert arrows == {(state.name, target.name, what.name) for (state, what), target in TRANSITIONS.items()}


@pytest.mark.parametrize("event", get_args(SessionEvent), ids=lambda event: event.__name__)
def test_every_event_is_listed(document: str, event: type) -> None:
    assert f"\n| `{event.__name__}` |" in document


@pytest.mark.parametrize("reason", list(EndReason))
def test_every_reason_to_end_is_listed(document: str, reason: EndReason) -> None:
    assert f"`{reason.value}`" in document


def test_the_times_given_are_the_defaults(document: str) -> None:
    idle, asked = DEFAULT_LIMITS.idle_timeout, DEFAULT_LIMITS.max_idle_timeout
    assert f"{idle:.0f} s, or what the CPE asks with `SessionTimeout` up to {asked:.0f} s |" in document
    assert f"| {DEFAULT_LIMITS.session_timeout:.0f} s |" in document
    assert f"| {DEFAULT_LIMITS.linger:.0f} s |" in document
