"""Messages as others sent them, where a collection of them is there; read by the standard library's parser alone.

Nothing here uses the codec that the ACS and the simulator share: what both of them got wrong would show.
"""

import csv
from dataclasses import dataclass, field
from functools import cache
from xml.etree import ElementTree

import pytest

from tests.outside import folder

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"


@dataclass(frozen=True, slots=True)
class Sample:
    """A message that somebody's device or ACS sent."""

    name: str
    """Its file."""
    method: str
    """The message's name, by the collection's index."""
    octets: bytes = field(repr=False)
    """The message to the letter."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a naive reader sees of an envelope."""

    id: str | None
    """The cwmp:ID."""
    namespace: str
    """The namespace of the message, without ``urn:dslforum-org:``."""
    method: str
    """Its name."""
    body: ElementTree.Element = field(repr=False)
    """The message."""

    def texts(self, name: str) -> list[str]:
        """The texts of all elements of a name, in order."""
        return [element.text or "" for element in self.body.iter() if _local(element.tag) == name]

    def attributes(self, element: str, name: str) -> list[str]:
        """The attributes of a name, in whatever namespace, of all elements of another; empty where one has none."""
        return [
            next((value for key, value in found.attrib.items() if _local(key) == name), "")
            for found in self.body.iter()
            if _local(found.tag) == element
        ]


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def see(octets: bytes) -> Seen:
    """What there is to see in an envelope."""
    root = ElementTree.fromstring(octets)
    body = next(child for child in root if _local(child.tag) == "Body")
    header = next((child for child in root if _local(child.tag) == "Header"), None)
    found = None if header is None else next((child for child in header if _local(child.tag) == "ID"), None)
    message = body[0]
    namespace = message.tag.rpartition("}")[0].removeprefix("{").removeprefix("urn:dslforum-org:")
    return Seen(None if found is None else found.text or None, namespace, _local(message.tag), message)


@cache
def samples(sender: str) -> tuple[Sample, ...]:
    """All that devices (``CPE``) or servers (``ACS``) sent; skips, saying what is left out, without the collection."""
    at = folder("wire-samples", "AIOACS_TEST_WIRE_SAMPLES", "the sessions driven by 260 messages as others sent them")
    with (at / "INDEX.tsv").open(newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    found = tuple(
        Sample(row["file"], row["method"], (at / row["file"]).read_bytes()) for row in rows if row["sender"] == sender
    )
    if not found:
        pytest.fail(f"the collection has nothing that a {sender} sent")
    return found
