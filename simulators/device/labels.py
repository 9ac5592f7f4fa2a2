"""The lines with which firmware images and packages may begin: ``key=value``, up to an empty line."""

import re
from collections.abc import Mapping
from typing import Final

PAGES: Final = (b"<!doctype", b"<html", b"<?xml")
"""How a page begins that came in place of a file."""
_END: Final = re.compile(rb"\r?\n\r?\n")
_MAX_LENGTH: Final = 256
# A version in the name of a file; the extension is taken off before.
_VERSION: Final = re.compile(r"(?<![0-9.])\d{1,8}(?:\.\d{1,8}){1,5}(?:[-_.]?(?:rc|alpha|beta)[-_.]?\d{0,4})?")
_EXTENSION: Final = re.compile(r"\.[A-Za-z][A-Za-z0-9]{0,7}\Z")


def read_labels(head: bytes, first: str) -> Mapping[str, str]:
    """What a file says of itself; nothing unless its first line is of that key."""
    if not head.startswith(f"{first}=".encode()):
        return {}
    lines = _END.split(head, maxsplit=1)[0].decode("utf-8", "replace").splitlines()
    pairs = (line.partition("=") for line in lines)
    return {
        key.strip(): "".join(filter(str.isprintable, value)).strip()[:_MAX_LENGTH]
        for key, is_pair, value in pairs
        if is_pair
    }


def content_after(head: bytes) -> bytes:
    """What follows the empty line."""
    parts = _END.split(head, maxsplit=1)
    return parts[1] if len(parts) > 1 else b""


def file_name(url: str) -> str:
    """The last part of a URL, without its extension."""
    last = re.split(r"[?#]", url, maxsplit=1)[0].rstrip("/").rpartition("/")[2]
    return _EXTENSION.sub("", last)


def version_in(name: str) -> str:
    """What looks like a version in the name of a file, or in the last part of its URL; empty if nothing does."""
    found = _VERSION.search(file_name(name))
    return found[0] if found else ""
