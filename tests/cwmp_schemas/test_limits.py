"""Bombs and rubbish are refused with the documented error, before they cost anything."""

import gzip
import subprocess
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor

import pytest

from cwmp_schemas import parser
from cwmp_schemas.decode import decode
from cwmp_schemas.errors import DecodeError, Refusal
from cwmp_schemas.inflate import inflate
from cwmp_schemas.parser import MAX_BYTES
from cwmp_schemas.rpc import vendor
from cwmp_schemas.rpc.parameters import GetParameterValuesResponse
from cwmp_schemas.rpc.software import DUStateChangeComplete
from tests.cwmp_schemas.hand_made import entry, envelope, inform_body, values_response

BILLION_LAUGHS = (
    b'<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
)
EXTERNAL_ENTITY = b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>'
EXTERNAL_DTD = b'<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd">'


def refusal(data: bytes) -> Refusal:
    with pytest.raises(DecodeError) as caught:
        decode(data)
    assert caught.value.what
    assert caught.value.where
    assert len(str(caught.value)) < 400
    assert str(caught.value).isascii()
    return caught.value.refusal


@pytest.mark.parametrize("doctype", [BILLION_LAUGHS, EXTERNAL_ENTITY, EXTERNAL_DTD, b"<!DOCTYPE x>"])
@pytest.mark.parametrize("before", [b"", b'<?xml version="1.0"?>', b"\xef\xbb\xbf<!-- x -->\n", b" \0"])
def test_a_document_type_is_never_read(doctype: bytes, before: bytes) -> None:
    data = before + doctype + values_response(entry("Device.A", "&c;&f;"), 1)
    assert refusal(data) is Refusal.NOT_XML


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-be", "utf-16-le"])
def test_a_document_type_cannot_hide_in_utf_16(codec: str) -> None:
    text = (BILLION_LAUGHS + values_response(entry("Device.A", "&c;"), 1)).decode()
    assert refusal(text.encode(codec)) is Refusal.NOT_XML


def test_a_document_type_cannot_hide_behind_a_declared_encoding() -> None:
    text = (EXTERNAL_ENTITY + values_response(entry("Device.A", "&f;"), 1)).decode()
    for codec in ("utf-7", "cp037", "iso2022_jp"):
        data = f'<?xml version="1.0" encoding="{codec}"?>'.encode() + text.encode(codec)
        assert refusal(data) is Refusal.NOT_XML


def test_entities_without_a_declaration_stay_text() -> None:
    message = decode(values_response(entry("Device.A", "&lol;"), 1)).envelope.message
    assert isinstance(message, GetParameterValuesResponse)
    assert message.parameter_list[0].value == "&lol;"


@pytest.mark.parametrize("depth", [300, 5_000, 500_000])
def test_depth(depth: int) -> None:
    assert refusal(envelope("<a>" * depth + "</a>" * depth)) is Refusal.OVER_LIMIT


def test_a_deep_vendor_message() -> None:
    assert refusal(envelope("<cwmp:X_A>" + "<a>" * 100 + "</a>" * 100 + "</cwmp:X_A>")) is Refusal.OVER_LIMIT


FILLER = "<Filler>" + "x" * parser.SMALL + "</Filler>"
"""Makes a document large enough for its elements and attributes to be counted."""


def accepts(data: bytes) -> bool:
    try:
        decode(data)
    except DecodeError as error:
        assert error.refusal is Refusal.OVER_LIMIT
        return False
    return True


@pytest.mark.parametrize(("over", "accepted"), [(0, True), (1, False)])
def test_the_most_attributes_of_an_element(over: int, accepted: bool) -> None:
    attributes = " ".join(f'a{number}="x"' for number in range(parser.MAX_ATTRIBUTES + over))
    assert accepts(envelope(f"<cwmp:X_A><b {attributes}/>{FILLER}</cwmp:X_A>")) is accepted


@pytest.mark.parametrize(("over", "accepted"), [(0, True), (2, False)])
def test_the_most_tags_for_a_size(over: int, accepted: bool) -> None:
    data = envelope(f"<cwmp:X_A>@{FILLER}</cwmp:X_A>")
    tags = data.count(b"<")
    unit = "<b></b>"
    count = 0
    while tags + 2 * (count + 1) <= parser.TAGS_FREE + (len(data) + len(unit) * (count + 1)) // parser.BYTES_PER_TAG:
        count += 1
    assert accepts(data.replace(b"@", (unit * count + "<b/>" * over).encode())) is accepted


@pytest.mark.parametrize(("over", "accepted"), [(0, True), (1, False)])
def test_the_most_levels_of_a_vendors_message(over: int, accepted: bool) -> None:
    levels = vendor.MAX_DEPTH + over
    assert accepts(envelope("<cwmp:X_A>" + "<a>" * levels + "</a>" * levels + "</cwmp:X_A>")) is accepted


