"""Deployment units: installed, updated and removed, each with a result of its own."""

import pytest

from cwmp_schemas.rpc.control import FactoryReset
from cwmp_schemas.rpc.session import GetRPCMethods, GetRPCMethodsResponse
from cwmp_schemas.rpc.software import (
    AutonomousDUStateChangeComplete,
    ChangeDUState,
    ChangeDUStateResponse,
    DeploymentOperation,
    DUStateChangeComplete,
    InstallOperation,
    OperationResult,
    UninstallOperation,
    UpdateOperation,
)
from simulators.device.capture import read_capture
from simulators.device.cpe import Cpe
from simulators.device.deployment import is_older, uuid_of
from simulators.device.jobs import Outcome
from simulators.device.timing import Timing
from simulators.device.units import NO_UUID
from simulators.trees import built_in
from tests.simulators.device.conversing import SMALL, START, Conversation, ask, converse, device, fault_of
from tests.simulators.device.serving import only_job, serve

URL = "http://packages.example/meter-1.2.0.ipk"
PACKAGE = b"name=meter\nversion=1.2.0\nvendor=example.org\ndescription=Counts\n\n" + bytes(32)
UUID = "1a2b3c4d-0000-4000-8000-0123456789ab"
AGENT = "0b0f4d1c-8f5c-5a3e-9a3d-2f6d3e1c7a40"
MODULES = "Device.SoftwareModules."
ENVIRONMENT = f"{MODULES}ExecEnv.1"
EVENTS = [("11 DU STATE CHANGE COMPLETE", ""), ("M ChangeDUState", "key")]


def router() -> Cpe:
    """A device with an execution environment and one unit, ``speedtest-agent`` 2.1.0."""
    return device(built_in("tr181-router"))


def package(name: str, version: str, *labels: str) -> bytes:
    """A package with these lines."""
    return "\n".join((f"name={name}", f"version={version}", *labels)).encode() + b"\n\n"


def start(cpe: Cpe, now: float, *operations: DeploymentOperation) -> None:
    """Ask for operations."""
    assert ask(cpe, now, ChangeDUState(operations, "key")) == [ChangeDUStateResponse()]
    cpe.advance(now)


def results(heard: Conversation) -> tuple[OperationResult, ...]:
    """What the device tells of its operations."""
    assert [event for event in heard.events if event[0] != "2 PERIODIC"] == EVENTS
    (told,) = heard.requests
    assert isinstance(told, DUStateChangeComplete)
    assert told.command_key == "key"
    return told.results


def result(cpe: Cpe, now: float) -> OperationResult:
    """What the device tells of its only operation."""
    (told,) = results(converse(cpe, now))
    return told


def values(cpe: Cpe, path: str) -> dict[str, str]:
    """The parameters of an object by their names in it."""
    return {name.removeprefix(path): cpe.tree.value_of(name, leaf, START) for name, leaf in cpe.tree.leaves(path)}


def code(outcome: OperationResult) -> int:
    """The fault code of a result; only what never was a unit has failed, what was one is still installed."""
    if outcome.fault.fault_code:
        assert outcome.current_state == ("Installed" if outcome.deployment_unit_ref else "Failed")
    return outcome.fault.fault_code


