"""Reads the settings and tells everything that is wrong with them at once.

SettingsError    with a sentence for each wrong setting
"""

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin

from annotated_types import Ge, Le
from pydantic import ByteSize, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import EnvSettingsSource, TomlConfigSettingsSource

from acs.settings.model import PREFIX, Fields, Settings, contradictions, env_name
from acs.settings.values import Accepts, size_text

CONFIG_VARIABLE: Final = PREFIX + "CONFIG"
"""Names the file, if it is not ``aioacs.toml`` in the working folder."""
FOR_TESTS: Final = PREFIX + "TEST_"
"""Variables of our own tests begin so; the server passes over them."""
_FILE: Final = "aioacs.toml"
_LONGEST_QUOTE: Final = 80
_LARGEST: Final = 1 << 20
_MOST_DOTS: Final = 1_000


class SettingsError(Exception):
    """The settings are wrong; nothing was started."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems
        """A sentence for each; none quotes a secret."""


def settings_file(environment: Mapping[str, str] | None = None, folder: Path | None = None) -> Path:
    """The file that ``load_settings`` reads with the same arguments, if it is there."""
    config = _variables(environment).get(CONFIG_VARIABLE, "")
    return (folder or Path()) / (config or _FILE)


def secrets_in(path: Path) -> list[str]:
    """The names of the secrets that a settings file holds; none if it cannot be read."""
    values = _read(path, required=False, problems=[])
    return [name for name in values if holds_secret(Fields.model_fields[name])]


def load_settings(environment: Mapping[str, str] | None = None, folder: Path | None = None) -> Settings:
    """Read the environment and the file in the working folder, or raise SettingsError with all that is wrong."""
    path = settings_file(environment, folder)
    variables = _variables(environment)
    config = variables.pop(CONFIG_VARIABLE, "")
    problems = [*_unknown_variables(variables)]
    source = EnvSettingsSource(Fields)
    source.env_vars = {name.lower(): value for name, value in variables.items() if value}
    from_file = _read(path, required=bool(config), problems=problems)
    from_environment = source()
    values = from_file | from_environment
    wrong = _wrong_fields(values)
    for name in (name for name in Fields.model_fields if name in wrong):
        place = "" if name in from_environment else f" in {path}"
        problems.append(_problem(name, values[name], place))
    fields = Fields(**{name: value for name, value in values.items() if name not in wrong})
    problems += [each.sentence for each in contradictions(fields) if not wrong & set(each.names)]
    if problems:
        raise SettingsError(problems)
    return Settings(**values)


def accepted(field: FieldInfo) -> str:
    """What is right for a setting, in words that follow "it must be"."""
    return _accepted(field.annotation, field.metadata)


def holds_secret(field: FieldInfo) -> bool:
    """Whether the value of a setting must not be shown."""
    return _mentions_secret(field.annotation)


def _variables(environment: Mapping[str, str] | None) -> dict[str, str]:
    environment = os.environ if environment is None else environment
    return {name.upper(): value for name, value in environment.items() if name.upper().startswith(PREFIX)}


def _mentions_secret(kind: object) -> bool:
    return kind is SecretStr or any(_mentions_secret(each) for each in get_args(kind))


def _unknown_variables(variables: Mapping[str, str]) -> list[str]:
    known = {env_name(name) for name in Fields.model_fields}
    # The value of a mistyped name may be a secret, so it is not told.
    return [
        f"{name} is no setting{_meant(name, known)}"
        for name in sorted(variables)
        if name not in known and not name.startswith(FOR_TESTS)
    ]


def _meant(name: str, known: set[str]) -> str:
    # What all variables begin with says nothing about which one is meant.
    meant = {each.removeprefix(PREFIX): each for each in known}
    close = difflib.get_close_matches(name.removeprefix(PREFIX), meant, n=1)
    return f"; did you mean {meant[close[0]]}?" if close else "; docs/settings.md has them all"


def _read(path: Path, *, required: bool, problems: list[str]) -> dict[str, Any]:
    """What the file says of known settings; anything else goes to the problems."""
    try:
        if path.is_dir():
            raise IsADirectoryError(21, "Is a directory")
        if required and not path.is_file():
            raise FileNotFoundError(2, "No such file")
        if path.is_file() and (problem := _too_much(path.read_bytes())):
            problems.append(f"{path} is no file of settings: {problem}")
            return {}
        values = TomlConfigSettingsSource(Fields, path)()
    except OSError as error:
        problems.append(f"{path} cannot be read: {error.strerror}")
        return {}
    except tomllib.TOMLDecodeError as error:
        # The message may quote the line, and the line may hold a secret.
        where = re.search(r"\(at [^()]*\)$", str(error))
        problems.append(f"{path} is not TOML {where[0] if where else ''}".rstrip())
        return {}
    except UnicodeDecodeError:
        problems.append(f"{path} is not TOML: it is not in UTF-8")
        return {}
    except (ValueError, RecursionError):
        # What Python says of it may quote a secret.
        problems.append(f"{path} is TOML that cannot be read: a number is too long, or too much stands in each other")
        return {}
    known = set(Fields.model_fields)
    for name in sorted(values.keys() - known):
        hint = ": settings stand at the top, outside of tables" if isinstance(values[name], dict) else ""
        problems.append(f"{name} in {path} is no setting{hint or _meant(name, known)}")
    # As in the environment, what is empty is not set: an empty path would be the working folder.
    return {name: value for name, value in values.items() if name in known and value != ""}


def _too_much(octets: bytes) -> str:
    """Why a file would take its reader longer than any with settings; empty if it would not."""
    if len(octets) > _LARGEST:
        return f"it has more than {_LARGEST} octets"
    # The parts of a key cost their square.
    dotted = next((number for number, line in enumerate(octets.splitlines(), 1) if line.count(b".") > _MOST_DOTS), 0)
    return f"line {dotted} has more than {_MOST_DOTS} dots" if dotted else ""


def _wrong_fields(values: Mapping[str, Any]) -> set[str]:
    fields = Fields.model_fields
    # Python takes true for 1.
    wrong = {name for name, value in values.items() if isinstance(value, bool) and fields[name].annotation is not bool}
    try:
        Fields(**values)
    except ValidationError as error:
        wrong |= {str(each["loc"][0]) for each in error.errors(include_url=False, include_context=False)}
    return wrong


def _problem(name: str, value: object, place: str) -> str:
    field = Fields.model_fields[name]
    # A URL with a login in the wrong variable is a secret too.
    secret = holds_secret(field) or "@" in str(value)
    quoted = "a value that is not shown" if secret else repr(value)
    if len(quoted) > _LONGEST_QUOTE:
        quoted = f"{quoted[:_LONGEST_QUOTE]}..."
    return f"{env_name(name)}{place} is {quoted}, but must be {accepted(field)}"


def _accepted(kind: object, metadata: list[Any]) -> str:
    for each in metadata:
        if isinstance(each, Accepts):
            return each.words
    origin = get_origin(kind)
    if origin is Annotated:
        inner, *more = get_args(kind)
        return _accepted(inner, [*more, *metadata])
    if origin in {Union, UnionType}:
        return _accepted(next(each for each in get_args(kind) if each is not type(None)), metadata)
    if isinstance(kind, type) and issubclass(kind, Enum):
        *first, last = (each.value for each in kind)
        return f"{', '.join(first)} or {last}"
    if kind in _WORDS:
        return _WORDS[kind]
    least = next(str(each.ge) for each in metadata if isinstance(each, Ge))
    most = next(str(each.le) for each in metadata if isinstance(each, Le))
    if kind is ByteSize:
        return f"a size from {size_text(int(least))} to {size_text(int(most))}"
    return f"{'a whole number' if kind is int else 'a number'} from {least} to {most}"


_WORDS: Final[Mapping[object, str]] = {bool: "true or false", Path: "a path", SecretStr: "text"}