@pytest.mark.parametrize("count", [3_000, 200_000])
def test_attributes_on_one_element(count: int) -> None:
    attributes = " ".join(f'a{number}="x"' for number in range(count))
    assert refusal(envelope(f"<cwmp:Reboot {attributes}/>")) is Refusal.OVER_LIMIT


def test_attributes_hidden_among_tags() -> None:
    attributes = " ".join(f"a{number} = 'x=y'" for number in range(3_000))
    assert refusal(envelope(f"<cwmp:Reboot {attributes}/>" + "<a/>" * 100)) is Refusal.OVER_LIMIT


def test_many_equals_signs_in_values_are_no_attributes() -> None:
    data = values_response("".join(entry(f"Device.{n}", "a=b&amp;c=d&amp;" * 50) for n in range(200)), 200)
    assert decode(data).oddities == frozenset()


@pytest.mark.parametrize("count", [10_000, 1_100_000])
def test_elements_with_nothing_in_them(count: int) -> None:
    assert refusal(envelope("<cwmp:X_A>" + "<a/>" * count + "</cwmp:X_A>")) is Refusal.OVER_LIMIT


def test_ten_thousand_of_the_shortest_real_entries() -> None:
    data = values_response("".join(entry("a.b", "") for _ in range(10_000)), 10_000)
    message = decode(data).envelope.message
    assert isinstance(message, GetParameterValuesResponse)
    assert len(message.parameter_list) == 10_000


def test_a_text_of_50_megabytes() -> None:
    assert refusal(values_response(entry("Device.A", "x" * 50_000_000), 1)) is Refusal.OVER_LIMIT


def test_a_text_of_11_megabytes_is_too_long_though_the_document_is_not() -> None:
    data = values_response(entry("Device.A", "x" * 11_000_000), 1)
    assert len(data) < MAX_BYTES
    assert refusal(data) is Refusal.OVER_LIMIT


def test_the_limit_is_the_callers() -> None:
    data = envelope(inform_body())
    assert decode(data, len(data)).oddities == frozenset()
    with pytest.raises(DecodeError, match=f"more than {len(data) - 1} bytes"):
        decode(data, len(data) - 1)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" \r\n",
        b"\0\0\0",
        b"hello",
        b"<",
        b"<a",
        b"<a>",
        b"{}",
        b"\xff\xfe",
        b"\xff" * 100,
        b"<?xml version='1.0'?>",
        b"<!-- only a comment -->",
        bytes(range(256)),
        envelope(inform_body())[:-1],
        envelope(inform_body())[: len(envelope(inform_body())) // 2],
        envelope(inform_body()).replace(b"</DeviceId>", b""),
        envelope(inform_body()).replace(b"<OUI>", b"<OUI a=1>"),
        values_response(entry("Device.A", "a < b"), 1),
    ],
)
def test_what_is_not_xml(data: bytes) -> None:
    assert refusal(data) is Refusal.NOT_XML


@pytest.mark.parametrize(
    "data",
    [
        b"<html><body>Not found</body></html>",
        b"<a:Envelope xmlns:a='x'/>",
        b"<a:Envelope xmlns:a='x'><a:Header/></a:Envelope>",
        envelope(""),
    ],
)
def test_what_is_no_envelope(data: bytes) -> None:
    assert refusal(data) is Refusal.NOT_AN_ENVELOPE


def test_a_cut_message_never_passes_for_a_shorter_one() -> None:
    data = values_response("".join(entry(f"Device.{n}", "x") for n in range(20)), 20)
    for end in range(len(data)):
        with pytest.raises(DecodeError):
            decode(data[:end])


def test_compressed_bodies() -> None:
    data = envelope(inform_body())
    assert inflate(gzip.compress(data), "gzip") == data
    assert inflate(zlib.compress(data), "deflate") == data
    assert inflate(zlib.compress(data)[2:-4], "Deflate") == data


def test_an_uncompressed_body_passes() -> None:
    assert inflate(b"abc", "identity") == b"abc"
    assert inflate(b"abc", "") == b"abc"


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_gzip_bomb(encoding: str) -> None:
    bomb = gzip.compress(b"\0" * 50_000_000) if encoding == "gzip" else zlib.compress(b"\0" * 50_000_000)
    with pytest.raises(DecodeError) as caught:
        inflate(bomb, encoding)
    assert caught.value.refusal is Refusal.OVER_LIMIT


def test_a_ratio_bomb_below_the_size_limit() -> None:
    with pytest.raises(DecodeError, match="more than 200 times") as caught:
        inflate(gzip.compress(b"\0" * 4_000_000), "gzip")
    assert caught.value.refusal is Refusal.OVER_LIMIT


