"""Diagnostics: asked for by a parameter, told when they are done, with results that make sense."""

from collections.abc import Mapping

import pytest

from cwmp_schemas.faults import Fault
from cwmp_schemas.rpc.parameters import (
    GetParameterValues,
    GetParameterValuesResponse,
    ParameterValue,
    SetParameterValues,
    SetParameterValuesResponse,
)
from cwmp_schemas.values import XsdType
from simulators.device.cpe import Cpe
from simulators.device.management import moment
from simulators.device.measuring import least_seconds
from simulators.device.timing import AT_ONCE, Timing
from simulators.trees import built_in
from tests.simulators.device.conversing import START, ask, converse, device

PING = "Device.IP.Diagnostics.IPPing."
OLD_PING = "InternetGatewayDevice.IPPingDiagnostics."
ROUTE = "Device.IP.Diagnostics.TraceRoute."
OLD_ROUTE = "InternetGatewayDevice.TraceRouteDiagnostics."
LOOKUP = "Device.DNS.Diagnostics.NSLookupDiagnostics."
DONE = [("8 DIAGNOSTICS COMPLETE", "")]
_TYPES = {"NumberOfRepetitions", "Timeout", "MaxHopCount", "NumberOfTries", "TestFileLength", "TimeBasedTestDuration"}


def router(name: str = "tr181-router", *, seed: int = 1) -> Cpe:
    """A device that takes ten seconds for diagnostics and has had its periodic session."""
    cpe = device(built_in(name), seed=seed)
    cpe.timing = Timing(AT_ONCE.boot, AT_ONCE.apply, (10.0, 10.0))
    converse(cpe, START)
    return cpe


def write(cpe: Cpe, now: float, owner: str, **values: object) -> None:
    """Set parameters of an object in one session."""
    wanted = tuple(ParameterValue(f"{owner}{name}", str(value), _type(owner, name)) for name, value in values.items())
    (answer,) = ask(cpe, now, SetParameterValues(wanted, ""))
    assert isinstance(answer, SetParameterValuesResponse), answer


def _type(owner: str, name: str) -> XsdType:
    if name == "TestFileLength" and owner.startswith("Device."):
        return XsdType.UNSIGNED_LONG
    return XsdType.UNSIGNED_INT if name in _TYPES else XsdType.STRING


def results(cpe: Cpe, now: float, owner: str) -> Mapping[str, str]:
    """All below an object, as the ACS reads it in the session that tells of the end."""
    heard = converse(cpe, now, GetParameterValues((owner,)))
    assert heard.events == DONE
    (answer,) = heard.answers
    assert isinstance(answer, GetParameterValuesResponse)
    return {each.name.removeprefix(owner): each.value for each in answer.parameter_list}


def test_a_ping_runs_after_the_session_and_is_told_in_a_new_one() -> None:
    cpe = router()
    write(cpe, START + 1, PING, Host="acs.example", NumberOfRepetitions=7, DiagnosticsState="Requested")
    assert cpe.due_at == START + 11
    assert cpe.tree.value(f"{PING}DiagnosticsState", START) == "Requested"
    found = results(cpe, START + 11, PING)
    assert found["DiagnosticsState"] == "Complete"
    assert int(found["SuccessCount"]) + int(found["FailureCount"]) == 7
    assert 0 < int(found["MinimumResponseTime"]) <= int(found["AverageResponseTime"])
    assert int(found["AverageResponseTime"]) <= int(found["MaximumResponseTime"]) <= 1000
    assert not cpe.wants_session


def test_settings_may_come_before_the_request() -> None:
    cpe = router()
    write(cpe, START + 1, PING, Host="10.0.0.1", NumberOfRepetitions=2)
    write(cpe, START + 2, PING, DiagnosticsState="Requested")
    found = results(cpe, START + 12, PING)
    assert int(found["SuccessCount"]) + int(found["FailureCount"]) == 2


