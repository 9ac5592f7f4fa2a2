"""Reading scenarios: those that are built in by name, others by path."""

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from simulators.reading import UnreadableError, read_file
from simulators.scenarios.schema import Scenario

NAMES: Final = ("steady", "power-cut", "firmware-campaign", "flaky-network", "misbehaving-fleet", "nat")
"""The scenarios that are built in."""
MOST_OCTETS: Final = 1024 * 1024
"""How large a scenario file may be."""
_MOST_TOLD: Final = 5


class ScenarioError(ValueError):
    """A scenario cannot be read; the sentence says where."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A scenario and where it comes from."""

    name: str
    """Its name: that of a built-in one, or of its file."""
    scenario: Scenario
    """What it says."""
    folder: Path | None
    """Where paths in it begin; None for a built-in one."""


def load(name: str) -> Loaded:
    """A scenario by its name or its path; ScenarioError says what is wrong, by section and key."""
    if name in NAMES:
        text = files("simulators.scenarios").joinpath(f"{name}.toml").read_text("utf-8")
        return Loaded(name, read(text, f"{name}.toml"), None)
    path = Path(name)
    if "/" not in name and path.suffix != ".toml":
        raise ScenarioError(f"{name!r} is no scenario; there are {', '.join(NAMES)}, or the path of a .toml file")
    try:
        text = read_file(path, name, MOST_OCTETS)
    except UnreadableError as error:
        raise ScenarioError(str(error)) from None
    return Loaded(path.stem, read(text, path.name), path.parent)


def read(text: str, name: str) -> Scenario:
    """The scenario in a text."""
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ScenarioError(f"{name}: {error}") from None
    try:
        return Scenario.model_validate(document)
    except ValidationError as error:
        wrong = [_sentence(each["loc"], each["msg"], each["type"]) for each in error.errors(include_url=False)]
        more = f"; and {len(wrong) - _MOST_TOLD} more" if len(wrong) > _MOST_TOLD else ""
        raise ScenarioError(f"{name}: {'; '.join(wrong[:_MOST_TOLD])}{more}") from None


def _sentence(where: tuple[int | str, ...], what: str, kind: str) -> str:
    """``[phases] number 2, for: ...``: the section as the file has it, the key, and what is wrong."""
    *sections, key = where or ("",)
    section = ""
    for step in sections:
        section += f" number {step + 1}" if isinstance(step, int) else f".{step}" if section else step
    what = "is no key" if kind == "extra_forbidden" else "is missing" if kind == "missing" else what
    what = what.removeprefix("Value error, ").removeprefix("Input ")
    named = f"{key + 1}" if isinstance(key, int) else key
    return f"[{section}] {named}: {what}" if section else f"{named}: {what}" if named else what
