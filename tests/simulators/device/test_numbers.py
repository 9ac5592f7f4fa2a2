"""Whole numbers are those of the ten digits, and no longer than anybody means."""

import pytest

from simulators.device.numbers import whole_number


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("007", 7), ("12345678901", 12_345_678_901)])
def test_digits_are_a_number(text: str, number: int) -> None:
    assert whole_number(text) == number


@pytest.mark.parametrize("text", ["", "-1", "1.5", " 1", "1_0", "0x1", "\u00b2", "\u0663", "123456789012"])
def test_anything_else_is_none(text: str) -> None:
    assert whole_number(text) is None


def test_a_shorter_bound_can_be_said() -> None:
    assert (whole_number("99", 2), whole_number("100", 2)) == (99, None)
