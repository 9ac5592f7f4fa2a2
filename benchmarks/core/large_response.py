"""Decoding a whole data model: 10,000 parameters, over 1 MB, beside lxml and reading the same fields by hand."""

from typing import Final

from lxml import etree

from benchmarks.core.inform import BASELINE, in_another_spelling
from benchmarks.core.timing import side_by_side
from benchmarks.figures import Figure
from cwmp_schemas.decode import decode
from cwmp_schemas.encode import encode
from cwmp_schemas.envelope import Envelope
from cwmp_schemas.rpc.parameters import GetParameterValuesResponse, ParameterValue
from cwmp_schemas.xml import XSI_TYPE

COUNT: Final = 10_000


def large_response() -> bytes:
    """What a device answers to a read of its root object."""
    values = tuple(ParameterValue(f"Device.Hosts.Host.{n}.HostName", f"host-{n}") for n in range(COUNT))
    return encode(Envelope("1", GetParameterValuesResponse(values)))


def read_by_hand(data: bytes) -> list[tuple[str | None, str | None, str | None]]:
    """The least anybody must do to have the same fields."""
    parameter_list = etree.fromstring(data)[1][0][0]
    return [(name.text, value.text, value.get(XSI_TYPE)) for name, value in parameter_list]


def measure() -> list[Figure]:
    """Decode beside reading by hand."""
    data = large_response()
    name = f"decode {COUNT} parameters of {len(data) // 1024} KiB"
    baseline = (BASELINE, lambda: read_by_hand(data))
    other = in_another_spelling(data)
    return [
        side_by_side(name, lambda: decode(data), baseline, 5, at_most=2.5),
        side_by_side(f"{name} in another spelling", lambda: decode(other), baseline, 5, at_most=2.5),
    ]
