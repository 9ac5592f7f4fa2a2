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
_ROOT: Final = re.compile(r"<([A-Za-z_][^\s/<>]{0,199})")
_TAG_END: Final = re.compile(r"\s*>")
_REFERENCE: Final = re.compile(rb"&(?:amp|lt|gt|quot|apos|#x([0-9A-Fa-f]{1,8})|#([0-9]{1,10}));")

MAX_MENDED: Final = 10_000
"""How many ampersands of one document are mended."""

# Encodings that devices are known to declare and Python knows.
_KNOWN: Final = re.compile(
    r"(?:iso[-_]?8859[-_]\d{1,2}|latin[-_]?\d|windows[-_]?125\d|cp125\d|cp437|koi8[-_]r"
    r"|gb2312|gbk|gb18030|big5|shift[-_]jis|euc[-_](?:jp|kr))\Z"
)

_STRAY: Final = "\0\ufeff \t\r\n"


def repaired(data: bytes, oddities: set[Oddity]) -> bytes:
    """The document in UTF-8 without a declaration, one envelope, nothing that XML forbids. Raises DecodeError."""
    text = _one_envelope(_decoded(data, oddities), oddities)
    if declaration := _DECLARATION.match(text):
        text = text[declaration.end() :]
    clean = FORBIDDEN.sub("", text)
    if len(clean) != len(text):
        oddities.add(Oddity.CONTROL_CHARACTER)
    # From here on in bytes: one wide character would make every copy of the text four times as large.
    return _outside_cdata(clean.encode("utf-8"), lambda part: _mended_references(part, oddities))


def _decoded(data: bytes, oddities: set[Oddity]) -> str:
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"} or data[:4:2] == b"\0\0" or data[1:4:2] == b"\0\0":
        try:
            byte_order = "utf-16" if data[:1] in {b"\xff", b"\xfe"} else "utf-16-be" if data[0] == 0 else "utf-16-le"
            return data.decode(byte_order)
        except UnicodeDecodeError as error:
            raise DecodeError(Refusal.NOT_XML, "broken UTF-16", f"byte {error.start}") from None
    declared = _DECLARED.match(data)
    name = declared[1].decode("ascii").lower() if declared else "utf-8"
    if _KNOWN.match(name):
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
    end = _end_of_root(body, root[1], root.end())
    if end is None:
        return body
    rest = body[end:].strip(" \t\r\n")
    if rest.strip(_STRAY):
        oddities.add(Oddity.SEVERAL_ENVELOPES if "<" in rest else Oddity.STRAY_BYTES)
    elif rest or body[:1] != text.lstrip("\ufeff")[:1]:
        oddities.add(Oddity.STRAY_BYTES)
    return body[:end]


def _end_of_root(text: str, name: str, start: int) -> int | None:
    # Without a pattern of the name: compiled patterns are kept, and the name is the device's.
    while (start := text.find(f"</{name}", start)) >= 0:
        start += len(name) + 2
        if end := _TAG_END.match(text, start):
            return end.end()
    return None


def _mended_references(data: bytes, oddities: set[Oddity]) -> bytes:
    """References to what XML forbids are dropped; an ampersand that begins no reference is made one."""
    out = bytearray()
    done = mended = 0
    while (at := data.find(b"&", done)) >= 0:
        out += data[done:at]
        reference = _REFERENCE.match(data, at)
        done = reference.end() if reference else at + 1
        if reference and not _is_forbidden(reference):
            out += reference[0]
            continue
        if reference is None:
            out += b"&amp;"
        oddities.add(Oddity.CONTROL_CHARACTER if reference else Oddity.RAW_AMPERSAND)
        mended += 1
        if mended > MAX_MENDED:
            what = f"more than {MAX_MENDED} ampersands to mend"
            raise DecodeError(Refusal.OVER_LIMIT, what, "the whole document")
    out += data[done:]
    return bytes(out)


def _is_forbidden(reference: re.Match[bytes]) -> bool:
    if reference[1] is None and reference[2] is None:
        return False
    code = int(reference[1], 16) if reference[1] else int(reference[2])
    return code > 0x10FFFF or FORBIDDEN.match(chr(code)) is not None


def _outside_cdata(data: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """The document with everything changed that is not inside a CDATA section."""
    parts = []
    done = 0
    # No regular expression: a section that never ends would make it search to the end from every opening.
    while (opening := data.find(b"<![CDATA[", done)) >= 0 and (closing := data.find(b"]]>", opening)) >= 0:
        parts += [change(data[done:opening]), data[opening : closing + 3]]
        done = closing + 3
    parts.append(change(data[done:]))
    return b"".join(parts)
