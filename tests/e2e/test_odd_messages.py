"""What real devices write instead of what the schema says: taken as far as it is clear, refused without harm else.

Over real sockets (CWMP.md 3, 9).
"""

import gzip
import json
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Final

import pytest

from acs.domain.operation import OperationKind, Variable
from acs.domain.queue import OperationState
from cwmp_schemas.oddities import Oddity
from tests.e2e.defaults import NOW
from tests.e2e.device import EndedBy, Prefixes, ScriptedDevice
from tests.e2e.envelopes import AcsMessage, Value
from tests.e2e.quirks import Quirks
from tests.e2e.serving import Served, serving
from tests.e2e.spoiling import an_inform, replaced, without
from tests.e2e.wire import deflated, gzipped

SSID: Final = "Device.WiFi.SSID.1.SSID"


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(f"sqlite:///{tmp_path}/a.db", tmp_path) as found:
        yield found


async def known_value(served: Served, device: ScriptedDevice, name: str) -> str | None:
    parameters = served.server.services.tools.parameters
    rows = await parameters.known(await served.id_of(device), [name])
    return rows[0][1] if rows else None


def counted(served: Served, oddity: Oddity) -> float:
    registry = served.server.services.tools.metrics.registry
    found = [
        sample.value
        for metric in registry.collect()
        for sample in metric.samples
        if sample.name == "aioacs_decode_oddities_total" and sample.labels["kind"] == oddity.name.lower()
    ]
    assert len(found) == 1, f"{oddity} has no counter of its own"
    return float(found[0])


# The ways of HTTP.


@pytest.mark.parametrize(
    "quirks",
    [
        Quirks(content_type="text/html"),
        Quirks(content_type="text/html", expect_continue=True, close_after_every_response=True),
        Quirks(content_type="application/octet-stream", chunked=True),
        Quirks(gzip=True),
        Quirks(gzip=True, chunked=True, expect_continue=True),
        Quirks(declaration=False),
        Quirks(trailing_nulls=3),
        Quirks(charset="latin-1", chunked=True, cookies="rfc2109"),
        Quirks(prefixes=Prefixes("soapenv", "enc", "schema", "instance", "ns1")),
        Quirks(prefixes=Prefixes(soap="", cwmp="cwmp")),
        Quirks(prefixes=Prefixes(cwmp="")),
    ],
    ids=lambda quirks: repr({k: v for k in Quirks.__slots__ if (v := getattr(quirks, k)) != getattr(Quirks(), k)}),
)
async def test_a_device_with_ways_of_its_own_gets_through_whole_sessions(served: Served, quirks: Quirks) -> None:
    device = served.device(quirks=quirks)
    assert (await device.run_session()).is_acknowledged
    operations = [
        await served.queue(device, OperationKind.SET, Variable(SSID, "new", "string")),
        await served.queue(device, OperationKind.GET, Variable("Device.")),
    ]
    log = await device.run_session(requests=[device.request("GetRPCMethods")])
    assert log.methods == ("SetParameterValues", "GetParameterValues", "GetParameterValues")
    for public_id in operations:
        assert (await served.view(public_id)).record.state is OperationState.COMPLETED
    assert await known_value(served, device, SSID) == "new"


@pytest.mark.parametrize(("coding", "packed"), [("deflate", deflated), ("gzip", gzipped), ("x-gzip", gzipped)])
async def test_a_packed_body_is_taken(served: Served, coding: str, packed: Callable[[bytes], bytes]) -> None:
    device = served.device(quirks=Quirks(extra_headers=(("Content-Encoding", coding),)))
    assert (await device.post(packed(an_inform(device)), "Inform")).method == "InformResponse"
    await device.close()


@pytest.mark.parametrize(
    ("coding", "octets", "statuses"),
    [
        ("gzip", b"no gzip at all", {400}),
        ("gzip", gzip.compress(b" " * 20_000_000), {400, 413}),
        ("br", b"what is this", {400, 413, 415}),
    ],
    ids=["broken", "a bomb", "unknown"],
)
async def test_a_body_that_cannot_be_unpacked_is_refused_and_the_next_one_is_not(
    served: Served, coding: str, octets: bytes, statuses: set[int]
) -> None:
    device = served.device()
    connection = await device.link.open()
    reply = await connection.post(octets, headers=[("Content-Encoding", coding)])
    assert reply.status in statuses
    await device.close()
    assert (await device.run_session()).ended_by is EndedBy.NO_CONTENT


# Envelopes.


