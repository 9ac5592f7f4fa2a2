"""What an examination found, and how it is shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from rich.console import Console
from rich.table import Table
from rich.text import Text

from acs.logs import printable


class State(StrEnum):
    """How it stands with one thing."""

    OK = "ok"
    NOTE = "note"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Finding:
    """How it stands with one thing, and what to do about it."""

    subject: str
    """What was looked at."""
    state: State
    """How it stands."""
    sentence: str
    """What was seen; never a secret."""
    advice: str = ""
    """What to do, if there is something."""


def ok(subject: str, sentence: str) -> Finding:
    """It is as it should be."""
    return Finding(subject, State.OK, sentence)


def note(subject: str, sentence: str, advice: str) -> Finding:
    """It is as it should be, if that is meant so."""
    return Finding(subject, State.NOTE, sentence, advice)


def warning(subject: str, sentence: str, advice: str) -> Finding:
    """It works, but not for everybody or not for long."""
    return Finding(subject, State.WARNING, sentence, advice)


def failure(subject: str, sentence: str, advice: str) -> Finding:
    """The server will not start, or will not do what it is for."""
    return Finding(subject, State.FAILURE, sentence, advice)


_COLOURS = {State.OK: "green", State.NOTE: "cyan", State.WARNING: "yellow", State.FAILURE: "bold red"}


def show(findings: Sequence[Finding], console: Console) -> None:
    """Write a table on a terminal, and a line for each finding anywhere else."""
    if console.is_terminal:
        table = Table("", "what", "how it stands", show_lines=True)
        for each in findings:
            sentence = Text(printable(each.sentence))
            if each.advice:
                sentence.append(f"\n{each.advice}", style="italic")
            table.add_row(Text(each.state, style=_COLOURS[each.state]), Text(each.subject), sentence)
        console.print(table)
        return
    for each in findings:
        advice = f" ({each.advice})" if each.advice else ""
        line = f"{each.state:<7} {each.subject}: {printable(each.sentence)}{advice}"
        console.print(line, markup=False, soft_wrap=True)
