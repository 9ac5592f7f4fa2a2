"""A run as it goes on: a table that stands still on a terminal, a line now and then anywhere else."""

from typing import Final, Self

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from simulators.figures import amount, clock, digits, duration, share, size
from simulators.tally import Snapshot

EVERY: Final = 5.0
"""Seconds between two lines where there is no terminal."""
TOP: Final = 4
"""Reasons that are named; the rest are one number."""


class Progress:
    """Shows snapshots of a run; close it when the run is over."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live: Live | None = None
        self._last: Snapshot | None = None
        self._told = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def show(self, snapshot: Snapshot) -> None:
        """Show how things stand. May be called as often as one likes."""
        self._last = snapshot
        if self._console.quiet:
            return
        if self._console.is_terminal:
            self._redraw(snapshot)
        elif snapshot.elapsed - self._told >= EVERY:
            self._tell(snapshot)

    def close(self) -> None:
        """Leave the last of it standing."""
        if self._live is not None:
            self._live.stop()
            self._live = None
        elif self._last is not None and not self._console.quiet and self._told < self._last.elapsed:
            self._tell(self._last)

    def _redraw(self, snapshot: Snapshot) -> None:
        if self._live is None:
            # It draws when it is told to: a thread that draws by itself would take time from the devices.
            self._live = Live(console=self._console, auto_refresh=False)
            self._live.start()
        self._live.update(table(snapshot), refresh=True)

    def _tell(self, snapshot: Snapshot) -> None:
        self._told = snapshot.elapsed
        self._console.print(Text(line(snapshot)), soft_wrap=True)


def line(snapshot: Snapshot) -> str:
    """How things stand, for a file or a pipe; the figures are always in the same order."""
    parts = [
        clock(snapshot.elapsed),
        f"{digits(snapshot.session_rate)} sessions/s",
        f"{amount(snapshot.open)} open",
        f"{amount(snapshot.ok)} ok",
        f"{amount(snapshot.failed)} failed" + _in_brackets(snapshot.failures),
        f"p50 {duration(snapshot.p50)}",
        f"p99 {duration(snapshot.p99)}",
        f"{digits(snapshot.rpc_rate)} RPCs/s",
        f"{amount(snapshot.faults)} faults",
    ]
    if snapshot.called:
        parts.append(f"{amount(_sum(snapshot.called))} connection requests" + _in_brackets(snapshot.called))
    if snapshot.transfers:
        parts.append(f"{amount(snapshot.transfers)} transfers, {size(snapshot.octets)}")
    if snapshot.disturbed:
        parts.append(f"{amount(_sum(snapshot.disturbed))} disturbances")
    return " | ".join(parts)


def table(snapshot: Snapshot) -> Table:
    """How things stand, for a terminal: a row for each subject, all of them always there."""
    ended = snapshot.ok + snapshot.failed
    rows = (
        ("elapsed", clock(snapshot.elapsed), ""),
        ("sessions/s", digits(snapshot.session_rate), f"{amount(snapshot.begun)} begun, {amount(snapshot.open)} open"),
        ("ok", amount(snapshot.ok), share(snapshot.ok, ended) if ended else ""),
        ("failed", amount(snapshot.failed), _most(snapshot.failures)),
        ("p50", duration(snapshot.p50), ""),
        ("p99", duration(snapshot.p99), ""),
        ("RPCs/s", digits(snapshot.rpc_rate), f"{amount(snapshot.rpcs)} answered, {amount(snapshot.faults)} faults"),
        ("connection requests", amount(_sum(snapshot.called)), _most(snapshot.called)),
        ("transfers", amount(snapshot.transfers), size(snapshot.octets) if snapshot.transfers else ""),
        ("disturbances", amount(_sum(snapshot.disturbed)), _most(snapshot.disturbed)),
    )
    shown = Table(show_header=False, box=None, pad_edge=False)
    shown.add_column(style="dim", no_wrap=True)
    shown.add_column(justify="right", no_wrap=True, min_width=9)
    shown.add_column()
    for name, figure, more in rows:
        bad = name == "failed" and snapshot.failed > 0
        shown.add_row(
            Text(name), Text(figure, style="bold red" if bad else "bold"), Text(more, no_wrap=True, overflow="ellipsis")
        )
    return shown


def _in_brackets(counts: tuple[tuple[str, int], ...]) -> str:
    return f" ({_most(counts)})" if counts else ""


def _most(counts: tuple[tuple[str, int], ...]) -> str:
    named = [f"{name}: {amount(count)}" for name, count in counts[:TOP]]
    rest = _sum(counts[TOP:])
    return ", ".join([*named, f"others: {amount(rest)}"] if rest else named)


def _sum(counts: tuple[tuple[str, int], ...]) -> int:
    return sum(count for _, count in counts)
