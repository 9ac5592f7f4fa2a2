"""What is shown of a run while it goes on."""

import io

from rich.console import Console

from simulators.figures import duration
from simulators.progress import EVERY, Progress, line, table
from simulators.tally import OK, Snapshot, Tally

START = 1_790_000_000.0


def _snapshot(after: float = 75.0) -> Snapshot:
    tally = Tally(START)
    for number in range(20):
        tally.began(START)
        if number < 18:
            tally.ended(OK if number < 10 else f"[bold]reason{number % 6}\x1b[2J", 0.005, START + after)
    tally.rpc("Reboot", 9002, 0.1)
    tally.called("accepted")
    tally.transfer("1 Firmware Upgrade Image", 2048, 1.0, 0)
    tally.disturbed("cut connection")
    return tally.snapshot(START + after)


def _written(*snapshots: Snapshot, terminal: bool, quiet: bool = False) -> str:
    file = io.StringIO()
    with Progress(Console(file=file, force_terminal=terminal, quiet=quiet, width=100, color_system=None)) as progress:
        for snapshot in snapshots:
            progress.show(snapshot)
    return file.getvalue()


def test_a_line_has_all_figures_in_their_order() -> None:
    snapshot = _snapshot()
    told = line(snapshot)
    assert told.startswith("1:15 | 0.24 sessions/s | 2 open | 10 ok | 8 failed (")
    assert f"p50 {duration(snapshot.p50)} | p99 {duration(snapshot.p99)} | 0.013 RPCs/s | 1 faults" in told
    assert told.endswith("1 connection requests (accepted: 1) | 1 transfers, 2.00 KiB | 1 disturbances")


def test_the_most_frequent_reasons_are_named_and_the_rest_are_one_number() -> None:
    told = line(_snapshot())
    assert told.count("reason") == 4
    assert "others: 2" in told


def test_what_a_peer_says_neither_styles_nor_moves_anything() -> None:
    written = _written(_snapshot(), terminal=False)
    assert "[bold]reason4?[2J" in written
    assert "\x1b" not in written


def test_without_a_terminal_there_is_one_line_now_and_then_and_one_at_the_end() -> None:
    written = _written(
        *(_snapshot(after) for after in (1.0, EVERY, EVERY + 1, 2 * EVERY, 2 * EVERY + 1)), terminal=False
    )
    assert [line[:4] for line in written.splitlines()] == ["0:05", "0:10", "0:11"]


def test_the_last_is_not_told_twice() -> None:
    assert len(_written(_snapshot(EVERY), terminal=False).splitlines()) == 1


def test_nothing_is_written_when_it_is_to_be_quiet() -> None:
    assert _written(_snapshot(), terminal=True, quiet=True) == ""
    assert _written(_snapshot(), terminal=False, quiet=True) == ""


def test_on_a_terminal_the_table_is_drawn_again_in_its_place_and_stays_at_the_end() -> None:
    written = _written(_snapshot(), _snapshot(80.0), terminal=True)
    assert "1:15" in written
    assert "\x1b[1A" in written
    assert "1:20" in written.rsplit("\x1b[1A", 1)[-1]
    assert written.count("\x1b[?25l") == written.count("\x1b[?25h") == 1


def test_the_table_has_the_same_rows_whatever_happened() -> None:
    console = Console(width=100, color_system=None)
    full, empty = table(_snapshot()), table(Tally(START).snapshot(START))
    assert full.row_count == empty.row_count
    shown = io.StringIO()
    console.file = shown
    console.print(full)
    for text in (
        "elapsed",
        "1:15",
        "sessions/s",
        "10",
        "failed",
        "5.00 ms",
        "connection requests",
        "2.00 KiB",
        "cut connection: 1",
    ):
        assert text in shown.getvalue()


def test_a_narrow_terminal_breaks_no_row() -> None:
    shown = io.StringIO()
    Console(width=40, file=shown, color_system=None).print(table(_snapshot()))
    assert len(shown.getvalue().splitlines()) == table(_snapshot()).row_count


def test_a_display_that_showed_nothing_is_closed_without_a_word() -> None:
    assert _written(terminal=True) == _written(terminal=False) == ""
