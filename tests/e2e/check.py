"""Every message that the ACS sends to a scripted device is checked.

Its form (what devices were found to need) at once, without anything from outside; and all that were heard in a test run
once against the official schemas, by a program that is used where it is there.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lxml import etree

from tests.e2e.envelopes import ENCODING, SOAP, XSD, XSI, AcsMessage, local
from tests.e2e.wire import HttpReply
from tests.outside import folder

_MAX_KEPT: Final = 5000
_ID: Final = re.compile(rb"(<cwmp:ID[^>]*>)[^<]*")
_COUNT: Final = re.compile(r"\[(\d+)\]$")
_PROGRAM: Final = "check_cwmp.py"
_VARIABLE: Final = "AIOACS_TEST_CHECK_CWMP"


@dataclass(frozen=True, slots=True)
class Kept:
    """A message that waits for the official check."""

    message: bytes
    """As it came."""
    method: str
    """The name of the message."""
    asked_without_id: bool
    """Whether the device writes no cwmp:ID: then none comes back."""


class Heard:
    """What the ACS has said; messages that differ in their cwmp:ID alone are kept once."""

    def __init__(self) -> None:
        self._kept: dict[bytes, Kept] = {}
        self._complaints: list[str] = []

    def add(
        self, http: HttpReply, message: AcsMessage | None, *, namespace: str, asked_without_id: bool = False
    ) -> None:
        """Take a response; its namespace is to be that of the device."""
        self._complaints += problems_of_head(http)
        if message is None:
            return
        self._complaints += [f"{message.method}: {problem}" for problem in problems_of_form(http, message, namespace)]
        # A vendor's method is in no schema.
        if not message.method.startswith("X_") and len(self._kept) < _MAX_KEPT:
            key = _ID.sub(rb"\1", message.raw)
            self._kept.setdefault(key, Kept(message.raw, message.method, asked_without_id))

    def take_complaints(self) -> list[str]:
        """What was wrong with the form since this was last asked, each complaint once."""
        found = list(dict.fromkeys(self._complaints))
        self._complaints.clear()
        return found

    @property
    def kept(self) -> tuple[Kept, ...]:
        """The messages for the official check."""
        return tuple(self._kept.values())


HEARD: Final = Heard()
"""What all scripted devices of a test run hear, unless a test gives them another ear."""


def problems_of_head(http: HttpReply) -> list[str]:
    """What is wrong with the head of any response."""
    found = [
        f"the Server banner tells a version: {banner}" for banner in http.all("Server") if re.search(r"\d", banner)
    ]
    if http.status == 204 and (http.first("Content-Length") or "0") != "0":
        found.append("a 204 with a Content-Length")
    return found


def problems_of_form(http: HttpReply, message: AcsMessage, namespace: str) -> list[str]:
    """What in a message, or in the head that came with it, some device is known to stumble over."""
    found: list[str] = []
    if http.all("Content-Type") != ('text/xml; charset="utf-8"',):
        found.append(f"Content-Type {http.all('Content-Type')}")
    if http.all("Content-Length") != (str(len(http.body)),) or http.all("Transfer-Encoding"):
        found.append(f"Content-Length {http.all('Content-Length')} for {len(http.body)} octets")
    if message.raw.startswith(b"<?xml"):
        found.append("an XML declaration")
    elif not message.raw.startswith(b"<soap-env:Envelope "):
        found.append(f"begins with {message.raw[:30]!r}")
    if message.namespace != namespace:
        found.append(f"the namespace {message.namespace} to a device that speaks {namespace}")
    root = message.element.getroottree().getroot()
    for element in root.iter("*"):
        found += _problems_of_element(element, root, namespace)
    return found


def _problems_of_element(element: etree._Element, root: etree._Element, namespace: str) -> Iterator[str]:
    name = local(element)
    if element.nsmap != root.nsmap:
        yield f"{name} declares namespaces, which belongs on the Envelope"
    expected = {SOAP: "soap-env", namespace: "cwmp"}
    if element.prefix != expected.get(etree.QName(element).namespace or ""):
        yield f"{name} has the prefix {element.prefix}"
    if len(element) and any(text and not text.strip() for text in (element.text, *(child.tail for child in element))):
        yield f"white space between the elements of {name}"
    declared = element.get(f"{{{ENCODING}}}arrayType")
    if declared is not None and ((count := _COUNT.search(declared)) is None or int(count[1]) != len(element)):
        yield f"{name} has arrayType {declared} with {len(element)} items"
    kind = element.get(f"{{{XSI}}}type")
    above = element.getparent()
    if name == "Value" and above is not None and local(above) == "ParameterValueStruct":
        yield from _problems_of_value(kind, element)


def _problems_of_value(kind: str | None, element: etree._Element) -> Iterator[str]:
    if kind is None:
        yield "Value without xsi:type"
        return
    prefix, _, name = kind.rpartition(":")
    if element.nsmap.get(prefix or None) != XSD:
        yield f"Value has the type {kind}, whose prefix is not that of XML Schema"
    if name == "boolean" and element.text not in {"0", "1"}:
        yield f"a boolean written {element.text}"
    if name == "dateTime" and "." in (element.text or ""):
        yield f"a dateTime with a fraction: {element.text}"


def official_program() -> Path:
    """The program that checks against the official schemas; skips, saying what is left out, where there is none."""
    named = os.environ.get(_VARIABLE)
    if named and Path(named).is_file():
        return Path(named)
    return folder("tools", _VARIABLE, "the check of the ACS's messages against the official schemas") / _PROGRAM


def check_cwmp(messages: Sequence[Kept], program: Path, at: Path) -> list[str]:
    """What the official schemas have against these messages; they are written to a folder for the one run."""
    names: dict[str, Kept] = {f"{number:05}-{kept.method}.xml": kept for number, kept in enumerate(messages)}
    for name, kept in names.items():
        (at / name).write_bytes(kept.message)
    if not names:
        return []
    run = subprocess.run(
        [sys.executable, str(program), *names], cwd=at, capture_output=True, text=True, timeout=600, check=False
    )
    if run.returncode not in {0, 1} or run.stderr:
        return [f"{program.name} failed: {run.stderr[-2000:]}"]
    return [
        line
        for line in run.stdout.splitlines()
        if not (line.endswith(": 0 cwmp:ID headers") and names[line.partition(":")[0]].asked_without_id)
    ]