@pytest.mark.parametrize("seed", range(20))
def test_the_results_of_a_ping_never_contradict_each_other(seed: int) -> None:
    cpe = router(seed=seed)
    write(cpe, START + 1, PING, Host="host.example", NumberOfRepetitions=1000, Timeout=40, DiagnosticsState="Requested")
    found = {name: int(value) for name, value in results(cpe, START + 11, PING).items() if value.isdigit()}
    assert found["SuccessCount"] + found["FailureCount"] == 1000
    assert found["MinimumResponseTime"] <= found["AverageResponseTime"] <= found["MaximumResponseTime"] <= 40
    assert (found["SuccessCount"] == 0) == (found["MaximumResponseTime"] == 0)


@pytest.mark.parametrize("host", ["", "no such host", "a..b", "-x.example", "gone.invalid", "1.2.3.4.5", "999.1.1.1"])
@pytest.mark.parametrize(("name", "owner"), [("tr181-router", PING), ("tr098-dsl", OLD_PING)])
def test_a_host_without_an_address_is_an_error_that_is_told(name: str, owner: str, host: str) -> None:
    cpe = router(name)
    write(cpe, START + 1, owner, Host=host, DiagnosticsState="Requested")
    assert results(cpe, START + 11, owner)["DiagnosticsState"] == "Error_CannotResolveHostName"


def test_a_host_that_does_not_answer_has_no_success() -> None:
    cpe = router("tr098-dsl")
    write(cpe, START + 1, OLD_PING, Host="192.0.2.1", NumberOfRepetitions=3, DiagnosticsState="Requested")
    found = results(cpe, START + 11, OLD_PING)
    assert (found["DiagnosticsState"], found["SuccessCount"], found["FailureCount"]) == ("Complete", "0", "3")
    assert found["AverageResponseTime"] == "0"


def test_a_changed_setting_ends_a_run_without_a_result() -> None:
    cpe = router()
    write(cpe, START + 1, PING, Host="acs.example", DiagnosticsState="Requested")
    write(cpe, START + 5, PING, Host="other.example")
    assert cpe.tree.value(f"{PING}DiagnosticsState", START) == "None"
    assert not cpe.advance(START + 60)


def test_a_changed_setting_takes_the_state_of_a_run_that_is_over_back() -> None:
    cpe = router()
    write(cpe, START + 1, PING, Host="acs.example", DiagnosticsState="Requested")
    assert results(cpe, START + 11, PING)["DiagnosticsState"] == "Complete"
    write(cpe, START + 12, PING, Timeout=500)
    assert cpe.tree.value(f"{PING}DiagnosticsState", START) == "None"


@pytest.mark.parametrize("state", ["Canceled", "None"])
def test_a_run_can_be_called_off(state: str) -> None:
    cpe = router()
    write(cpe, START + 1, PING, Host="acs.example", DiagnosticsState="Requested")
    write(cpe, START + 2, PING, DiagnosticsState=state)
    assert cpe.tree.value(f"{PING}DiagnosticsState", START) == "None"
    assert not cpe.advance(START + 60)


def test_a_second_request_begins_anew_with_the_settings_of_then() -> None:
    cpe = router()
    write(cpe, START + 1, PING, Host="acs.example", NumberOfRepetitions=3, DiagnosticsState="Requested")
    write(cpe, START + 6, PING, NumberOfRepetitions=5, DiagnosticsState="Requested")
    assert cpe.due_at == START + 16
    found = results(cpe, START + 16, PING)
    assert int(found["SuccessCount"]) + int(found["FailureCount"]) == 5


def test_a_restart_leaves_nothing_of_a_run() -> None:
    cpe = router()
    write(cpe, START + 1, PING, Host="acs.example", DiagnosticsState="Requested")
    cpe.restart(START + 5)
    assert converse(cpe, START + 5).events == [("1 BOOT", "")]
    assert cpe.tree.value(f"{PING}DiagnosticsState", START) == "None"
    assert not cpe.advance(START + 60)
    write(cpe, START + 61, ROUTE, Host="acs.example", DiagnosticsState="Requested")
    assert results(cpe, START + 71, ROUTE)["DiagnosticsState"] == "Complete"
    cpe.restart(START + 80)
    assert cpe.tree.value(f"{ROUTE}DiagnosticsState", START) == "None"
    assert cpe.tree.value(f"{ROUTE}RouteHopsNumberOfEntries", START) == "0"


