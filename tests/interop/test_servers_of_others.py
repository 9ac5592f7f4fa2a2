"""The simulated device under servers that nobody here wrote: sessions made of what real ones sent."""

import csv
import io

import pytest

from simulators.device.capture import read_capture
from simulators.device.chance import Chance
from simulators.device.cpe import Cpe
from simulators.device.errors import AcsError
from simulators.device.identity import Identity
from simulators.device.model import Model
from simulators.device.timing import AT_ONCE
from simulators.trees import built_in
from tests.interop.samples import SOAP, Sample, Seen, samples, see
from tests.simulators.device.conversing import SMALL, START

# What the collection asks for and no device can do: each is refused with the fault that says why.
_REFUSED = {
    "cwmp_ex__018__DeleteObject.xml": "9005",  # an object that is no instance
    "cwmp_ex__019__DeleteObject.xml": "9005",
    "cwmp_ex__085__DeleteObject.xml": "9005",
    "cwmp_ex__071__AddObject.xml": "9005",  # a table without its dot
    "cwmp_ex__130__SetParameterValues.xml": "9003",  # sets a parameter, and one below it
    "cwmp_ex__131__SetParameterValues.xml": "9003",
    "ibnhatab__033__ChangeDUState.xml": "9003",  # a change of no units
    "cwmp_ex__012__CancelTransfer.xml": "9021",  # a transfer that was never asked for
    "cwmp_ex__077__CancelTransfer.xml": "9021",
    "ibnhatab__031__CancelTransfer.xml": "9021",
    "cwmp_ex__067__Upload.xml": "9003",  # a file type of downloads
    "cwmp_ex__068__Upload.xml": "9003",
    "cwmp_ex__140__Upload.xml": "9003",
    "cwmp_ex__141__Upload.xml": "9003",
    "ibnhatab__077__Upload.xml": "9003",  # a file type without its name
    "ibnhatab__079__Download.xml": "9003",
    "ibnhatab__064__ScheduleDownload.xml": "9003",
    "cwmp_ex__091__Download.xml": "9003",  # a FileSize of "foo"
    "cwmp_ex__033__GetOptions.xml": "9003",  # an option that it does not have
    "cwmp_ex__101__GetOptions.xml": "9003",
    "ibnhatab__044__GetOptions.xml": "9003",
    "cwmp_ex__063__SetVouchers.xml": "9001",  # vouchers for another device
    "cwmp_ex__133__SetVouchers.xml": "9001",
    "ibnhatab__016__SetVouchers.xml": "9003",  # no vouchers at all
    "ibnhatab__071__SetVouchers.xml": "9003",
    "ibnhatab__025__AddObject.xml": "9005",  # the rest are no paths: name, param_path, Object.
    "ibnhatab__036__DeleteObject.xml": "9005",
    "ibnhatab__048__GetParameterNames.xml": "9005",
    "ibnhatab__097__GetParameterNames.xml": "9005",
}
# One is no XML by its letters: the Envelope ends before its namespaces are declared.
_UNREADABLE = {"ibnhatab__081__InformResponse.xml"}


def _model_for(seen: Seen) -> Model:
    """A router that has what a message asks for; one of those that are built in, if it asks for nothing by name."""
    if not any(name.startswith(("Device.", "InternetGatewayDevice.")) for name in _names(seen)):
        # Options and vouchers are of the time of TR-098.
        return built_in("tr098-dsl" if seen.method in {"GetOptions", "SetVouchers"} else "tr181-router")
    rows = io.StringIO(newline="")
    table = csv.writer(rows, lineterminator="\n")
    names = tuple(dict.fromkeys(_names(seen)))
    # What is set is of the type it is set as.
    types = dict(zip(seen.texts("Name"), seen.attributes("Value", "type"), strict=False))
    for name in names:
        root, _, rest = name.partition(".")
        if any(other.startswith(f"{name}.") for other in names):
            continue  # an object, written without its dot
        if root not in {"Device", "InternetGatewayDevice"} or not rest:
            continue
        is_object = name.endswith(".")
        kind = types.get(name, "")
        table.writerow((name, str(is_object).lower(), "true", "" if is_object else "1", kind))
    text = SMALL
    if "InternetGatewayDevice." in rows.getvalue():
        text = SMALL.replace("\nDevice.", "\nInternetGatewayDevice.")
    present = {line.partition(",")[0] for line in text.splitlines()}
    extra = [line for line in rows.getvalue().splitlines() if line.partition(",")[0] not in present]
    return read_capture([*text.splitlines(), *extra])


