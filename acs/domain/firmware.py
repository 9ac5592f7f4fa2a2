"""For which devices a firmware image is."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields


@dataclass(frozen=True, slots=True)
class Applicability:
    """The devices that an image is for: of each list one must hold; an empty list takes any."""

    types: tuple[str, ...] = ()
    """Short names of types."""
    manufacturers: tuple[str, ...] = ()
    """Manufacturers, in any case of letters."""
    ouis: tuple[str, ...] = ()
    """Their identifiers, in any case of letters."""
    product_classes: tuple[str, ...] = ()
    """Product classes."""
    hardware_versions: tuple[str, ...] = ()
    """Hardware versions."""
    software_versions: tuple[str, ...] = ()
    """The versions that it may follow."""

    @property
    def text(self) -> str:
        """As it is kept: the lists that are not empty, as JSON."""
        return json.dumps({name: value for name, value in asdict(self).items() if value})


@dataclass(frozen=True, slots=True)
class Candidate:
    """A device, or a type of devices, that is to get an image; what is not known (None) stands in no way."""

    type: str | None = None
    """The short name of its type."""
    manufacturer: str | None = None
    """The manufacturer."""
    oui: str | None = None
    """The manufacturer's identifier."""
    product_class: str | None = None
    """The product class."""
    hardware_version: str | None = None
    """The hardware version."""
    software_version: str | None = None
    """The version that it runs."""


def read_applicability(text: str) -> Applicability:
    """From its text."""
    kept: Mapping[str, list[str]] = json.loads(text)
    return Applicability(**{each.name: tuple(kept.get(each.name, ())) for each in fields(Applicability)})


def misfits(image: Applicability, candidate: Candidate) -> list[str]:
    """What of a candidate the image is not for, in words; nothing: it may have it."""
    asked = [
        ("type", image.types, candidate.type),
        ("manufacturer", image.manufacturers, candidate.manufacturer),
        ("OUI", image.ouis, candidate.oui),
        ("product class", image.product_classes, candidate.product_class),
        ("hardware version", image.hardware_versions, candidate.hardware_version),
        ("software version", image.software_versions, candidate.software_version),
    ]
    cased = {"manufacturer", "OUI"}
    return [
        what
        for what, allowed, said in asked
        if allowed
        and said is not None
        and _plain(said, what in cased) not in {_plain(each, what in cased) for each in allowed}
    ]


def _plain(text: str, in_any_case: bool) -> str:
    return text.casefold() if in_any_case else text
