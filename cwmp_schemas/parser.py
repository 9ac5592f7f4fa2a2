"""From untrusted bytes to an XML tree, once, within limits; what is slightly wrong gets one second chance.

No DTD, no entities, no network, no processing instructions. UTF-8 takes the fast path as it is; every other encoding,
and everything that is not well-formed, goes through ``repair`` and is parsed once more.
"""

import re
from typing import Final

from lxml import etree
from lxml.etree import _Element as Element

from cwmp_schemas import repair
from cwmp_schemas.errors import DecodeError, Refusal
from cwmp_schemas.oddities import Oddity

_Position = tuple[int | None, int | None]

MAX_BYTES: Final = 16 * 1024 * 1024
"""A root GetParameterValuesResponse of 10,000 parameters is legal and takes 1 to 2 MB."""
MAX_TAGS: Final = 1_000_000
BYTES_PER_TAG: Final = 10
"""The least a real message has: an empty element costs 4 bytes to send and a hundred to hold."""
MAX_ATTRIBUTES: Final = 64
"""Of one element. CWMP puts one on an element, and a handful of declarations on the Envelope."""

SMALL: Final = 16 * 1024
"""Up to this size a document can hold nothing dear enough to be counted."""
TAGS_FREE: Final = 1_000
"""How many tags any document may have."""
_PARSER_LIFE: Final = 4 * 1024 * 1024

_RESOURCE_LIMITS: Final = frozenset({110, 114, 116})
"""libxml2's codes for too long a name (50,000), too deep (256 levels) and too long a text (10 MB)."""

# Linear, and without a memory of where they have been: a device may send megabytes of whatever they repeat.
_ENCODING: Final = re.compile(rb'(?:\xef\xbb\xbf)?<\?xml\b[^>]*?\bencoding\s*=\s*["\']([^"\'<>]{0,40})["\']')
_PROLOG: Final = re.compile(rb"(?:\xef\xbb\xbf)?(?:\s++|<\?.*?\?>|<!--.*?-->)*+", re.DOTALL)
_LONG_NAMESPACE: Final = re.compile(rb"xmlns(?::[^\s=<>\"']{0,100})?\s*=\s*(?:\"[^\"<]{256}|'[^'<]{256})")
_TOO_MANY_ATTRIBUTES: Final = re.compile(
    rb"<[^<>=\"']*(?:=\s*(?:\"[^\"<]*\"|'[^'<]*')[^<>=\"']*){%d}" % (MAX_ATTRIBUTES + 1)
)


class _ParserSource:
    """Hands out parsers for small documents, a fresh one every few megabytes.

    libxml2 keeps every element and attribute name a parser has met for as long as the parser lives, so a device that
    invents names must not meet the same parser for ever. Large documents get one of their own: they may be parsed in
    another thread, and a parser serves one thread at a time.
    """

    def __init__(self) -> None:
        self._parser = _strict_parser()
        self._left = _PARSER_LIFE

    def parser_for(self, size: int) -> etree.XMLParser[Element]:
        """A parser for a document of that many bytes."""
        if size > SMALL:
            return _strict_parser()
        self._left -= size
        if self._left < 0:
            self._parser = _strict_parser()
            self._left = _PARSER_LIFE
        return self._parser


def _strict_parser() -> etree.XMLParser[Element]:
    return _parser(recover=False)


def _parser(*, recover: bool) -> etree.XMLParser[Element]:
    return etree.XMLParser(
        encoding="utf-8",
        recover=recover,
        no_network=True,
        load_dtd=False,
        resolve_entities=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,
    )


_source: Final = _ParserSource()


def parse(data: bytes, oddities: set[Oddity], max_bytes: int = MAX_BYTES) -> Element:
    """The root element of a document. Raises DecodeError; notes in ``oddities`` what had to be repaired."""
    _check_limits(data, max_bytes)
    _refuse_document_type(data)
    if _is_utf8(data):
        try:
            return etree.fromstring(data, _source.parser_for(len(data)))
        except etree.XMLSyntaxError as error:
            if error.code in _RESOURCE_LIMITS:
                raise _refused(error.code, None, error.position) from None
    return _parse_repaired(repair.repaired(data, oddities), oddities, max_bytes)


def _check_limits(data: bytes, max_bytes: int) -> None:
    if len(data) > max_bytes:
        raise DecodeError(Refusal.OVER_LIMIT, f"more than {max_bytes} bytes", f"byte {max_bytes}")
    if len(data) > SMALL:
        tags = data.count(b"<")
        most = min(MAX_TAGS, TAGS_FREE + len(data) // BYTES_PER_TAG)
        if tags > most:
            raise DecodeError(Refusal.OVER_LIMIT, f"{tags} tags, more than {most}", f"the {len(data)} bytes sent")
        # Looked at closely only where there are more equals signs than any real message has.
        if data.count(b"=") > min(tags, most // 2) and (found := _TOO_MANY_ATTRIBUTES.search(data)):
            what = f"an element with more than {MAX_ATTRIBUTES} attributes"
            raise DecodeError(Refusal.OVER_LIMIT, what, f"byte {found.start()}")
        # Every element's tag is read with its namespace before it, so a long one is paid for again and again.
        if found := _LONG_NAMESPACE.search(data):
            raise DecodeError(Refusal.OVER_LIMIT, "a namespace of more than 255 bytes", f"byte {found.start()}")


def _has_no_prolog(data: bytes) -> bool:
    return data[:1] == b"<" and data[1:2].isalpha()


def _refuse_document_type(data: bytes) -> None:
    if not _has_no_prolog(data) and (prolog := _PROLOG.match(data)):
        end = prolog.end()
        if data[end : end + 2] == b"<!":
            raise DecodeError(Refusal.NOT_XML, "a document type declaration, which is never read", f"byte {end}")


def _is_utf8(data: bytes) -> bool:
    """Whether a document declares no other encoding than that of the fast path."""
    if _has_no_prolog(data):
        return True
    declared = _ENCODING.match(data)
    return declared is None or declared[1].lower() in {b"utf-8", b"utf8", b"us-ascii", b"ascii"}


def _parse_repaired(data: bytes, oddities: set[Oddity], max_bytes: int) -> Element:
    # What was in another encoding, or behind something that was removed, is only now seen as it is.
    _check_limits(data, 2 * max_bytes)
    _refuse_document_type(data)
    parser = _parser(recover=True)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise _refused(error.code, parser.error_log.last_error, error.position) from None
    for entry in parser.error_log:
        # Recovery may guess at nothing but prefixes: a cut or garbled message must not pass for a shorter one.
        if entry.domain != etree.ErrorDomains.NAMESPACE:
            raise _refused(entry.type, entry, (entry.line, entry.column))
        oddities.add(Oddity.UNDECLARED_PREFIX)
    if root is None:
        raise _refused(None, None, (1, 1))
    return root


def _refused(code: int | None, entry: etree._LogEntry | None, position: _Position) -> DecodeError:
    where = f"line {position[0]}, column {position[1]}"
    if code in _RESOURCE_LIMITS:
        return DecodeError(Refusal.OVER_LIMIT, "elements too deep, or a text or name too long", where)
    # The parser's own sentence quotes what was sent, which may be a secret; the kind of error does not.
    kind = entry.type_name.removeprefix("ERR_").replace("_", " ").lower() if entry else "no element"
    return DecodeError(Refusal.NOT_XML, kind, where)
