"""What a run of benchmarks came to, as it is written and read."""

import json
import subprocess
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from shutil import which
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from benchmarks.figures import Figure

ROOT: Final = Path(__file__).parents[1]
"""The repository."""
_DIGITS: Final = 5
_MOST_OCTETS: Final = 16 * 2**20
_SAME_MEMORY: Final = 2**28


class ResultError(Exception):
    """A result cannot be read or kept; says which and why."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What was measured on."""

    cpu: str
    """The model of the processor."""
    cores: int
    """How many of its cores the benchmarks could use."""
    memory: int
    """Octets of memory."""
    kernel: str
    """The kernel and its release."""


@dataclass(frozen=True, slots=True)
class Result:
    """A run of benchmarks."""

    moment: str
    """When it began, in UTC: 2026-11-26T20:15:00Z."""
    commit: str
    """What was measured; ends with ``+`` if something in it was changed."""
    machine: Machine
    """What was measured on."""
    versions: dict[str, str]
    """Of the program and of what it stands on."""
    load: tuple[float, float, float]
    """The load of the machine before, over 1, 5 and 15 minutes: what else ran on it."""
    minutes: float
    """How long it took."""
    figures: tuple[Figure, ...]
    """What was measured."""
    failed: dict[str, str] = field(default_factory=dict)
    """The parts that could not be measured as they should, and why."""

    @property
    def date(self) -> str:
        """The day."""
        return self.moment[:10]

    @property
    def missed(self) -> list[Figure]:
        """The figures that are not as good as what is laid down."""
        return [each for each in self.figures if not each.reached]

    @property
    def is_good(self) -> bool:
        """Whether all was measured and is as it should be."""
        return not self.missed and not self.failed

    def differences(self, other: "Result") -> list[str]:
        """In what the machine or the versions differ, each in words; the other one's first."""
        found = [
            f"{what}: {theirs}, now {ours}"
            for what, theirs, ours in (
                ("processor", other.machine.cpu, self.machine.cpu),
                ("cores", other.machine.cores, self.machine.cores),
                ("kernel", other.machine.kernel, self.machine.kernel),
            )
            if theirs != ours
        ]
        if abs(self.machine.memory - other.machine.memory) >= _SAME_MEMORY:
            found.append(f"memory: {_gib(other.machine.memory)}, now {_gib(self.machine.memory)}")
        for name in dict.fromkeys((*other.versions, *self.versions)):
            theirs, ours = other.versions.get(name, "none"), self.versions.get(name, "none")
            if theirs != ours:
                found.append(f"{name}: {theirs}, now {ours}")
        return found

    def is_of_same_machine(self, other: "Result") -> bool:
        """Whether figures, and not only ratios, may be held against each other."""
        ours, theirs = self.machine, other.machine
        is_as_large = abs(ours.memory - theirs.memory) < _SAME_MEMORY
        return is_as_large and (ours.cpu, ours.cores, ours.kernel) == (theirs.cpu, theirs.cores, theirs.kernel)


_READER: Final = TypeAdapter(Result)


def read_result(path: Path) -> Result:
    """A result from its file; ResultError if there is none in it."""
    try:
        if path.stat().st_size > _MOST_OCTETS:
            raise ResultError(f"{shown(path)} is no result of a benchmark: it is larger than any")
        return _READER.validate_json(path.read_bytes())
    except FileNotFoundError:
        raise ResultError(f"{shown(path)} is not there: make bench writes it") from None
    except OSError as error:
        raise ResultError(f"{shown(path)} cannot be read: {(error.strerror or str(error)).lower()}") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(map(str, first["loc"]))
        told = f"{where}: {first['msg']}" if where else first["msg"]
        raise ResultError(f"{shown(path)} is no result of a benchmark: {told}") from None


def as_json(result: Result) -> str:
    """A result as it is written: one figure a line, numbers in five digits."""
    told = asdict(result)
    figures = [json.dumps(_short(each), ensure_ascii=False) for each in told.pop("figures")]
    head = json.dumps(_short(told), ensure_ascii=False, indent=1).removesuffix("\n}")
    return f'{head},\n "figures": [\n  ' + ",\n  ".join(figures) + "\n ]\n}\n"


def without_details(result: Result) -> Result:
    """What is kept of a result."""
    return replace(result, figures=tuple(replace(each, details={}) for each in result.figures))


def commit(folder: Path = ROOT) -> str:
    """The commit that is checked out in a folder, with ``+`` if something is changed; ``unknown`` without git."""
    told = [_git(folder, "rev-parse", "--short=10", "HEAD"), _git(folder, "status", "--porcelain", "-uno")]
    if told[0] is None:
        return "unknown"
    return told[0] + ("+" if told[1] else "")


def shown(path: Path) -> str:
    """A path as it is told: from the repository on, if it is in it."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def parts_of(figures: Iterable[Figure]) -> dict[str, list[Figure]]:
    """Figures by their parts."""
    found: dict[str, list[Figure]] = {}
    for each in figures:
        found.setdefault(each.part, []).append(each)
    return found


def _git(folder: Path, *arguments: str) -> str | None:
    program = which("git")
    if program is None:
        return None
    try:
        done = subprocess.run([program, "-C", folder, *arguments], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def _short(value: Any) -> Any:  # noqa: ANN401  any JSON
    """Without digits that mean nothing, and without fields that say nothing."""
    match value:
        case float():
            return float(f"{value:.{_DIGITS}g}")
        case dict():
            empty: tuple[object, ...] = (None, {})
            return {key: _short(each) for key, each in value.items() if each not in empty}
        case list() | tuple():
            return [_short(each) for each in value]
        case _:
            return value


def _gib(octets: int) -> str:
    return f"{octets / 2**30:.1f} GiB"
