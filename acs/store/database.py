"""What the stores ask of a database; ``acs.store.sqlite`` and ``acs.store.postgresql`` are the two there are."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from acs.store.statements import Dialect, Query, Row, Step


class Database(Protocol):
    """One database, opened. Whatever fails raises a StoreError."""

    @property
    def dialect(self) -> Dialect:
        """Whose SQL it speaks."""

    async def transact(self, steps: Sequence[Step]) -> list[list[Row]]:
        """Run batches in one transaction, durable when this returns; what each of them gave. One caller at a time."""

    async def fetch(self, query: Query, parameters: Mapping[str, object]) -> list[Row]:
        """Read what is committed. Any number of callers at a time."""

    async def close(self) -> None:
        """Let go of it."""