def test_the_end_is_told_until_the_acs_knows() -> None:
    cpe = router()
    write(cpe, START + 1, PING, Host="acs.example", DiagnosticsState="Requested")
    assert cpe.advance(START + 11)
    cpe.open(START + 11).begin(START + 11)
    cpe.session_failed(START + 11)
    assert converse(cpe, cpe.due_at).events == DONE


@pytest.mark.parametrize(
    ("name", "owner", "row"),
    [("tr181-ont", ROUTE, ("Host", "RTTimes")), ("tr098-dsl", OLD_ROUTE, ("HopHost", "HopRTTimes"))],
)
def test_a_route_has_a_row_for_each_hop_and_ends_at_the_host(name: str, owner: str, row: tuple[str, str]) -> None:
    cpe = router(name)
    for now in (START + 1, START + 20):
        write(cpe, now, owner, Host="acs.example", NumberOfTries=2, DiagnosticsState="Requested")
        found = results(cpe, now + 10, owner)
        assert found["DiagnosticsState"] == "Complete"
        hops = [value for path, value in found.items() if path.startswith("RouteHops.") and path.endswith(row[0])]
        times = [value for path, value in found.items() if path.endswith(row[1])]
        assert found["RouteHopsNumberOfEntries"] == str(len(hops))
        assert hops[-1] == "acs.example"
        assert len(set(hops)) == len(hops) == len(times) > 3
        assert all(len(each.split(",")) == 2 for each in times)


def test_a_route_that_is_too_long_shows_the_hops_that_it_has() -> None:
    cpe = router()
    write(cpe, START + 1, ROUTE, Host="acs.example", MaxHopCount=2, DiagnosticsState="Requested")
    found = results(cpe, START + 11, ROUTE)
    assert (found["DiagnosticsState"], found["RouteHopsNumberOfEntries"]) == ("Error_MaxHopCountExceeded", "2")


def test_a_name_is_looked_up_as_often_as_it_was_asked() -> None:
    cpe = router()
    write(cpe, START + 1, LOOKUP, HostName="acs.example", NumberOfRepetitions=3, DiagnosticsState="Requested")
    found = results(cpe, START + 11, LOOKUP)
    assert (found["DiagnosticsState"], found["SuccessCount"]) == ("Complete", "3")
    assert found["ResultNumberOfEntries"] == "3"
    addresses = {value for name, value in found.items() if name.endswith("IPAddresses")}
    assert len(addresses) == 1
    write(cpe, START + 20, LOOKUP, HostName="gone.invalid", DiagnosticsState="Requested")
    found = results(cpe, START + 30, LOOKUP)
    assert (found["DiagnosticsState"], found["SuccessCount"]) == ("Complete", "0")
    statuses = {value for name, value in found.items() if name.endswith(".Status")}
    assert statuses == {"Error_HostNameNotResolved"}
    write(cpe, START + 40, LOOKUP, DNSServer="gone.invalid", DiagnosticsState="Requested")
    assert results(cpe, START + 50, LOOKUP)["DiagnosticsState"] == "Error_DNSServerNotResolved"


