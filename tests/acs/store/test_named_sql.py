"""Named SQL in the words of either database."""

import sqlite3

import pytest

from acs.store.errors import (
    ConflictError,
    RecordError,
    ReferredError,
    StoreBusyError,
    StoreError,
    StoreGoneError,
    StoreReadOnlyError,
    StoreUnavailableError,
)
from acs.store.statements import Dialect, batch, query


def test_parameters_become_numbers_for_postgresql_in_the_order_of_their_first_use() -> None:
    found = query("audit", "to_prune")
    assert found.parameters == ("before", "most")
    assert "at < :before ORDER BY at LIMIT :most" in found.sql[Dialect.SQLITE]
    assert "at < $1 ORDER BY at LIMIT $2" in found.sql[Dialect.POSTGRESQL]


def test_a_cast_is_no_parameter() -> None:
    statement = batch("contact", "hold")
    assert "$1::bigint[], $2::bigint[], $3::float8[], $4::text[]" in statement.sql[Dialect.POSTGRESQL]


def test_a_statement_may_be_another_one_in_each_database() -> None:
    found = query("parameter", "known")
    assert "json_each" in found.sql[Dialect.SQLITE]
    assert "json_array_elements_text" in found.sql[Dialect.POSTGRESQL]
    assert found.parameters == ("device_id", "paths")


def test_the_rows_of_a_batch_keep_the_types_of_their_values() -> None:
    statement = batch("contact", "hold")
    connection = sqlite3.connect(":memory:")
    try:
        rows = statement.sql[Dialect.SQLITE].split("FROM ", 1)[1].split("\nWHERE")[0]
        picked = connection.execute(
            f"SELECT * FROM {rows}",
            {"rows": '[[1, 2, 3.5, "a"], [9007199254740993, null, 1e300, ""], [true, 0, 0, "1"]]'},
        ).fetchall()
    finally:
        connection.close()
    assert picked == [(1, 2, 3.5, "a"), (9007199254740993, None, 1e300, ""), (1, 0, 0, "1")]


def test_a_statement_that_is_in_no_file_is_an_error_of_the_program() -> None:
    with pytest.raises(KeyError):
        query("contact", "nowhere")
    with pytest.raises(FileNotFoundError):
        query("nowhere", "by_id")


@pytest.mark.parametrize(
    ("error", "kind", "sentence"),
    [
        (StoreBusyError("full"), StoreUnavailableError, "full"),
        (StoreReadOnlyError("read-only"), StoreUnavailableError, "read-only"),
        (StoreGoneError("removed"), StoreUnavailableError, "removed"),
        (StoreUnavailableError("gone"), StoreError, "gone"),
        (ConflictError("device", ("name",)), RecordError, "another device has the same name"),
        (ConflictError("device", ("oui", "name")), RecordError, "another device has the same oui and name"),
        (
            ReferredError("device_type", ("device",)),
            RecordError,
            "the device type is still referred to by a device",
        ),
        (RecordError("bad"), StoreError, "bad"),
    ],
)
def test_errors_are_a_tree_and_write_their_own_sentence(
    error: StoreError, kind: type[StoreError], sentence: str
) -> None:
    assert isinstance(error, kind)
    assert str(error) == sentence
    assert not (isinstance(error, RecordError) and isinstance(error, StoreUnavailableError))
