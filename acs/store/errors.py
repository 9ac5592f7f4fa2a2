"""What can go wrong with the store; no driver's own error leaves this package.

StoreError
├── StoreUnavailableError    nothing was done, or it is not known: come again later
│   └── StoreBusyError       more is waiting than can be borne
└── RecordError              the record itself cannot be kept; its neighbours were
    └── ConflictError        another record already has what must be unique
MigrationError               the database does not fit this program
"""


class StoreError(Exception):
    """Something was not stored."""


class StoreUnavailableError(StoreError):
    """The database cannot be used now: it is gone, full or broken."""


class StoreBusyError(StoreUnavailableError):
    """More is waiting to be stored than the queue holds."""


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


class MigrationError(Exception):
    """The database's tables are not those that this program works with."""
