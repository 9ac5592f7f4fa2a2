"""SQL from named files, in the words of either database.

A file holds statements, each under ``-- name:``. A *query* takes named parameters (``:device_id``). A *batch* says
``-- rows: device_id bigint, address text`` and reads ``{rows}``: a table of as many rows as callers bring, whose first
column says whose row it is; what the batch returns begins with that column too. ``-- only: sqlite`` marks the variant
of one dialect where the two differ. ``-- parts: where, order`` marks a *template*: a query with places that the stores
fill with constants of their own (see ``acs.store.listing``).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, Final

Row = tuple[Any, ...]
"""One row, going in or coming out."""


class Dialect(StrEnum):
    """The databases."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """A statement that reads, by named parameters."""

    name: str
    """``file.name``."""
    sql: Mapping[Dialect, str]
    """Its text."""
    parameters: tuple[str, ...]
    """The parameters in the order of PostgreSQL's numbers."""


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """A statement that writes many callers' rows at once."""

    name: str
    """``file.name``."""
    sql: Mapping[Dialect, str]
    """Its text."""
    columns: tuple[str, ...]
    """What a row holds."""


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """A query with places in it that are filled for each use."""

    name: str
    """``file.name``."""
    texts: Mapping[Dialect, str]
    """Its text, with ``{place}`` where something is missing."""

    def filled(self, parts: Mapping[str, Mapping[Dialect, str]]) -> Query:
        """The query with these parts in its places."""
        texts = dict(self.texts)
        for place, part in parts.items():
            texts = {dialect: text.replace(f"{{{place}}}", part[dialect]) for dialect, text in texts.items()}
        return _query(self.name, texts)


Step = tuple[Batch, Sequence[Row]]
"""A batch and its rows."""

_HEAD: Final = re.compile(r"^-- (name|rows|only|parts): *(.*)$")
_PARAMETER: Final = re.compile(r"(?<![:\w]):([a-z_]+)")


def query(file: str, name: str) -> Query:
    """The query of that name in ``sql/<file>.sql``."""
    return _query(f"{file}.{name}", {dialect: text for dialect, (text, _) in _texts(file, name).items()})


def template(file: str, name: str) -> Template:
    """The template of that name in ``sql/<file>.sql``."""
    return Template(f"{file}.{name}", {dialect: text for dialect, (text, _) in _texts(file, name).items()})


def _query(name: str, texts: Mapping[Dialect, str]) -> Query:
    parameters = tuple(dict.fromkeys(each for text in texts.values() for each in _PARAMETER.findall(text)))
    numbers = {each: f"${number}" for number, each in enumerate(parameters, start=1)}
    return Query(
        name,
        {
            Dialect.SQLITE: texts[Dialect.SQLITE],
            Dialect.POSTGRESQL: _PARAMETER.sub(lambda match: numbers[match[1]], texts[Dialect.POSTGRESQL]),
        },
        parameters,
    )


def batch(file: str, name: str) -> Batch:
    """The batch of that name in ``sql/<file>.sql``."""
    texts = _texts(file, name)
    columns = [tuple(column.rsplit(" ", 1)) for column in texts[Dialect.SQLITE][1].split(", ")]
    names = tuple(name for name, _ in columns)
    picked = ", ".join(f"value->>{place} AS {name}" for place, name in enumerate(names))
    arrays = ", ".join(f"${place}::{kind}[]" for place, (_, kind) in enumerate(columns, start=1))
    rows = {
        # One JSON text for all the rows: the whole batch is one step of SQLite, in which Python's lock is free.
        Dialect.SQLITE: f"(SELECT {picked} FROM json_each(:rows)) AS rows",  # noqa: S608 (names of our own files)
        Dialect.POSTGRESQL: f"unnest({arrays}) AS rows({', '.join(names)})",
    }
    return Batch(
        f"{file}.{name}", {dialect: texts[dialect][0].replace("{rows}", rows[dialect]) for dialect in Dialect}, names
    )


def _texts(file: str, name: str) -> dict[Dialect, tuple[str, str]]:
    """The text and the declaration of rows, for each dialect."""
    found = _statements(file)
    return {dialect: found.get((name, dialect)) or found[name, None] for dialect in Dialect}


@cache
def _statements(file: str) -> dict[tuple[str, Dialect | None], tuple[str, str]]:
    found: dict[tuple[str, Dialect | None], tuple[str, str]] = {}
    text = files("acs.store").joinpath("sql", f"{file}.sql").read_text(encoding="utf-8")
    for part in re.split(r"^(?=-- name:)", text, flags=re.MULTILINE)[1:]:
        head: dict[str, str] = {}
        body: list[str] = []
        for line in part.splitlines():
            match = _HEAD.match(line)
            if match:
                head[match[1]] = match[2].strip()
            elif not line.startswith("--"):
                body.append(line)
        dialect = Dialect(head["only"]) if "only" in head else None
        found[head["name"], dialect] = ("\n".join(body).strip().rstrip(";"), head.get("rows", ""))
    return found