def test_a_unit_is_fetched_installed_shown_in_the_data_model_and_told() -> None:
    cpe = router()
    start(cpe, START, InstallOperation(URL, username="user", password="secret"))
    job = serve(cpe, START, PACKAGE)
    assert (job.url, job.username, job.password) == (URL, "user", "secret")
    told = result(cpe, START + 3)
    assert code(told) == 0
    assert (told.uuid, told.version) == (uuid_of("meter", "example.org"), "1.2.0")
    assert (told.current_state, told.resolved) == ("Installed", True)
    assert told.deployment_unit_ref == f"{MODULES}DeploymentUnit.2"
    assert told.execution_unit_ref_list == f"{MODULES}ExecutionUnit.2"
    assert (told.start_time.timestamp(), told.complete_time.timestamp()) == (START, START + 2)
    unit = values(cpe, f"{MODULES}DeploymentUnit.2.")
    assert (unit["Name"], unit["Version"], unit["Vendor"]) == ("meter", "1.2.0", "example.org")
    assert (unit["Status"], unit["URL"], unit["UUID"]) == ("Installed", URL, told.uuid)
    assert (unit["ExecutionEnvRef"], unit["Installed"]) == (ENVIRONMENT, "2023-11-14T22:13:22Z")
    assert values(cpe, f"{MODULES}ExecutionUnit.2.")["Status"] == "Active"
    assert cpe.tree.value(f"{MODULES}DeploymentUnitNumberOfEntries", START) == "2"
    active = cpe.tree.value(f"{ENVIRONMENT}.ActiveExecutionUnits", START)
    assert active == f"{MODULES}ExecutionUnit.1,{MODULES}ExecutionUnit.2"


def test_a_unit_takes_the_uuid_that_the_acs_gives() -> None:
    cpe = router()
    start(cpe, START, InstallOperation(URL, UUID, execution_env_ref=f"{ENVIRONMENT}."))
    serve(cpe, START, b"anything")
    told = result(cpe, START + 3)
    assert (told.uuid, told.version) == (UUID, "1.2.0")
    assert values(cpe, f"{MODULES}DeploymentUnit.2.")["Name"] == "meter"


def test_the_uuid_follows_from_name_and_vendor() -> None:
    """Each of the two from another reckoning of version 5 UUIDs in the namespace of domain names."""
    assert uuid_of("sample1", "broadband-forum.org") == "fe2d23bd-dd02-51b8-af04-f5c18b2b0aa6"
    assert uuid_of("sample.1", "broadband-forum.org") == "0fbf4583-efd7-51b6-8483-7b347f4b521d"


def test_an_update_puts_another_version_in_place_of_a_unit() -> None:
    cpe = router()
    start(cpe, START, UpdateOperation(AGENT, url="http://packages.example/agent"))
    assert values(cpe, f"{MODULES}DeploymentUnit.1.")["Status"] == "Updating"
    serve(cpe, START, package("speedtest-agent", "2.2.0"))
    told = result(cpe, START + 3)
    assert (code(told), told.version, told.current_state) == (0, "2.2.0", "Installed")
    unit = values(cpe, f"{MODULES}DeploymentUnit.1.")
    assert (unit["Version"], unit["Status"], unit["URL"]) == ("2.2.0", "Installed", "http://packages.example/agent")
    assert values(cpe, f"{MODULES}ExecutionUnit.1.")["Version"] == "2.2.0"


def test_an_update_without_a_url_takes_the_one_that_the_unit_came_from() -> None:
    cpe = router()
    start(cpe, START, UpdateOperation(AGENT))
    assert only_job(cpe, START).url == "http://packages.example.net/speedtest-agent-2.1.0.ipk"


def test_an_update_of_everything_has_a_result_for_each_unit() -> None:
    cpe = router()
    start(cpe, START, InstallOperation(URL, UUID))
    serve(cpe, START, PACKAGE)
    assert code(result(cpe, START + 3)) == 0
    start(cpe, START + 10, UpdateOperation())
    serve(cpe, START + 10, package("speedtest-agent", "3.0"))
    serve(cpe, START + 12, status=404)
    first, second = results(converse(cpe, START + 15))
    assert (first.uuid, first.version, code(first)) == (AGENT, "3.0", 0)
    assert (second.uuid, second.version, code(second)) == (UUID, "1.2.0", 9016)
    assert values(cpe, f"{MODULES}DeploymentUnit.2.")["Status"] == "Installed"


