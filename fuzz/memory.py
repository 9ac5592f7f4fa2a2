"""What the decoder may cost in memory: for inputs up to 64 KiB under 20 times their size plus 1 MiB.

Each input is decoded in a process of its own, forked for it, which first gives back all free memory, so that nothing
freed before can hide the cost. Python's own allocator keeps what it once had, so it is off (PYTHONMALLOC=malloc).
"""

import ctypes
import gc
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

from cwmp_schemas.decode import decode
from cwmp_schemas.envelope import Received
from cwmp_schemas.errors import DecodeError
from fuzz.envelopes import MAX_SIZE

_START: Final = (
    b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:e="http://schemas.xmlsoap.org/soap/encoding/"'
    b' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:cwmp="urn:dslforum-org:cwmp-1-0"><s:Body>'
)
_END: Final = b"</s:Body></s:Envelope>"


def measure() -> dict[str, tuple[int, int]]:
    """For every worst case its size and what it cost, measured in a fresh interpreter."""
    environment = {**os.environ, "PYTHONMALLOC": "malloc"}
    done = subprocess.run([sys.executable, "-m", "fuzz.memory"], env=environment, check=True, capture_output=True)
    return {name: (size, peak) for name, (size, peak) in json.loads(done.stdout).items()}


def bound(size: int) -> int:
    """The most that decoding so many bytes may take."""
    return 20 * size + 1024 * 1024


def filled(size: int, opening: bytes, unit: bytes, closing: bytes) -> bytes:
    """An envelope of nearly that size made of one unit over and over; ``%d`` in it counts."""
    start, end = _START + opening, closing + _END
    parts: list[bytes] = []
    left = size - len(start) - len(end)
    number = 0
    while True:
        part = unit.replace(b"%d", b"%d" % number)
        if len(part) > left:
            return start + b"".join(parts) + end
        parts.append(part)
        left -= len(part)
        number += 1


def worst_cases(size: int = MAX_SIZE) -> dict[str, bytes]:
    """Shapes that cost the most for their size."""
    values = b"<cwmp:GetParameterValuesResponse><ParameterList>"
    values_end = b"</ParameterList></cwmp:GetParameterValuesResponse>"
    vendor, vendor_end = b"<cwmp:X_A>", b"</cwmp:X_A>"
    attributes = b"<a" + b"".join(b' a%d="x"' % number for number in range(60)) + b"/>"
    return {
        "empty elements": filled(size, vendor, b"<a/>", vendor_end),
        "short elements": filled(size, vendor, b"<abcdefg/>", vendor_end),
        "short texts": filled(size, vendor, b"<abcdefghi>x</abcdefghi>", vendor_end),
        "new names": filled(size, vendor, b"<a%dbcdefghi>x</a%dbcdefghi>", vendor_end),
        "attributes": filled(size, vendor, attributes, vendor_end),
        "namespaces": filled(size, vendor, b'<a xmlns:n%d="urn:%d"/>', vendor_end),
        "short parameters": filled(
            size, values, b'<P><Name>a%d</Name><Value xsi:type="xsd:int">%d</Value></P>', values_end
        ),
        "parameters": filled(
            size,
            values,
            b"<ParameterValueStruct><Name>Device.Some.%d.Parameter</Name>"
            b'<Value xsi:type="xsd:string">%d</Value></ParameterValueStruct>',
            values_end,
        ),
        "names": filled(
            size,
            b"<cwmp:GetParameterNamesResponse><ParameterList>",
            b"<P><Name>a%d</Name><Writable>1</Writable></P>",
            b"</ParameterList></cwmp:GetParameterNamesResponse>",
        ),
        "refused parameters": filled(
            size,
            b"<s:Fault><detail><cwmp:Fault><FaultCode>9003</FaultCode>",
            b"<SetParameterValuesFault><FaultCode>1</FaultCode></SetParameterValuesFault>",
            b"</cwmp:Fault></detail></s:Fault>",
        ),
        "raw ampersands": filled(size, values + b"<P><Name>a</Name><Value>", b"&", b"</Value></P>" + values_end),
        "control characters": filled(
            size, values + b"<P><Name>a</Name><Value>", b"\x01&#1;", b"</Value></P>" + values_end
        ),
        "wrong bytes and wide characters": filled(
            size, values + b"<P><Name>a</Name><Value>\xf0\x9f\x98\x80", b"\xe9\x81", b"</Value></P>" + values_end
        ),
        "open sections": filled(
            size, values + b"<P><Name>a</Name><Value>&", b"<![CDATA[", b"</Value></P>" + values_end
        ),
        "spaces in a name": filled(size, values + b"<P><Name>a\n", b" ", b"b</Name><Value/></P>" + values_end),
        "a long root name": b"<" + b"y" * (size - 2) + b">",
        "namespaces in scope of faults": _START
        + b"<s:Fault>"
        + b"".join(b"<a%s>" % b"".join(b' xmlns:n%d="u"' % (60 * level + n) for n in range(60)) for level in range(30))
        + b"<s:Fault/>" * (size // 20)
        + b"</a>" * 30
        + b"</s:Fault>"
        + _END,
        "a long namespace": filled(
            size, b'<cwmp:X_A xmlns="' + b"u" * (size // 2) + b'">', b"<abcdefghijkl/>", b"</cwmp:X_A>"
        ),
        "encodings": b"<?xml " + b" encoding=''" * (size // 12),
        "results": filled(size, b"<cwmp:DUStateChangeComplete>", b"<Results/>", b"</cwmp:DUStateChangeComplete>"),
        "white space": b" " * (size - 10) + b"<a/>",
        "wide ampersands": filled(size, vendor + b"<a>\xf0\x9f\x98\x80", b"&", b"</a>" + vendor_end),
        "legal references": filled(size, vendor + b"<a>\x01", b"&lt;", b"</a>" + vendor_end),
        "attributes among tags": filled(size, vendor + attributes * 60, b"<abcdefgh></abcdefgh>", vendor_end),
        "sections": filled(
            size, values + b"<P><Name>a</Name><Value>&", b"<![CDATA[&]]>&", b"</Value></P>" + values_end
        ),
        "comments": filled(size, vendor, b"<!--%d-->", vendor_end),
        "undeclared prefixes": filled(size, vendor, b"<q%d:abcdefghi/>", vendor_end),
        "depth": filled(size, b"", b"<a>", b""),
        "tags without end": filled(size, vendor, b"<abcdefghij>", b""),
        "events": filled(size, b"<cwmp:Inform><Event>", b"<EventStruct/>", b"</Event></cwmp:Inform>"),
        "envelopes": filled(size, b"</s:Body></s:Envelope>", b"<s:Envelope/>", b"<s:Envelope><s:Body>"),
    }


def peak_of(data: bytes) -> int:
    """How many bytes the process grew by, at most, while decoding."""
    reading, writing = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            os.write(writing, str(_grown_by(data)).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as lines:
        text = lines.read()
    os.waitpid(child, 0)
    return int(text)


def _grown_by(data: bytes) -> int:
    _decoded(data[:200])
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")  # proc(5): resets the peak
    before = _status("VmRSS")
    _decoded(data)
    return (_status("VmHWM") - before) * 1024


def _decoded(data: bytes) -> Received | None:
    try:
        return decode(data)
    except DecodeError:
        return None


def _status(field: str) -> int:
    match = re.search(rf"{field}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert match is not None, f"/proc/self/status has no {field}"
    return int(match[1])


if __name__ == "__main__":
    print(json.dumps({name: (len(data), peak_of(data)) for name, data in worst_cases().items()}))