def _names(seen: Seen) -> list[str]:
    return [
        text.strip()
        for name in ("string", "Name", "ParameterPath", "ObjectName", "ParameterNames")
        for text in seen.texts(name)
    ]


def _session(seen: Seen) -> Cpe:
    model = _model_for(seen)
    return Cpe(
        model,
        Identity(model.device_id, 1),
        chance=Chance(1),
        now=START,
        timing=AT_ONCE,
        is_known=True,
    )


def _acknowledgement(namespace: str, message_id: str) -> bytes:
    return (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" '
        f'xmlns:c="urn:dslforum-org:{namespace}"><e:Header><c:ID e:mustUnderstand="1">{message_id}</c:ID></e:Header>'
        "<e:Body><c:InformResponse><MaxEnvelopes>1</MaxEnvelopes></c:InformResponse></e:Body></e:Envelope>"
    ).encode()


def _answer(sample: Sample) -> Seen:
    """What a device answers to what a server sent; the session has to end well afterwards."""
    seen = see(sample.octets)
    cpe = _session(seen)
    assert cpe.advance(START)
    session = cpe.open(START)
    inform = see(session.begin(START))
    assert inform.id is not None
    assert session.receive(_acknowledgement(seen.namespace, inform.id), START) == b""
    answer = session.receive(sample.octets, START)
    assert answer, "no answer"
    assert session.receive(b"", START) is None
    cpe.session_over(START)
    return see(answer)


def test_each_rpc_of_other_servers_is_answered_under_its_id_in_the_devices_namespace() -> None:
    wrong = []
    asked = [sample for sample in samples("ACS") if not sample.method.endswith("Response")]
    assert len(asked) > 80
    for sample in asked:
        if sample.method == "Fault":
            continue
        seen = see(sample.octets)
        answer = _answer(sample)
        if answer.id != seen.id or answer.namespace not in {"cwmp-1-2", SOAP}:
            wrong.append(f"{sample.name}: {answer.id} in {answer.namespace}")
        if answer.method == "Fault":
            code, *_ = answer.texts("FaultCode")
            if _REFUSED.get(sample.name) != code:
                said = ", ".join(answer.texts("FaultString"))
                wrong.append(f"{sample.name}: fault {code}, {said}")
        elif answer.method != f"{sample.method}Response" or sample.name in _REFUSED:
            wrong.append(f"{sample.name}: {answer.method}")
    assert not wrong, "\n".join(wrong)


def test_what_other_servers_get_is_what_they_asked_for_and_set() -> None:
    gets = [sample for sample in samples("ACS") if sample.method == "GetParameterValues"]
    for sample in gets:
        asked = [name for name in see(sample.octets).texts("string") if name and not name.endswith(".")]
        found = _answer(sample).texts("Name")
        assert set(asked) <= set(found), sample.name


@pytest.mark.parametrize("acknowledges", [True, False])
def test_the_informresponses_of_other_servers_open_a_session_and_nothing_else_does(*, acknowledges: bool) -> None:
    said = [sample for sample in samples("ACS") if (sample.method == "InformResponse") is acknowledges]
    said = [sample for sample in said if sample.name not in _UNREADABLE]
    assert said
    for sample in said:
        seen = see(sample.octets)
        cpe = _session(seen)
        assert cpe.advance(START)
        session = cpe.open(START)
        inform = see(session.begin(START))
        # It was said to another device's Inform.
        reply = sample.octets.replace(f">{seen.id}<".encode(), f">{inform.id}<".encode())
        # An answer without the ID of what was asked is no answer (3.5).
        if acknowledges and seen.id is not None:
            assert session.receive(reply, START) == b"", sample.name
        else:
            with pytest.raises(AcsError):
                session.receive(reply, START)
