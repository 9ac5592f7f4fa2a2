"""Firmware images: what a device looks at before it takes one, and which version it has afterwards.

An image may begin with lines ``key=value``, up to an empty line; the first is ``version=``. All of them may be left
out but that one:

version=1.2.3      what SoftwareVersion says afterwards
model=Box          the ProductClass it is made for; any other device says that it is corrupt (9018)
sha256=...         of what follows the empty line; looked at when the whole file fits in what a device looks at
signature=valid    anything else and the device says that it is not authentic (9019)

Any other file is an image, too, unless it is empty or a web page: the version is then looked for in its name.
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Final

from cwmp_schemas.faults import CpeFault

MAX_VERSION: Final = 64
"""How long a SoftwareVersion may be (TR-181, TR-098)."""
_FIRST: Final = b"version="
_VERSION: Final = re.compile(r"(?<![0-9.])\d{1,8}(?:\.\d{1,8}){1,5}(?:[-_.]?(?:rc|alpha|beta)[-_.]?\d{0,4})?")
_MADE_UP: Final = re.compile(r"\+[0-9a-f]{8}\Z")
_EXTENSION: Final = re.compile(r"\.[A-Za-z][A-Za-z0-9]{0,7}\Z")
_PAGES: Final = (b"<!doctype", b"<html", b"<?xml")


def image_fault(head: bytes, octets: int, product_class: str) -> CpeFault | None:
    """Why a device does not take a file for an image of its own; None if it does. The head is how it begins."""
    if not octets or head.lstrip().lower().startswith(_PAGES):
        return CpeFault.FILE_CORRUPTED
    fields = _fields(head)
    if not fields:
        return None
    if fields.get("signature", "valid") != "valid":
        return CpeFault.FILE_AUTHENTICATION
    is_whole = octets == len(head)
    checksum = fields.get("sha256", "").lower()
    if checksum and is_whole and checksum != hashlib.sha256(_payload(head)).hexdigest():
        return CpeFault.FILE_CORRUPTED
    if not fields["version"] or fields.get("model", product_class).strip() != product_class.strip():
        return CpeFault.FILE_CORRUPTED
    return None


def version_after(head: bytes, names: tuple[str, ...], before: str) -> str:
    """The version a device has once it runs an image: what the image says, else what one of its names says, else the
    old one with something added that another file does not have."""
    said = _fields(head).get("version", "")
    if said:
        return said[:MAX_VERSION]
    for name in names:
        found = version_in(name)
        if found:
            return found[:MAX_VERSION]
    mark = f"+{hashlib.sha256(head).hexdigest()[:8]}"
    return _MADE_UP.sub("", before)[: MAX_VERSION - len(mark)] + mark


def version_in(name: str) -> str:
    """What looks like a version in the name of a file, or in the last part of its URL; empty if nothing does."""
    last = re.split(r"[?#]", name, maxsplit=1)[0].rstrip("/").rpartition("/")[2]
    found = _VERSION.search(_EXTENSION.sub("", last))
    return found[0] if found else ""


def _fields(head: bytes) -> Mapping[str, str]:
    if not head.startswith(_FIRST):
        return {}
    lines = re.split(rb"\r?\n\r?\n", head, maxsplit=1)[0].decode("utf-8", "replace").splitlines()
    pairs = (line.partition("=") for line in lines)
    return {key.strip(): "".join(filter(str.isprintable, value)).strip() for key, is_pair, value in pairs if is_pair}


def _payload(head: bytes) -> bytes:
    parts = re.split(rb"\r?\n\r?\n", head, maxsplit=1)
    return parts[1] if len(parts) > 1 else b""