def test_a_unit_that_is_removed_is_gone_with_its_execution_unit() -> None:
    cpe = router()
    cpe.timing = Timing(unit_change=(5.0, 5.0))
    start(cpe, START, UninstallOperation(AGENT, "2.1.0", ENVIRONMENT))
    assert values(cpe, f"{MODULES}DeploymentUnit.1.")["Status"] == "Uninstalling"
    told = result(cpe, START + 5)
    assert (code(told), told.current_state, told.version) == (0, "Uninstalled", "2.1.0")
    # What was removed is told by where it was.
    assert told.deployment_unit_ref == f"{MODULES}DeploymentUnit.1"
    assert told.execution_unit_ref_list == f"{MODULES}ExecutionUnit.1"
    for table in ("DeploymentUnit", "ExecutionUnit"):
        assert cpe.tree.value(f"{MODULES}{table}NumberOfEntries", START) == "0"
    assert cpe.tree.value(f"{ENVIRONMENT}.ActiveExecutionUnits", START) == ""


def test_operations_are_done_in_order_each_with_its_own_result() -> None:
    cpe = router()
    start(
        cpe,
        START,
        InstallOperation(URL, UUID),
        UninstallOperation("no uuid"),
        UpdateOperation(UUID, url=URL),
        UninstallOperation(UUID),
    )
    serve(cpe, START, PACKAGE)
    serve(cpe, START + 2, package("meter", "1.3"))
    told = results(converse(cpe, START + 5))
    assert [(each.uuid, each.current_state, code(each)) for each in told] == [
        (UUID, "Installed", 0),
        (NO_UUID, "Failed", 9022),
        (UUID, "Installed", 0),
        (UUID, "Uninstalled", 0),
    ]


@pytest.mark.parametrize(
    ("operation", "fault"),
    [
        (InstallOperation(URL, "12345"), 9022),
        (InstallOperation(URL, execution_env_ref=f"{MODULES}ExecEnv.9"), 9023),
        (InstallOperation("http://user:secret@packages.example/a"), 9003),
        (InstallOperation("ftp://packages.example/a"), 9013),
        (UpdateOperation(UUID), 9028),
        (UpdateOperation(AGENT, "9.9"), 9028),
        (UpdateOperation("x"), 9022),
        (UpdateOperation(url="http://packages.example/unknown"), 9028),
        (UninstallOperation(UUID), 9028),
        (UninstallOperation(AGENT, "9.9"), 9028),
        (UninstallOperation(AGENT, execution_env_ref=f"{MODULES}ExecEnv.9"), 9028),
    ],
)
def test_what_cannot_be_done_fails_before_anything_is_fetched(operation: DeploymentOperation, fault: int) -> None:
    cpe = router()
    start(cpe, START, operation)
    assert cpe.take_jobs() == ()
    assert code(result(cpe, START)) == fault
    assert cpe.tree.value(f"{MODULES}DeploymentUnitNumberOfEntries", START) == "1"


@pytest.mark.parametrize(
    ("operation", "head", "fault"),
    [
        (InstallOperation(URL), b"<html>log in</html>", 9018),
        (InstallOperation(URL), b"", 9018),
        (InstallOperation(URL), package("a", "1", "environment=OSGi"), 9025),
        (InstallOperation(URL), package("a", "1", "environment=linux container", "size=99999999"), 9027),
        (InstallOperation(URL, AGENT), package("speedtest-agent", "2.1.0"), 9026),
        (UpdateOperation(AGENT), package("speedtest-agent", "2.0.9"), 9030),
        (UpdateOperation(AGENT), package("speedtest-agent", "2.1.0"), 9032),
    ],
)
def test_a_package_that_cannot_be_put_in_place_changes_nothing(
    operation: DeploymentOperation, head: bytes, fault: int
) -> None:
    cpe = router()
    before = values(cpe, MODULES)
    start(cpe, START, operation)
    serve(cpe, START, head)
    assert code(result(cpe, START + 3)) == fault
    assert values(cpe, MODULES) == before


@pytest.mark.parametrize(("status", "fault"), [(0, 9015), (401, 9012), (404, 9016), (500, 9016)])
def test_a_package_that_cannot_be_fetched_is_told_with_the_reason(status: int, fault: int) -> None:
    cpe = router()
    start(cpe, START, InstallOperation(URL))
    serve(cpe, START, PACKAGE, status=status)
    assert code(result(cpe, START + 3)) == fault


