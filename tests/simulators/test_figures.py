"""Figures are written in three digits and never round a part to the whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.figures import amount, clock, digits, duration, share, size


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (None, "-"), (0, "0 s"), (4e-7, "0.40 µs"), (8.12e-4, "812 µs"), (0.00314159, "3.14 ms"), (0.0314, "31.4 ms"),
        (0.99996, "1.00 s"), (1.2, "1.20 s"), (59.99, "1 min"), (60, "1 min"), (125, "2 min 5 s"), (3600, "1 h"),
        (7260, "2 h 1 min"),
    ],
)  # fmt: skip
def test_durations(seconds: float | None, expected: str) -> None:
    assert duration(seconds) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0, "0:00"), (7.9, "0:07"), (760, "12:40"), (3723, "1:02:03"), (-1, "0:00")]
)
def test_time_since_a_start(seconds: float, expected: str) -> None:
    assert clock(seconds) == expected


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (None, "-"),
        (0, "0 B"),
        (512, "512 B"),
        (1536, "1.50 KiB"),
        (1023.9 * 1024, "1.00 MiB"),
        (1 << 60, "1,048,576 TiB"),
    ],
)
def test_sizes(octets: float | None, expected: str) -> None:
    assert size(octets) == expected


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [
        (0, 0, "-"), (0, 9, "0 %"), (9, 9, "100 %"), (1, 8, "12.5 %"), (1, 1000, "0.10 %"), (999, 1000, "99.90 %"),
        (1, 10**9, "< 0.01 %"), (10**9 - 1, 10**9, "> 99.99 %"), (30, 10, "300 %"),
    ],
)  # fmt: skip
def test_shares(part: int, whole: int, expected: str) -> None:
    assert share(part, whole) == expected


@given(st.integers(1, 10**9), st.integers(1, 10**9))
def test_no_part_passes_for_all_or_nothing(part: int, rest: int) -> None:
    assert share(part, part + rest) not in {"0 %", "100 %", "0.00 %", "100.00 %", "100.0 %"}


@given(st.floats(1e-6, 1e9))
def test_three_digits_are_near_the_value(value: float) -> None:
    assert float(digits(value).replace(",", "")) == pytest.approx(value, rel=0.051)


def test_amounts() -> None:
    assert [amount(None), amount(0), amount(1234567)] == ["-", "0", "1,234,567"]
