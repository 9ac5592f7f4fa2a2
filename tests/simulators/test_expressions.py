"""Expectations are small sums, and nothing else."""

import pytest

from simulators.expressions import ExpressionError, names_in, value_of


@pytest.mark.parametrize(
    ("text", "value"),
    [("7", 7), ("devices", 10), ("devices * 4 - 1", 39), ("-(devices + 2) * intervals", -36), ("2 - -1", 3)],
)
def test_a_sum_comes_to_a_number(text: str, value: int) -> None:
    assert value_of(text, {"devices": 10, "intervals": 3}) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1.5",
        "'a'",
        "True",
        "devices ** 9",
        "devices / 2",
        "a.b",
        "a[0]",
        "f(1)",
        "1 if a else 2",
        "(x := 1)",
        "lambda: 1",
        "__import__('os')",
        "1 < 2",
        "~1",
        "1 +",
        "\0",
        "1" * 5000,
        "(" * 190,
    ],
)
def test_all_else_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        names_in(text)


def test_a_name_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(ExpressionError, match="'device' in 'device \\* 2' is no name; there are devices"):
        value_of("device * 2", {"devices": 1})


def test_no_number_grows_without_bound() -> None:
    with pytest.raises(ExpressionError, match="too much"):
        value_of("9999999999 * 9999999999", {})