def test_nothing_is_installed_into_an_environment_that_is_off() -> None:
    for environment in (None, ENVIRONMENT):
        cpe = router()
        cpe.tree.write({f"{ENVIRONMENT}.Enable": "0"})
        start(cpe, START, InstallOperation(URL, execution_env_ref=environment))
        assert code(result(cpe, START)) == 9024


def test_of_a_unit_in_two_versions_the_version_has_to_be_said() -> None:
    cpe = router()
    start(cpe, START, InstallOperation(URL, AGENT))
    serve(cpe, START, package("speedtest-agent", "3.0"))
    assert code(result(cpe, START + 3)) == 0
    start(cpe, START + 10, UpdateOperation(AGENT, url=URL))
    assert code(result(cpe, START + 10)) == 9031
    start(cpe, START + 20, UpdateOperation(AGENT, "2.1.0", URL))
    serve(cpe, START + 20, package("speedtest-agent", "3.0"))
    assert code(result(cpe, START + 23)) == 9032
    start(cpe, START + 30, UninstallOperation(AGENT))
    assert [code(each) for each in results(converse(cpe, START + 30))] == [0, 0]


def test_a_unit_with_which_something_is_going_on_is_left_alone() -> None:
    cpe = router()
    cpe.tree.write({f"{MODULES}DeploymentUnit.1.Status": "Updating"})
    start(cpe, START, UninstallOperation(AGENT))
    assert code(result(cpe, START)) == 9029


def test_results_are_told_in_each_session_until_the_acs_knows() -> None:
    cpe = router()
    start(cpe, START, UninstallOperation(AGENT))
    assert cpe.advance(START)
    cpe.open(START).begin(START)
    cpe.session_failed(START)
    cpe.restart(START + 60)
    heard = converse(cpe, START + 60)
    assert set(EVENTS) < set(heard.events)
    assert [type(each) for each in heard.requests] == [DUStateChangeComplete]
    assert not cpe.wants_session


def test_a_restart_fails_what_it_cuts_off_and_the_rest_goes_on_afterwards() -> None:
    cpe = router()
    cpe.timing = Timing(boot=(60.0, 60.0), unit_change=(5.0, 5.0))
    start(cpe, START, InstallOperation(URL), UninstallOperation(AGENT))
    job = only_job(cpe, START)
    cpe.restart(START + 1)
    cpe.job_done(job, Outcome(200, 10, START, START + 2, PACKAGE), START + 2)
    assert cpe.advance(START + 61)
    assert converse(cpe, START + 61).events == [("1 BOOT", "")]
    first, second = results(converse(cpe, START + 66))
    assert (code(first), code(second)) == (9017, 0)
    start(cpe, START + 70, InstallOperation(URL))
    serve(cpe, START + 70, PACKAGE)
    cpe.restart(START + 73)
    told = converse(cpe, START + 133)
    assert ("11 DU STATE CHANGE COMPLETE", "") in told.events
    assert cpe.tree.value(f"{MODULES}DeploymentUnitNumberOfEntries", START) == "0"


@pytest.mark.parametrize(("operation", "fault"), [(UpdateOperation(AGENT), 9017), (UninstallOperation(AGENT), 9001)])
def test_a_unit_outlives_a_change_that_a_restart_cuts_off(operation: DeploymentOperation, fault: int) -> None:
    cpe = router()
    cpe.timing = Timing(boot=(0.0, 0.0), unit_change=(5.0, 5.0))
    start(cpe, START, operation)
    cpe.restart(START + 1)
    heard = converse(cpe, START + 1)
    (message,) = heard.requests
    assert isinstance(message, DUStateChangeComplete)
    assert [code(each) for each in message.results] == [fault]
    unit = values(cpe, f"{MODULES}DeploymentUnit.1.")
    assert (unit["Status"], unit["Version"]) == ("Installed", "2.1.0")


