"""What a device quotes of the secrets that it was sent is masked, and no more than that."""

import pytest

from acs.domain.operation import Operation, OperationKind, Variable
from acs.domain.secret_names import MASK
from acs.provisioning.arguments import request_from
from acs.provisioning.context import Context
from acs.provisioning.planner import plan_for
from acs.provisioning.quoted import secrets_of, without
from cwmp_schemas.datamodel import lookup
from cwmp_schemas.faults import Fault, ParameterFault
from cwmp_schemas.rpc.parameters import ParameterValue, SetParameterValues
from cwmp_schemas.values import XsdType

SSID = "Device.WiFi.SSID.1.SSID"
SECRET = "Device.WiFi.AccessPoint.1.Security.KeyPassphrase"


def test_the_secrets_of_a_write_are_the_values_of_secret_parameters() -> None:
    values = [ParameterValue(SSID, "shown", XsdType.STRING), ParameterValue(SECRET, " hidden ", XsdType.STRING)]
    assert secrets_of(SetParameterValues(tuple(values))) == ["hidden"]


def test_the_secrets_of_a_transfer_are_its_password_and_its_address() -> None:
    address = "http://user:in-the-address@192.0.2.1/a"
    rpc = request_from("Download", {"url": address, "file_type": "3 Config", "username": "u", "password": "pass"})
    assert set(secrets_of(rpc)) == {address, "in-the-address", "pass"}


def test_the_secrets_of_a_vendors_method_are_the_elements_with_secret_names() -> None:
    rpc = request_from("X_VENDOR_Admit", {"AdminPassword": "a", "Access": {"WPAKey": "b", "Owner": "c"}})
    assert set(secrets_of(rpc)) == {"a", "b"}


@pytest.mark.parametrize(
    ("text", "secrets", "expected"),
    [
        ("'open sesame' is not allowed", ["open sesame"], f"'{MASK}' is not allowed"),
        ("abcdef and abcd", ["abcd", "abcdef"], f"{MASK} and {MASK}"),
        ("a bad value: a", ["a"], f"{MASK} bad value: {MASK}"),
        ("code 12, parameter 123", ["12"], f"code {MASK}, parameter 123"),
        ("nothing of it", ["secret"], "nothing of it"),
        ("[.*]", [".*"], f"[{MASK}]"),
        ("long, *", ["long", "*"], f"{MASK}, {MASK}"),
        ("all of it", [], "all of it"),
    ],
)
def test_a_secret_is_masked_wherever_it_stands_and_a_short_one_where_it_stands_alone(
    text: str, secrets: list[str], expected: str
) -> None:
    assert without(text, secrets) == expected


def test_no_fault_of_a_plan_quotes_a_secret() -> None:
    variables = Variable(SECRET, "open sesame", "string"), Variable(SSID, "home", "string")
    plan = plan_for(Operation(OperationKind.SET, variables), Context(lookup=lookup))
    plan.next()
    said = ParameterFault(SECRET, 9007, "'open sesame' is not allowed"), ParameterFault(SSID, 9007, "'home' is taken")
    plan.answered(Fault(9003, "open sesame?", said))
    fault = plan.outcome.fault
    assert fault is not None
    assert (fault.string, [each.string for each in fault.parameters]) == (
        f"{MASK}?",
        [f"'{MASK}' is not allowed", "'home' is taken"],
    )
    assert "sesame" not in str(plan.progress()["state"]["fault"])  # type: ignore[index,call-overload]
