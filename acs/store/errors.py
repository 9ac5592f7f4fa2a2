"""What can go wrong with the store; no driver's own error leaves this package.

StoreError
├── StoreUnavailableError    nothing was done, or it is not known: come again later
│   ├── StoreBusyError       more is waiting than can be borne
│   ├── StoreReadOnlyError   what is there can be read and not be changed
│   └── StoreGoneError       its files are not at their place any more
└── RecordError              the record itself cannot be kept; its neighbours were
    └── ConflictError        another record already has what must be unique
MigrationError               the database does not fit this program
"""

from typing import Final

_WORDS: Final = {
    "device": "a device",
    "device_type": "a type",
    "location": "a location",
    "transfer": "an open transfer",
}


class StoreError(Exception):
    """Something was not stored."""


class StoreUnavailableError(StoreError):
    """The database cannot be used now: it is gone, full or broken."""


class StoreBusyError(StoreUnavailableError):
    """More is waiting to be stored than the queue holds."""


class StoreReadOnlyError(StoreUnavailableError):
    """The database takes no changes now."""


class StoreGoneError(StoreUnavailableError):
    """The files that are open are no longer those that the next start would open."""


class RecordError(StoreError):
    """A record that the database refuses."""


class ConflictError(RecordError):
    """A record that equals another one where it must not."""

    def __init__(self, table: str, columns: tuple[str, ...]) -> None:
        super().__init__(f"another {table} has the same {' and '.join(columns)}")
        self.table = table
        """The table."""
        self.columns = columns
        """What is equal."""


class ReferredError(RecordError):
    """A record that is to be deleted and that others still need."""

    def __init__(self, table: str, tables: tuple[str, ...]) -> None:
        by = " and ".join(_WORDS[each] for each in tables)
        super().__init__(f"the {table.replace('_', ' ')} is still referred to by {by}")
        self.table = table
        """What was to be deleted."""
        self.tables = tables
        """What refers to it."""


class MigrationError(Exception):
    """The database's tables are not those that this program works with."""