def test_a_unit_can_be_in_two_environments() -> None:
    cpe = router()
    other = f"{MODULES}ExecEnv.{cpe.tree.add(f'{MODULES}ExecEnv.')}"
    cpe.tree.write({f"{other}.Enable": "1", f"{other}.Status": "Up", f"{other}.AvailableDiskSpace": "9999"})
    start(cpe, START, InstallOperation(URL, AGENT, execution_env_ref=other))
    serve(cpe, START, package("speedtest-agent", "2.1.0"))
    assert code(result(cpe, START + 3)) == 0
    start(cpe, START + 10, UninstallOperation(AGENT, execution_env_ref=other))
    assert result(cpe, START + 10).deployment_unit_ref == f"{MODULES}DeploymentUnit.2"
    assert cpe.tree.value(f"{MODULES}DeploymentUnitNumberOfEntries", START) == "1"


def test_a_factory_reset_brings_back_what_was_there_and_forgets_the_rest() -> None:
    cpe = router()
    start(cpe, START, UninstallOperation(AGENT))
    converse(cpe, START)
    ask(cpe, START + 1, ChangeDUState((InstallOperation(URL),), "key"), FactoryReset())
    heard = converse(cpe, START + 1)
    assert heard.events == [("0 BOOTSTRAP", ""), ("1 BOOT", "")]
    assert cpe.take_jobs() == ()
    assert cpe.tree.value(f"{MODULES}DeploymentUnitNumberOfEntries", START) == "1"


def test_no_operations_are_refused_for_there_is_no_result_to_tell() -> None:
    cpe = router()
    assert fault_of(ask(cpe, START, ChangeDUState((), "key"))).code == 9003
    cpe.advance(START)
    assert not cpe.wants_session


def test_too_many_operations_are_refused() -> None:
    cpe = router()
    many = ChangeDUState((UninstallOperation(AGENT),) * 17, "key")
    assert fault_of(ask(cpe, START, many)).code == 9004
    *accepted, last = ask(cpe, START, *(ChangeDUState((UninstallOperation(AGENT),), str(each)) for each in range(5)))
    assert accepted == [ChangeDUStateResponse()] * 4
    assert fault_of([last]).code == 9004


def test_a_device_can_change_its_units_by_itself() -> None:
    cpe = router()
    cpe.works.units.change((UninstallOperation(AGENT),), None, START)
    heard = converse(cpe, START)
    assert ("12 AUTONOMOUS DU STATE CHANGE COMPLETE", "") in heard.events
    (told,) = heard.requests
    assert isinstance(told, AutonomousDUStateChangeComplete)
    assert [(each.operation_performed, each.uuid) for each in told.results] == [("Uninstall", AGENT)]


def test_the_acs_may_not_want_to_hear_of_changes_of_the_devices_own() -> None:
    rows = (
        *SMALL.splitlines(),
        "Device.ManagementServer.DUStateChangeComplPolicy.Enable,false,true,false,xsd:boolean",
        f"{MODULES}DeploymentUnit,true,false,,",
    )
    cpe = device(read_capture(rows))
    cpe.works.units.change((UninstallOperation(AGENT),), None, START)
    assert converse(cpe, START).events == [("2 PERIODIC", "")]


def test_only_devices_with_software_modules_have_the_rpc() -> None:
    for cpe, has_it in ((router(), True), (device(), False)):
        (methods,) = ask(cpe, START, GetRPCMethods())
        assert isinstance(methods, GetRPCMethodsResponse)
        assert ("ChangeDUState" in methods.method_list) is has_it
    assert fault_of(ask(device(), START, ChangeDUState((), "key"))).code == 9000


@pytest.mark.parametrize(
    ("version", "other", "older"),
    [
        ("1.9", "1.10", True),
        ("1.10", "1.9", False),
        ("2.0", "2.0", False),
        ("2.0", "2.0.1", True),
        ("2.0-a", "2.0-b", True),
    ],
)
def test_versions_are_compared_number_by_number(version: str, other: str, older: bool) -> None:
    assert is_older(version, other) is older