@pytest.mark.parametrize("name", ["tr181-router", "tr098-dsl"])
@pytest.mark.parametrize("kind", ["Download", "Upload"])
def test_the_moments_and_octets_of_a_speed_test_are_in_order(name: str, kind: str) -> None:
    cpe = router(name)
    root = "InternetGatewayDevice." if name == "tr098-dsl" else "Device.IP.Diagnostics."
    owner = f"{root}{kind}Diagnostics."
    length = {"TestFileLength": 5_000_000} if kind == "Upload" else {}
    write(cpe, START + 1, owner, **{f"{kind}URL": "http://speed.example/file"}, **length, DiagnosticsState="Requested")
    found = results(cpe, START + 11, owner)
    assert found["DiagnosticsState"] in {"Complete", "Completed"}
    moments = [found[each] for each in ("TCPOpenRequestTime", "TCPOpenResponseTime", "ROMTime", "BOMTime", "EOMTime")]
    assert moments == sorted(moments)
    assert len(set(moments)) == 5
    assert all(len(each) == len("2026-01-01T00:00:00.000000Z") for each in moments)
    way = "Received" if kind == "Download" else "Sent"
    # No model has all of the counts.
    tested, total = found.get(f"TestBytes{way}"), found.get(f"TotalBytes{way}")
    assert tested or total
    if kind == "Upload":
        assert tested in {None, "5000000"}
        tested = "5000000"
    assert tested is None or total is None or int(tested) < int(total)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("kind", "settings", "least"), [("Download", {}, 2), ("Upload", {"TestFileLength": 3 << 30}, 200)]
)
def test_no_speed_test_begins_before_it_was_asked_for(
    seed: int, kind: str, settings: Mapping[str, int], least: float
) -> None:
    cpe = router(seed=seed)
    cpe.timing = Timing(AT_ONCE.boot, AT_ONCE.apply, (2.0, 2.0))
    owner = f"Device.IP.Diagnostics.{kind}Diagnostics."
    write(cpe, START + 1, owner, **{f"{kind}URL": "http://speed.example/"}, **settings, DiagnosticsState="Requested")
    assert cpe.due_at >= START + 1 + least
    found = results(cpe, cpe.due_at, owner)
    first = moment(found["TCPOpenRequestTime"])
    assert first is not None
    assert first >= START + 1


def test_a_speed_test_that_is_to_last_so_long_does() -> None:
    for name in ("DownloadDiagnostics", "UploadDiagnostics"):
        assert least_seconds(name, {"TimeBasedTestDuration": "60", "TestFileLength": "1"}) >= 60


@pytest.mark.parametrize(
    ("name", "url", "state"),
    [
        ("tr181-router", "http://gone.invalid/", "Error_CannotResolveHostName"),
        ("tr098-dsl", "http://gone.invalid/", "Error_InitConnectionFailed"),
        ("tr181-router", "no url", "Error_CannotResolveHostName"),
        ("tr181-router", "http://203.0.113.9/", "Error_NoResponse"),
    ],
)
def test_a_speed_test_without_a_peer_says_why_in_the_words_of_its_model(name: str, url: str, state: str) -> None:
    cpe = router(name)
    owner = f"{'InternetGatewayDevice.' if name == 'tr098-dsl' else 'Device.IP.Diagnostics.'}DownloadDiagnostics."
    write(cpe, START + 1, owner, DownloadURL=url, DiagnosticsState="Requested")
    assert results(cpe, START + 11, owner)["DiagnosticsState"] == state


def test_several_diagnostics_run_beside_each_other_and_are_told_at_once() -> None:
    cpe = router()
    write(cpe, START + 1, PING, Host="acs.example", DiagnosticsState="Requested")
    write(cpe, START + 3, ROUTE, Host="acs.example", DiagnosticsState="Requested")
    cpe.advance(START + 11)
    cpe.advance(START + 13)
    assert converse(cpe, START + 13).events == DONE
    for owner in (PING, ROUTE):
        assert cpe.tree.value(f"{owner}DiagnosticsState", START) == "Complete"


def test_a_diagnostics_of_an_unknown_kind_ends_and_leaves_its_table_alone() -> None:
    cpe = router()
    owner = "Device.WiFi.NeighboringWiFiDiagnostic."
    write(cpe, START + 1, owner, DiagnosticsState="Requested")
    found = results(cpe, START + 11, owner)
    assert found["DiagnosticsState"] == "Complete"
    assert "Result.1.BSSID" in found


def test_a_refused_request_starts_nothing() -> None:
    cpe = router()
    wanted = (
        ParameterValue(f"{PING}DiagnosticsState", "Requested"),
        ParameterValue(f"{PING}NumberOfRepetitions", "many", XsdType.UNSIGNED_INT),
    )
    (answer,) = ask(cpe, START + 1, SetParameterValues(wanted, ""))
    assert isinstance(answer, Fault)
    assert cpe.tree.value(f"{PING}DiagnosticsState", START) == "None"
    assert not cpe.advance(START + 60)
