"""The second chance for a document that is not well-formed UTF-8: exactly the repairs that devices need.

Every repair here is one that cannot change what the device meant; what is cut short or garbled stays refused.
"""

import re
from collections.abc import Callable
from typing import Final

from cwmp_schemas.errors import DecodeError, Refusal
from cwmp_schemas.oddities import Oddity
from cwmp_schemas.xml import FORBIDDEN

_DECLARED: Final = re.compile(rb'\s*<\?xml\b[^>]*?\bencoding\s*=\s*["\']([A-Za-z0-9._\-]{1,40})["\']')
_DECLARATION: Final = re.compile(r"<\?xml\b.*?\?>", re.DOTALL)
_ROOT: Final = re.compile(r"<([A-Za-z_][^\s/<>]*)")
_REFERENCE: Final = re.compile(r"&#(?:x([0-9A-Fa-f]{1,8})|([0-9]{1,10}));")
_RAW_AMPERSAND: Final = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,10}|#x[0-9A-Fa-f]{1,8});)")

# One-byte encodings whose ASCII half is ASCII: nothing can hide in them that the checks on bytes would miss.
_ONE_BYTE: Final = re.compile(r"(?:iso[-_]?8859[-_]\d{1,2}|latin[-_]?\d|windows[-_]?125\d|cp125\d|cp437|koi8[-_]r)\Z")

_STRAY: Final = "\0\ufeff \t\r\n"


def repaired(data: bytes, oddities: set[Oddity]) -> bytes:
    """The document in UTF-8 without a declaration, one envelope, nothing that XML forbids. Raises DecodeError."""
    text = _one_envelope(_decoded(data, oddities), oddities)
    if declaration := _DECLARATION.match(text):
        text = text[declaration.end() :]
    text = _without_forbidden(text, oddities)
    return _escaped_ampersands(text, oddities).encode("utf-8")


def _decoded(data: bytes, oddities: set[Oddity]) -> str:
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"} or data[:4:2] == b"\0\0" or data[1:4:2] == b"\0\0":
        try:
            byte_order = "utf-16" if data[:1] in {b"\xff", b"\xfe"} else "utf-16-be" if data[0] == 0 else "utf-16-le"
            return data.decode(byte_order)
        except UnicodeDecodeError as error:
            raise DecodeError(Refusal.NOT_XML, "broken UTF-16", f"byte {error.start}") from None
    declared = _DECLARED.match(data)
    name = declared[1].decode("ascii").lower() if declared else "utf-8"
    if _ONE_BYTE.match(name):
        try:
            return data.decode(name)
        except (LookupError, UnicodeDecodeError):
            oddities.add(Oddity.ENCODING)
    elif name not in {"utf-8", "utf8", "us-ascii", "ascii"}:
        oddities.add(Oddity.ENCODING)
    text = data.decode("utf-8", "surrogateescape")
    wrong = {ord(character) for character in set(text) if "\udc80" <= character <= "\udcff"}
    if not wrong:
        return text
    oddities.add(Oddity.ENCODING)
    # Bytes 80 to 9F are control characters in latin-1, so a device that sends them means the PC's old code page.
    codec = "cp437" if any(code < 0xDCA0 for code in wrong) else "latin-1"
    return text.translate({code: bytes([code - 0xDC00]).decode(codec) for code in wrong})


def _one_envelope(text: str, oddities: set[Oddity]) -> str:
    body = text.lstrip(_STRAY)
    root = _ROOT.search(body)
    if root is None or not body.startswith("<"):
        raise DecodeError(Refusal.NOT_XML, "no element", "the start")
    end = re.compile(rf"</{re.escape(root[1])}\s*>").search(body, root.end())
    if end is None:
        return body
    rest = body[end.end() :].strip(" \t\r\n")
    if rest.strip(_STRAY):
        oddities.add(Oddity.SEVERAL_ENVELOPES if "<" in rest else Oddity.STRAY_BYTES)
    elif rest or body[:1] != text.lstrip("\ufeff")[:1]:
        oddities.add(Oddity.STRAY_BYTES)
    return body[: end.end()]


def _without_forbidden(text: str, oddities: set[Oddity]) -> str:
    def reference(match: re.Match[str]) -> str:
        code = int(match[1], 16) if match[1] else int(match[2])
        if code > 0x10FFFF or FORBIDDEN.match(chr(code)):
            oddities.add(Oddity.CONTROL_CHARACTER)
            return ""
        return match[0]

    clean = FORBIDDEN.sub("", text)
    if len(clean) != len(text):
        oddities.add(Oddity.CONTROL_CHARACTER)
    return _outside_cdata(clean, lambda part: _REFERENCE.sub(reference, part))


def _escaped_ampersands(text: str, oddities: set[Oddity]) -> str:
    if not _RAW_AMPERSAND.search(text):
        return text
    escaped = _outside_cdata(text, lambda part: _RAW_AMPERSAND.sub("&amp;", part))
    if escaped != text:
        oddities.add(Oddity.RAW_AMPERSAND)
    return escaped


def _outside_cdata(text: str, change: Callable[[str], str]) -> str:
    """The text with everything changed that is not inside a CDATA section."""
    parts = []
    done = 0
    # No regular expression: a section that never ends would make it search to the end from every opening.
    while (opening := text.find("<![CDATA[", done)) >= 0 and (closing := text.find("]]>", opening)) >= 0:
        parts += [change(text[done:opening]), text[opening : closing + 3]]
        done = closing + 3
    parts.append(change(text[done:]))
    return "".join(parts)
