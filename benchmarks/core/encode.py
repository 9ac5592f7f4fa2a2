"""Encoding what goes out most: the InformResponse, and a SetParameterValues of 64 values."""

from benchmarks.core.timing import timed
from benchmarks.figures import Figure
from cwmp_schemas.encode import encode
from cwmp_schemas.envelope import Envelope
from cwmp_schemas.rpc.parameters import ParameterValue, SetParameterValues
from cwmp_schemas.rpc.session import InformResponse


def measure() -> list[Figure]:
    """Both encodings."""
    response = Envelope("4711", InformResponse(), 2)
    values = tuple(ParameterValue(f"Device.WiFi.SSID.{n}.SSID", f"home & garden {n}") for n in range(64))
    request = Envelope("4711", SetParameterValues(values, "key"), 2)
    return [
        timed("encode an InformResponse", lambda: encode(response), 5_000),
        timed("encode a SetParameterValues of 64 values", lambda: encode(request), 500),
    ]
