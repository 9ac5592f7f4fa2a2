"""Figures in the form in which people read them."""

from typing import Final

NONE: Final = "-"
"""What stands for a figure that there is not."""

_SMALL_UNITS: Final = ((1e-3, 1e6, "µs"), (1.0, 1e3, "ms"), (60.0, 1.0, "s"))
_SIZES: Final = ("B", "KiB", "MiB", "GiB", "TiB")


def duration(seconds: float | None) -> str:
    """How long something took, in three digits: 812 µs, 3.14 ms, 1.20 s, 2 min 5 s."""
    if seconds is None:
        return NONE
    if not seconds:
        return "0 s"
    for below, factor, unit in _SMALL_UNITS:
        # What would be rounded up to the next unit is told in that unit.
        if seconds < below * 0.9995:
            return f"{digits(seconds * factor)} {unit}"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60} h"


def clock(seconds: float) -> str:
    """Time since a start: 0:07, 12:40, 1:02:03."""
    minutes, rest = divmod(max(0, int(seconds)), 60)
    return f"{minutes}:{rest:02}" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def digits(value: float) -> str:
    """A number in three digits, or all of those before the point: 0.0123, 3.14, 31.4, 314, 31,415."""
    if abs(value) >= 99.95:
        return f"{value:,.0f}"
    if abs(value) >= 9.995:
        return f"{value:.1f}"
    return f"{value:.2f}" if abs(value) >= 0.0995 or not value else f"{value:.2g}"


def amount(count: float | None) -> str:
    """How many: 12,345."""
    return NONE if count is None else f"{count:,.0f}"


def size(octets: float | None) -> str:
    """How much: 512 B, 1.5 KiB, 412 MiB."""
    if octets is None:
        return NONE
    value = float(octets)
    for unit in _SIZES:
        if value < 1023.5 or unit == _SIZES[-1]:
            break
        value /= 1024
    return f"{octets:.0f} B" if unit == "B" else f"{digits(value)} {unit}"


def share(part: float, whole: float) -> str:
    """A part in percent: 12 %, 0.03 %, and never 100 % or 0 % of what is not all or nothing."""
    if not whole:
        return NONE
    percent = 100 * part / whole
    if part and percent < 0.01:
        return "< 0.01 %"
    if part < whole and percent >= 99.995:
        return "> 99.99 %"
    if percent in {0.0, 100.0}:
        return f"{percent:.0f} %"
    if percent > 100:
        return f"{percent:,.0f} %"
    return f"{percent:.2f} %" if percent < 1 or percent > 99 else f"{percent:.1f} %"
