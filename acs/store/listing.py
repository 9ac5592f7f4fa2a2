"""Lists as people page through them: some conditions, one order, a count, and either an offset or a cursor.

A list is a statement marked ``-- parts:`` in a file of ``sql/``, with places for what differs from call to call; what
is put there are constants of the stores, never a caller's text. Its first column is the key of the row, its last one
``{value}``, by which the rows are in order.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, Generic, TypeVar

from acs.store.database import Database
from acs.store.statements import Dialect, Query, Row, Template, template

T = TypeVar("T")

_QUERIES: Final = 4_096
_FEW: Final = 1_000
"""So many rows are put in order sooner than found by walking through all others in that order."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold of a row, in the words of either database; named parameters stand for values."""

    sqlite: str
    """For SQLite."""
    postgresql: str
    """For PostgreSQL."""

    def text(self, dialect: Dialect) -> str:
        """For one of the two."""
        return self.sqlite if dialect is Dialect.SQLITE else self.postgresql


def condition(text: str) -> Condition:
    """A condition that is the same for both."""
    return Condition(text, text)


def all_of(conditions: Sequence[Condition]) -> dict[Dialect, str]:
    """What holds where all of these do, for a place in a template."""
    return {each: " AND ".join(f"({part.text(each)})" for part in conditions) or "TRUE" for each in Dialect}


def among(column: str, parameter: str, kind: str = "bigint") -> Condition:
    """A column is one of the values of a JSON array."""
    return Condition(
        f"{column} IN (SELECT value FROM json_each(:{parameter}))",  # noqa: S608  constants of the stores
        f"{column} = ANY (ARRAY(SELECT CAST(json_array_elements_text(CAST(:{parameter} AS json)) AS {kind})))",
    )


def beside(each: Condition) -> Condition:
    """A condition that begins with its column, where another one finds the rows: SQLite, which has no statistics to
    tell which of the two leaves fewer, is to use no index for it.
    """
    return Condition(f"+{each.sqlite}", each.postgresql)


@dataclass(frozen=True, slots=True)
class Order:
    """By what the rows are in order, and which key tells equal ones apart."""

    column: str
    """An expression that is never NULL."""
    key: str
    """The key's column."""
    is_descending: bool = False
    """Whether the greatest come first."""
    sorts_few: bool = False
    """Whether few rows that meet some conditions are sorted, and not sought in an index that is in this order: SQLite
    has no statistics that would tell it how many others it would meet there.
    """

    def reversed(self) -> "Order":
        """The other way round."""
        return replace(self, is_descending=not self.is_descending)

    def text(self, dialect: Dialect, *, few: bool = False) -> str:
        """As SQL, for few rows or for any number."""
        way = "DESC" if self.is_descending else "ASC"
        bar = "+" if few and self.sorts_few and dialect is Dialect.SQLITE else ""
        return f"{bar}{self.key} {way}" if self.column == self.key else f"{bar}{self.column} {way}, {self.key} {way}"

    @property
    def following(self) -> Condition:
        """What holds of the rows behind a cursor."""
        sign = "<" if self.is_descending else ">"
        if self.column == self.key:
            return condition(f"{self.key} {sign} :after_key")
        return condition(f"({self.column}, {self.key}) {sign} (:after_value, :after_key)")


def ordered(orders: Mapping[str, Order], text: str) -> Order:
    """One of the orders, by its name; a minus before it turns it round."""
    return orders[text[1:]].reversed() if text.startswith("-") else orders[text]


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last row of a page: the next page begins behind it."""

    value: str | int | float
    """What it is in order by."""
    key: int
    """Its key."""
    count: int | None = None
    """How many rows there were in all at the first page: a walk through a million counts them once. None: counted."""


@dataclass(frozen=True, slots=True)
class Slice:
    """Which part of a list."""

    limit: int = 100
    """At most so many rows."""
    offset: int = 0
    """So many rows are passed over; not with a cursor."""
    after: Cursor | None = None
    """Only what comes behind this row."""


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """A page of a list."""

    items: Sequence[T]
    """The rows."""
    count: int
    """How many there are in all; behind a cursor, how many there were at the first page."""
    following: Cursor | None
    """Where the next page begins; None: there is none."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows, in which order."""

    order: Order
    """Their order."""
    conditions: tuple[Condition, ...] = ()
    """What holds of all of them."""
    values: Mapping[str, object] | None = None
    """The values of the conditions' parameters."""
    more: tuple[tuple[str, Condition], ...] = ()
    """What stands in places that only this list has."""
    count: int | None = None
    """How many there are, where that is known."""


class Listing(Generic[T]):
    """A list and its count: the statements ``<name>`` and ``<name>_count`` of a file."""

    def __init__(self, file: str, name: str, make: Callable[[Row], T]) -> None:
        """``make`` is given a row without its last column."""
        self._rows = template(file, name)
        self._count = template(file, f"{name}_count")
        self._make = make

    async def page(self, database: Database, wanted: Wanted, part: Slice) -> Found[T]:
        """One page. What is nearer to the end than to the beginning is reached from there."""
        values = dict(wanted.values or {})
        count = wanted.count if part.after is None else part.after.count
        if count is None:
            count = await self._counted(database, wanted)
        if not count or not part.limit:
            return Found([], count, None)
        conditions, order, limit, offset = wanted.conditions, wanted.order, part.limit, part.offset
        if part.after is not None:
            conditions = (*conditions, order.following)
            values |= {"after_key": part.after.key}
            if order.column != order.key:
                values |= {"after_value": part.after.value}
            offset = 0
        is_backwards = part.after is None and offset > count // 2
        if is_backwards:
            order, limit, offset = order.reversed(), min(limit, max(0, count - offset)), max(0, count - offset - limit)
        # One more than asked for tells whether there is a next page.
        most = limit if is_backwards else limit + 1
        query = _query(self._rows, conditions, wanted.more, order, few=bool(conditions) and count <= _FEW)
        rows = await database.fetch(query, values | {"row_limit": most, "row_offset": offset})
        has_more = part.offset + limit < count if is_backwards else len(rows) > limit
        rows = rows[::-1] if is_backwards else rows[:limit]
        following = Cursor(rows[-1][-1], rows[-1][0], count) if has_more and rows else None
        return Found([self._make(row[:-1]) for row in rows], count, following)

    async def _counted(self, database: Database, wanted: Wanted) -> int:
        query = _query(self._count, wanted.conditions, wanted.more)
        count: int = (await database.fetch(query, wanted.values or {}))[0][0]
        return count


@lru_cache(maxsize=_QUERIES)
def _query(
    text: Template,
    conditions: tuple[Condition, ...],
    more: tuple[tuple[str, Condition], ...],
    order: Order | None = None,
    *,
    few: bool = False,
) -> Query:
    parts = {"where": all_of(conditions)}
    parts |= {place: {dialect: each.text(dialect) for dialect in Dialect} for place, each in more}
    if order is not None:
        parts["order"] = {dialect: order.text(dialect, few=few) for dialect in Dialect}
        parts["value"] = dict.fromkeys(Dialect, order.column)
    return text.filled(parts)