CLEANED: Final = "home"
TYPED: Final = b'<Value xsi:type="xsd:string">home</Value>'
EVENTS: Final = without(b"<Event ", b"</Event>")
SPOILT: Final[Sequence[tuple[str, Callable[[bytes], bytes], Oddity | None, str | None]]] = (
    ("no ID", without(b"<cwmp:ID", b"</cwmp:ID>"), Oddity.MISSING_ID, "home"),
    ("an empty ID", replaced(b'"1">1</cwmp:ID>', b'"1"></cwmp:ID>'), None, "home"),
    ("wrong counts", replaced(b"Struct[2]", b"Struct[03]"), Oddity.ARRAY_COUNT, "home"),
    ("no type", replaced(TYPED, b"<Value>home</Value>"), Oddity.MISSING_TYPE, "home"),
    ("an empty type", replaced(TYPED, b'<Value xsi:type="xsd:">home</Value>'), Oddity.UNKNOWN_TYPE, "home"),
    ("a misspelt type", replaced(TYPED, b'<Value xsi:type="xsd:signedInt">5</Value>'), None, "5"),
    ("an unknown type", replaced(TYPED, b'<Value xsi:type="xsd:blob">5</Value>'), Oddity.UNKNOWN_TYPE, "5"),
    ("no Value", replaced(TYPED, b""), Oddity.MISSING_VALUE, ""),
    ("an empty Name", replaced(b"<Name>Device.WiFi.SSID.1.SSID</Name>", b"<Name></Name>"), Oddity.EMPTY_NAME, None),
    ("CDATA", replaced(b">home<", b"><![CDATA[<home>&]]><"), None, "<home>&"),
    ("a raw ampersand", replaced(b">home<", b">you & me<"), Oddity.RAW_AMPERSAND, "you & me"),
    ("a control character", replaced(b">home<", b">ho\x01me<"), Oddity.CONTROL_CHARACTER, CLEANED),
    ("latin-1 labelled UTF-8", replaced(b">home<", b">h\xf6me<"), Oddity.ENCODING, "h\xf6me"),
    ("trailing NULs", lambda octets: octets + b"\0\0\0", Oddity.STRAY_BYTES, "home"),
    ("leading line breaks", lambda octets: b"\r\n\r\n" + octets, Oddity.STRAY_BYTES, "home"),
    ("two envelopes", lambda octets: octets + octets, Oddity.SEVERAL_ENVELOPES, "home"),
    ("no Event", EVENTS, Oddity.MISSING_FIELD, "home"),
    ("no MaxEnvelopes", without(b"<MaxEnvelopes>", b"</MaxEnvelopes>"), Oddity.MISSING_FIELD, "home"),
    ("no CurrentTime", without(b"<CurrentTime>", b"</CurrentTime>"), Oddity.MISSING_FIELD, "home"),
    ("no RetryCount", without(b"<RetryCount>", b"</RetryCount>"), Oddity.MISSING_FIELD, "home"),
    ("no ParameterList", without(b"<ParameterList", b"</ParameterList>"), Oddity.MISSING_FIELD, None),
    ("no ProductClass", without(b"<ProductClass>", b"</ProductClass>"), Oddity.MISSING_FIELD, "home"),
    ("a time without zone", replaced(b"00:00Z", b"00:00"), Oddity.TIME_WITHOUT_ZONE, "home"),
    ("a time with milliseconds", replaced(b"00:00Z", b"00:00.123Z"), None, "home"),
    ("an unknown time", replaced(NOW.encode(), b"0001-01-01T00:00:00Z"), None, "home"),
    ("no time at all", replaced(NOW.encode(), b"yesterday"), Oddity.BAD_TIME, "home"),
    ("MaxEnvelopes of 9", replaced(b"<MaxEnvelopes>1<", b"<MaxEnvelopes>9<"), None, "home"),
)


@pytest.mark.parametrize(("spoil", "oddity", "ssid"), [each[1:] for each in SPOILT], ids=[each[0] for each in SPOILT])
async def test_an_odd_inform_is_understood_and_counted(
    served: Served, spoil: Callable[[bytes], bytes], oddity: Oddity | None, ssid: str | None
) -> None:
    device = served.device(product_class="" if oddity is Oddity.MISSING_FIELD else "EX5501")
    reply = await device.post(spoil(an_inform(device)), "Inform")
    assert reply.method == "InformResponse"
    assert (await device.empty_post()).status == 204
    assert await known_value(served, device, SSID) == ssid
    if oddity is not None:
        assert counted(served, oddity) >= 1
    await device.close()


