"""The kinds of devices a fleet is made of, as one writes them: ``tr181:3,tr098:1``."""

from io import StringIO
from pathlib import Path
from typing import Final

from simulators.device.capture import read_capture
from simulators.device.errors import ModelError
from simulators.device.model import Model
from simulators.population import Kind
from simulators.reading import UnreadableError, read_file
from simulators.trees import NAMES, built_in

SHORT: Final = {"tr181": "tr181-router", "ont": "tr181-ont", "tr098": "tr098-dsl", "enb": "tr196-enb"}
"""The short names of the kinds that are built in."""
MOST_OCTETS: Final = 32 * 1024 * 1024
"""How large a capture may be."""
GREATEST_SHARE: Final = 1_000_000
"""How large the share of a kind may be."""


def read_kinds(text: str, beside: Path | None = None) -> tuple[Kind, ...]:
    """The kinds that a text names, each with its share; ModelError says what is wrong.

    A name with a slash, or with ``.csv`` at its end, is the path of a capture; a relative one begins at ``beside``.
    """
    parts = [part.strip() for part in text.split(",")]
    kinds = tuple(_kind(part, beside) for part in parts if part)
    if not kinds:
        raise ModelError(f"no kind of device is named; there are {', '.join(SHORT)}")
    names = [kind.name for kind in kinds]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ModelError(f"{twice.pop()} is named twice")
    return kinds


def _kind(text: str, beside: Path | None) -> Kind:
    name, colon, number = text.rpartition(":")
    if not (colon and number.isascii() and number.isdigit()):
        return Kind(_short(text), _model(text, beside))
    share = int(number[:9])
    if not 1 <= share <= GREATEST_SHARE:
        raise ModelError(f"{text}: a share is a whole number from 1 to {GREATEST_SHARE:,}")
    return Kind(_short(name), _model(name, beside), share)


def _short(name: str) -> str:
    """What the kind is called in counts and expressions."""
    known = {long: short for short, long in SHORT.items()}
    return Path(name).stem if _is_path(name) else known.get(name, name)


def _model(name: str, beside: Path | None) -> Model:
    if not _is_path(name):
        if name not in SHORT and name not in NAMES:
            raise ModelError(f"{name!r} is no kind of device; there are {', '.join(SHORT)}, or the path of a capture")
        return built_in(SHORT.get(name, name))
    path = (beside or Path()) / name
    try:
        text = read_file(path, name, MOST_OCTETS)
    except UnreadableError as error:
        raise ModelError(str(error)) from None
    try:
        return read_capture(StringIO(text, newline=""))
    except ModelError as error:
        raise ModelError(f"{name}: {error}") from None


def _is_path(name: str) -> bool:
    return "/" in name or name.endswith(".csv")
