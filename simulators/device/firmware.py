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
from typing import Final

from cwmp_schemas.faults import CpeFault
from simulators.device.labels import PAGES, content_after, read_labels, version_in

MAX_VERSION: Final = 64
"""How long a SoftwareVersion may be (TR-181, TR-098)."""
_FIRST: Final = "version"
_MADE_UP: Final = re.compile(r"\+[0-9a-f]{8}\Z")


def image_fault(head: bytes, octets: int, product_class: str) -> CpeFault | None:
    """Why a device does not take a file for an image of its own; None if it does. The head is how it begins."""
    if not octets or head.lstrip().lower().startswith(PAGES):
        return CpeFault.FILE_CORRUPTED
    fields = read_labels(head, _FIRST)
    if not fields:
        return None
    if fields.get("signature", "valid") != "valid":
        return CpeFault.FILE_AUTHENTICATION
    is_whole = octets == len(head)
    checksum = fields.get("sha256", "").lower()
    if checksum and is_whole and checksum != hashlib.sha256(content_after(head)).hexdigest():
        return CpeFault.FILE_CORRUPTED
    if not fields["version"] or fields.get("model", product_class).strip() != product_class.strip():
        return CpeFault.FILE_CORRUPTED
    return None


def version_after(head: bytes, names: tuple[str, ...], before: str) -> str:
    """The version a device has once it runs an image: what the image says, else what one of its names says, else the
    old one with something added that another file does not have."""
    said = read_labels(head, _FIRST).get("version", "")
    if said:
        return said[:MAX_VERSION]
    for name in names:
        found = version_in(name)
        if found:
            return found[:MAX_VERSION]
    mark = f"+{hashlib.sha256(head).hexdigest()[:8]}"
    return _MADE_UP.sub("", before)[: MAX_VERSION - len(mark)] + mark