# Who a device says it is: verbatim, or not at all.


@pytest.mark.parametrize(
    ("product_class", "serial"),
    [("TG 784n v3", "CP 1234 A5"), ("", "S-1"), ("EX5501", "\u00e4\u00f6\u00fc <&>"), ("EX5501", "A1" * 32)],
)
async def test_an_identity_is_kept_to_the_letter(served: Served, product_class: str, serial: str) -> None:
    device = served.device(product_class=product_class, serial=serial)
    await device.run_session()
    found = await served.server.services.tools.devices.by_id(await served.id_of(device))
    assert found is not None
    assert (found.identity.product_class, found.identity.serial_number) == (product_class, serial)
    public_id = await served.queue(device, OperationKind.GET, Variable(SSID))
    await device.run_session()
    assert (await served.view(public_id)).record.state is OperationState.COMPLETED


@pytest.mark.parametrize("serial", ["0000", "001122334455", "99999", "000000000000"])
async def test_a_serial_number_out_of_a_factorys_drawer_is_listed_and_not_let_in(served: Served, serial: str) -> None:
    device = served.device(serial=serial)
    assert (await device.run_session()).ended_by is EndedBy.REFUSED
    devices = served.server.services.tools.devices
    (listed,) = await devices.quarantined(after=0, most=10)
    assert listed.identity.serial_number == serial
    assert await devices.matching(listed.identity) == []


async def test_a_name_with_bad_dots_is_kept_to_the_letter(served: Served) -> None:
    # Technicolor TG784n
    device, name = served.device(), "Device.X_000E50..Odd. Name."
    assert (await device.post(an_inform(device, {name: "1"}), "Inform")).method == "InformResponse"
    assert await known_value(served, device, name) == "1"
    await device.close()


# Answers.


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("<{soap}:Fault><faultcode>Client</faultcode><faultstring>no</faultstring></{soap}:Fault>", None),
        ("<{soap}:Fault><detail><Fault><FaultCode>9001</FaultCode></Fault></detail></{soap}:Fault>", 9001),
        ("<cwmp:Fault><FaultCode>9002</FaultCode><FaultString>no</FaultString></cwmp:Fault>", 9002),
        ("<FaultCode>9003</FaultCode><FaultString>no</FaultString>", 9003),
        ("<{soap}:Fault><detail><Fault><FaultCode>9876</FaultCode></Fault></detail></{soap}:Fault>", 9876),
    ],
)
async def test_a_refusal_is_understood_wherever_its_code_stands(served: Served, answer: str, code: int | None) -> None:
    device = served.device()
    device.on_rpc["SetParameterValues"] = lambda _: answer.format(soap="SOAP-ENV")
    await device.run_session()
    public_id = await served.queue(device, OperationKind.SET, Variable(SSID, "new", "string"))
    assert (await device.run_session()).ended_by is EndedBy.NO_CONTENT
    view = await served.view(public_id)
    assert view.record.state is OperationState.FAILED
    assert json.loads(view.record.fault)["code"] == code


@pytest.mark.parametrize("content", ["", "<Status></Status>", "<cwmp:Status>0</cwmp:Status>", "<Status>0</Status><X/>"])
async def test_a_set_that_is_answered_sloppily_is_done(served: Served, content: str) -> None:
    device = served.device()

    def hook(_: AcsMessage) -> str:
        device.model.parameters[SSID].value = "new"
        return device.writer.message("SetParameterValuesResponse", content)

    device.on_rpc["SetParameterValues"] = hook
    await device.run_session()
    public_id = await served.queue(device, OperationKind.SET, Variable(SSID, "new", "string"))
    assert (await device.run_session()).methods == ("SetParameterValues", "GetParameterValues")
    assert (await served.view(public_id)).record.state is OperationState.COMPLETED


async def test_of_two_envelopes_in_an_answer_the_first_counts(served: Served) -> None:
    device = served.device()
    await device.run_session()
    public_id = await served.queue(device, OperationKind.GET, Variable(SSID))

    def hook(rpc: AcsMessage) -> bytes:
        answers = [
            device.envelope(
                device.writer.message("GetParameterValuesResponse", device.writer.values({SSID: Value(text)})), rpc.id
            )
            for text in ("first", "second")
        ]
        return b"".join(answers)

    await device.run_session(answers=hook)
    view = await served.view(public_id)
    assert view.outcome is not None
    assert view.outcome.variables[0].value == "first"
    assert counted(served, Oddity.SEVERAL_ENVELOPES) == 1
