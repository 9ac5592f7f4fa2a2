"""What the document says of options and scenario files is what they are."""

import re
import tomllib
from collections.abc import Iterator
from typing import Any

import typer.main
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from acs.__main__ import app
from simulators.scenarios import schema
from simulators.scenarios.loading import read
from simulators.spans import read_span
from tests.outside import ROOT

TEXT = (ROOT / "docs" / "simulator.md").read_text()
SECTIONS: dict[str, type[BaseModel]] = {
    "": schema.Scenario,
    "[arrivals]": schema.Arrivals,
    "[timing]": schema.Pace,
    "[[ways]]": schema.Ways,
    "[faults]": schema.Faults,
    "[[phases]]": schema.Phase,
    "[expect]": schema.Expectations,
}


def _params() -> list[Any]:
    command: Any = typer.main.get_command(app)
    return [each for each in command.commands["simulate"].params if each.name != "help"]


def _options() -> Iterator[str]:
    """The options, a table for each of their groups."""
    groups: dict[str, list[str]] = {}
    for option in _params():
        names = "`, `".join([*option.opts, *option.secondary_opts])
        if option.metavar:
            names += f" {option.metavar}"
        default = f" (`{option.default}`)" if isinstance(option.default, str | int) and option.default else ""
        help_text = (option.help or "").replace("|", "\\|")
        group = getattr(option, "rich_help_panel", None)
        groups.setdefault(str(group), []).append(f"| `{names}` | {help_text}{default} |")
    for title, rows in groups.items():
        yield f"### {title}\n\n| option | meaning |\n|---|---|\n" + "\n".join(rows) + "\n"


def _default(field: FieldInfo) -> str:
    value: Any = field.default
    if field.default_factory is not None or value is None or isinstance(value, BaseModel) or value in ("", ()):
        return ""
    if value is PydanticUndefined:
        return "needed"
    if isinstance(value, tuple):
        return "`[" + ", ".join(f"{each:g}" for each in value) + "]`"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f'`"{value}"`' if isinstance(value, str) else f"`{float(value):.15g}`"


def _told(text: str | None) -> str:
    return re.sub(r"\s*\n\s*", " ", text or "").replace("``", "`")


def _keys() -> Iterator[str]:
    """The keys of a scenario, a table for each section."""
    for section, model in SECTIONS.items():
        rows = [
            f"| `{field.alias or name}` | {_default(field)} | {_told(field.description)} |"
            for name, field in model.model_fields.items()
            if section or name not in {"arrivals", "timing", "ways", "faults", "phases", "expect"}
        ]
        title = f"### `{section}`\n\n{_told(model.__doc__)}" if section else "### At its beginning"
        yield f"{title}\n\n| key | if nothing is said | meaning |\n|---|---|---|\n" + "\n".join(rows) + "\n"


def test_every_option_and_every_key_is_in_the_document_and_no_other() -> None:
    right = "## Options\n\n" + "\n".join(_options()) + "\n## Keys of a scenario\n\n" + "\n".join(_keys())
    start, _, _ = TEXT.partition("## Options\n")
    assert start + right == TEXT, f"from the options on docs/simulator.md should be:\n{right}"


def test_every_key_says_what_it_means() -> None:
    for model in SECTIONS.values():
        assert all(field.description for field in model.model_fields.values())


def test_the_example_is_a_scenario() -> None:
    example = re.search(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    assert example is not None
    assert read(example[1], "example.toml").phases[0].lasts == 30
    assert all(read_span(tomllib.loads(example[1])[name]) for name in ("interval", "duration"))


def test_the_commands_that_are_shown_have_the_options_that_there_are() -> None:
    known = {name for option in _params() for name in [*option.opts, *option.secondary_opts]}
    shown = re.findall(r"aioacs simulate (.*)", TEXT)
    assert len(shown) >= 4
    assert {name for line in shown for name in re.findall(r"--[a-z-]+", line)} <= known