def test_small_bodies_may_shrink_as_well_as_they_can() -> None:
    assert len(inflate(gzip.compress(b" " * 100_000), "gzip")) == 100_000


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (b"", "gzip"),
        (b"not gzip", "gzip"),
        (gzip.compress(b"x" * 1000)[:-10], "gzip"),
        (b"\xff\xff\xff", "deflate"),
        (b"x", "br"),
    ],
    # A compressed body has the second of its making in it.
    ids=["empty", "not gzip", "cut", "not deflate", "unknown"],
)
def test_broken_compression(body: bytes, encoding: str) -> None:
    with pytest.raises(DecodeError) as caught:
        inflate(body, encoding)
    assert caught.value.refusal is Refusal.COMPRESSION


def test_several_gzip_members_are_one_body() -> None:
    assert inflate(gzip.compress(b"ab") + gzip.compress(b"cd"), "x-gzip") == b"abcd"


def test_zeros_after_a_gzip_body_are_padding() -> None:
    assert inflate(gzip.compress(b"ab") + b"\0" * 9, "gzip") == b"ab"


def test_a_body_of_countless_gzip_members() -> None:
    with pytest.raises(DecodeError, match="members") as caught:
        inflate(gzip.compress(b"") * 10_000, "gzip")
    assert caught.value.refusal is Refusal.OVER_LIMIT


GROWTH = """
from cwmp_schemas import parser
from cwmp_schemas.decode import decode
from tests.cwmp_schemas.hand_made import envelope
def post(first):
    names = "".join(f"<n{number}{'x' * 30}/>" for number in range(first, first + 300))
    decode(envelope(f"<cwmp:X_A>{names}</cwmp:X_A>"))
def held():
    pages = int(open("/proc/self/statm").read().split()[1])
    return pages * 4 // 1024
for round in range(300):
    post(round * 300)
before = held()
for round in range(300, 3000):
    post(round * 300)
print(held() - before)
"""


def test_invented_names_are_forgotten() -> None:
    """800,000 new element names (36 MB of them) must not stay in the parser."""
    done = subprocess.run([sys.executable, "-c", GROWTH], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 16, f"grew by {done.stdout} MB"


def test_invented_root_names_are_forgotten() -> None:
    """Nothing keyed by what a device sends may outlive its message: 60,000 letters, 500 times, are 30 MB."""
    posting = 'decode(envelope(f"<cwmp:X_A>{names}</cwmp:X_A>"))'
    other = "try: decode(b'<' + b'y' * 60000 + str(first).encode() + b'>')\n    except ValueError: pass"
    program = GROWTH.replace("range(300, 3000)", "range(300, 800)").replace(posting, other)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 16, f"grew by {done.stdout} MB"


@pytest.mark.parametrize(
    "data",
    [
        envelope('<cwmp:Inform xmlns="' + "u" * 300 + '">' + FILLER + "</cwmp:Inform>"),
        envelope("<cwmp:X_A>" + "<a>" + "y" * 60_000 + "</a><" + "z" * 60_000 + "/></cwmp:X_A>"),
        envelope("<cwmp:X_A>" + "&" * 10_001 + "</cwmp:X_A>"),
        values_response(entry("Device.A", "\x01" + "x" * 11_000_000), 1),
    ],
    ids=["a long namespace", "a long name", "ampersands to mend", "a long text behind a repair"],
)
def test_other_limits(data: bytes) -> None:
    assert refusal(data) is Refusal.OVER_LIMIT


def test_results_by_the_thousand() -> None:
    results = f"<Results><UUID>{'u' * 36}</UUID></Results>" * 5_000
    message = decode(envelope(f"<cwmp:DUStateChangeComplete>{results}</cwmp:DUStateChangeComplete>")).envelope.message
    assert isinstance(message, DUStateChangeComplete)
    assert len(message.results) == 5_000


@pytest.mark.parametrize(
    "value", ["<![CDATA[hunter2-secret", "hunter2<secret", "hunter2-secret</Value>", "<hunter2-secret a=1>"]
)
def test_what_was_sent_is_not_in_the_error(value: str) -> None:
    with pytest.raises(DecodeError) as caught:
        decode(values_response(entry("Device.Password", value), 1))
    assert "hunter2" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_deep_vendor_message_of_long_names_is_told_in_a_line() -> None:
    name = "\u00e9" * 20_000
    assert refusal(envelope("<cwmp:X_A>" + f"<{name}>" * 17 + f"</{name}>" * 17 + "</cwmp:X_A>")) is Refusal.OVER_LIMIT


def test_documents_are_read_in_several_threads_at_once() -> None:
    def count(entries: int) -> int:
        message = decode(
            values_response("".join(entry(f"Device.{n}", "x") for n in range(entries)), entries)
        ).envelope.message
        assert isinstance(message, GetParameterValuesResponse)
        return len(message.parameter_list)

    sizes = [1, 30, 300, 3_000] * 50
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(count, sizes)) == sizes
