"""The management API: bodies, queries, cursors, times and cron expressions."""

import json
import math
from collections.abc import Callable, Mapping
from typing import Any, Final
from unittest.mock import MagicMock

from pydantic import BaseModel, TypeAdapter

from acs.services.bulk_schedule import CronError, ZoneError, next_after
from api import times
from api.fields import is_carriable
from api.paging import Paged
from api.problems import Problem
from api.reading import checked, checked_query, passed_over, read_json
from api.routes import routes
from api.variables import VariableBody
from api.wishes import WishReader
from fuzz.documents import document, text
from fuzz.draw import Draw
from fuzz.target import Target

_DEEPEST: Final = 4
_WISHES: Final = WishReader({}, {}, lambda number, name: f"variables[{number}].{name}")


def _made_of(kinds: Mapping[str, Any]) -> list[tuple[Any, TypeAdapter[Any], Mapping[str, Any]]]:
    found: list[tuple[Any, TypeAdapter[Any], Mapping[str, Any]]] = []
    for _, kind in sorted(kinds.items()):
        adapter: TypeAdapter[Any] = TypeAdapter(kind)
        found.append((kind, adapter, adapter.json_schema()))
    return found


# The routes are asked for what they take, and never called.
_ROUTES: Final = routes(MagicMock())
_BODIES: Final = _made_of({str(each.body): each.body for each in _ROUTES if each.body is not None})
_QUERIES: Final = _made_of({str(each.query): each.query for each in _ROUTES})


def _judged(read: Callable[[], Any]) -> Any:  # noqa: ANN401  any model
    """What is read, with all that it says of itself; None for a Problem, which must be one that can be sent."""
    try:
        found = read()
        _look_at(found)
    except Problem as problem:
        assert 400 <= problem.kind.status < 500, problem
        told = json.loads(problem.body("r"))
        assert told["detail"]
        return None
    return found


def _look_at(found: object, depth: int = 0) -> None:
    """Ask for every property, as handlers do."""
    if depth > _DEEPEST:
        return
    if isinstance(found, BaseModel):
        repr(found)
        for kind in type(found).__mro__:
            if issubclass(kind, BaseModel) and kind is not BaseModel:
                for name in [name for name, value in vars(kind).items() if isinstance(value, property)]:
                    getattr(found, name)
        if isinstance(found, VariableBody):
            # What a device is to have is held to the data model as well.
            _WISHES.read([found], may_drop=True)
        for name in type(found).model_fields:
            _look_at(getattr(found, name), depth + 1)
    elif isinstance(found, list | tuple):
        for each in found:
            _look_at(each, depth + 1)


def _bodies(data: bytes) -> None:
    """Every body of every route fits or is a Problem."""
    draw = Draw(data)
    _, adapter, schema = draw.choice(_BODIES)
    said = document(draw, schema, schema)
    found = _judged(lambda: checked(adapter, said))
    if isinstance(found, BaseModel):
        passed_over(type(found), said)


def _queries(data: bytes) -> None:
    """Every query of every route, with any keys and values."""
    draw = Draw(data)
    _, adapter, schema = draw.choice(_QUERIES)
    names = (*schema.get("properties", {}), "unknown")
    pairs = []
    for _ in range(draw.below(6)):
        name = draw.choice(names)
        inner = schema.get("properties", {}).get(name, {})
        words = [each for part in (inner, *inner.get("anyOf", ())) for each in part.get("enum", ())]
        value = str(draw.choice(words)) if words and draw.octet() % 4 else text(draw)
        pairs.append((name if draw.octet() % 16 else draw.text(), value))
    found = _judged(lambda: checked_query(adapter, pairs))
    if isinstance(found, Paged):
        after = found.part.after
        if after is not None:
            assert not isinstance(after.value, str) or is_carriable(after.value), after
            assert not isinstance(after.value, float) or math.isfinite(after.value), after


def _json(data: bytes) -> None:
    """A document is read as any other program would read it, or is a Problem."""
    said = _judged(lambda: [read_json(data)])
    if said is not None:
        assert said == [json.loads(data)]
        written = json.dumps(said[0]).encode()
        # A number that is too large is read as one without end; whoever keeps documents refuses those.
        assert b"Infinity" in written or read_json(written) == said[0]


def _schedules(data: bytes) -> None:
    """A time is one that a calendar has, and a schedule fires later or never."""
    draw = Draw(data)
    cron, zone, when = draw.text(), draw.choice(("UTC", "Europe/Berlin", draw.text())), draw.text()
    try:
        at = times.read(when)
    except ValueError:
        at = float(draw.number(4))
    else:
        assert math.isclose(times.read(times.written(at)), at, abs_tol=1.0), when
    try:
        found = next_after(cron, zone, at)
    except (CronError, ZoneError) as error:
        assert str(error)
    else:
        assert found is None or found > at


TARGETS: Final = {
    each.name: each
    for each in (
        Target("bodies", _bodies, longest=512),
        Target("queries", _queries, longest=512),
        Target(
            "json",
            _json, longest=512,
            words=(
                b'{"', b'": ', b"[", b"]", b"{}", b"null", b"true", b"1e999", b"NaN", b"-Infinity", b'"\\ud800"',
                b"\\u0000", b"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", b'{"a":1,"a":2}', b"\xef\xbb\xbf", b"-0", b"0.1",
            ),
        ),
        Target(
            "schedules",
            _schedules, longest=128,
            seconds=0.2,
            words=(
                b"* * * * *", b"*/5", b"0-59/7", b"L", b"#5", b"MON", b"JAN", b"29 2", b"31 11", b"UTC",
                b"Pacific/Apia", b"Europe/Dublin", b"Africa/Casablanca", b"2024-02-29", b"T23:59:60Z", b"+23:59",
                b"9999-12-31", b"1970-01-01", b"W",
            ),
        ),
    )
}  # fmt: skip
