"""Figures in words, the same on the terminal and on the page."""

from benchmarks.comparing import Change, Comparison
from benchmarks.figures import Figure
from benchmarks.results import Machine, Result
from simulators.figures import digits


def value(figure: Figure) -> str:
    """The figure with its unit."""
    return f"{digits(figure.value)} {figure.unit}".rstrip()


def spread(figure: Figure) -> str:
    """The least and the most of the rounds: of the ratios where there are some."""
    given = figure.beside.spread if figure.beside else figure.spread
    if given is None or figure.rounds < 2:
        return ""
    return f"{digits(given[0])} to {digits(given[1])}"


def ratio(figure: Figure) -> str:
    """How many times what it is held against it is."""
    return "" if figure.beside is None else f"{digits(figure.beside.ratio)} x"


def verdict(figure: Figure) -> str:
    """Whether what is laid down is reached; empty where nothing is."""
    if figure.limit is None:
        return ""
    return "reached" if figure.reached else "MISSED"


def change(found: Change) -> str:
    """By how much something has changed."""
    return "" if found.percent is None else f"{found.percent:+.0f} %"


def direction(found: Change) -> str:
    """Whether it has become better or worse; empty where that may be chance."""
    return "worse" if found.is_worse else "better" if found.is_better else ""


def unit(found: Change) -> str:
    """What is compared: ratios, or figures of this unit."""
    return "x" if found.is_ratio else found.figure.unit


def summary(result: Result) -> str:
    """How many figures that are laid down are reached."""
    laid_down = [each for each in result.figures if each.limit is not None]
    reached = len(laid_down) - len(result.missed)
    told = f"{reached} of {len(laid_down)} figures that are laid down are reached"
    if result.failed:
        told += f"; {len(result.failed)} {'part' if len(result.failed) == 1 else 'parts'} could not be measured"
    return told


def machine(told: Machine) -> str:
    """The machine in one line."""
    cores = f"{told.cores} {'core' if told.cores == 1 else 'cores'}"
    return f"{told.cpu}, {cores}, {told.memory / 2**30:.0f} GiB, {told.kernel}"


def load(result: Result) -> str:
    """What ran on the machine before."""
    return ", ".join(f"{each:.1f}" for each in result.load)


def versions(result: Result) -> str:
    """All versions in one line."""
    return ", ".join(f"{name} {each}" for name, each in result.versions.items())


def beginning(comparison: Comparison) -> str:
    """What a comparison is with, and what may be read from it."""
    earlier = comparison.earlier
    told = f"Kept on {earlier.date} of commit {earlier.commit}."
    if not comparison.is_of_same_machine:
        told += " The machine is another one: only ratios are compared."
    elif comparison.differences:
        told += " The versions differ."
    else:
        told += " The same machine, the same versions."
    return told
