"""Variables as clients write them: what is taken, what is not, and what is told of it."""

import pytest
from pydantic import TypeAdapter

from acs.domain.operation import Variable
from api.problems import Problem
from api.reading import checked
from api.variables import VariableBodies, VariableBody, echoed

SSID = "Device.WiFi.SSID.1.SSID"
SECRET = "Device.WiFi.AccessPoint.1.Security.KeyPassphrase"


def read(document: object) -> list[VariableBody]:
    """Variables of a body."""
    return checked(TypeAdapter(VariableBodies), document)


def errors_of(document: object) -> dict[str, list[str]]:
    """What is wrong with which field."""
    with pytest.raises(Problem) as found:
        read(document)
    return {name: list(sentences) for name, sentences in found.value.extras.errors.items()}


@pytest.mark.parametrize(
    ("value", "value_type", "text", "kind"),
    [
        ("home", "string", "home", "string"),
        ("home", None, "home", None),
        ("", "string", "", "string"),
        ("-5", "integer", "-5", "integer"),
        (5, None, "5", "integer"),
        (5, "string", "5", "string"),
        (1.5, "decimal", "1.5", "decimal"),
        (True, None, "true", "boolean"),
        (False, "boolean", "false", "boolean"),
        ("TRUE", "boolean", "TRUE", "boolean"),
        ("0", "Boolean", "0", "Boolean"),
        ("4294967295", "unsignedInt", "4294967295", "unsignedInt"),
        ("4294967295", "xsd:unsignedInt", "4294967295", "xsd:unsignedInt"),
        ("aGVsbG8=", "base64", "aGVsbG8=", "base64"),
        ("2024-01-31T10:00:00Z", "dateTime", "2024-01-31T10:00:00Z", "dateTime"),
    ],
)
def test_values_are_texts_and_json_numbers_and_booleans_are_taken_for_theirs(
    value: object, value_type: str | None, text: str, kind: str | None
) -> None:
    (body,) = read([{"variable_name": SSID, "value": value, "value_type": value_type}])
    assert body.variable == Variable(SSID, text, kind)
    assert echoed(body).value == value, "it is echoed as it was sent"


def test_a_path_alone_is_a_variable_without_a_value() -> None:
    assert [each.variable for each in read([{"variable_name": "Device.WiFi."}, {"variable_name": SSID}])] == [
        Variable("Device.WiFi."),
        Variable(SSID),
    ]


@pytest.mark.parametrize(
    ("value", "value_type"),
    [
        ("abc", "integer"),
        ("1.5", "integer"),
        (1.5, "integer"),
        (True, "integer"),
        ("", "integer"),
        ("18446744073709551616", "integer"),
        ("yes", "boolean"),
        ("on", "xsd:boolean"),
        (2, "boolean"),
        ("-1", "unsignedInt"),
        ("4294967296", "unsignedInt"),
        ("yesterday", "dateTime"),
        ("*", "base64"),
        ("0x1", "hexBinary"),
    ],
)
def test_a_value_that_is_not_of_its_type_is_named_and_not_quoted(value: object, value_type: str) -> None:
    found = errors_of([{"variable_name": SSID, "value": value, "value_type": value_type}])
    assert found == {"[0].value": [f"cannot be read as {value_type}"]}


@pytest.mark.parametrize("value", [[], {}, ["a"], {"a": 1}])
def test_a_value_is_one_value(value: object) -> None:
    assert errors_of([{"variable_name": SSID, "value": value}]) == {
        "[0].value": ["must be a string, a number, true or false"]
    }


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "\x1b", "\ufffe"])
def test_what_xml_cannot_carry_is_refused(text: str) -> None:
    assert set(errors_of([{"variable_name": SSID, "value": text}, {"variable_name": f"Device.{text}"}])) == {
        "[0].value",
        "[1].variable_name",
    }


def test_all_that_is_wrong_is_named_at_once() -> None:
    found = errors_of(
        [
            {"variable_name": "Device..SSID", "value": "a"},
            {"variable_name": "", "value": "a"},
            {"variable_name": 7},
            {"variable_name": f"Device.{'a' * 300}"},
            {"variable_name": SSID, "value": "a" * 70_000},
            {"variable_name": SSID, "value": "a", "value_type": "colour"},
            {"value": "a"},
            {"variable_name": SSID, "values": "a"},
        ]
    )
    assert set(found) == {
        "[0].variable_name", "[1].variable_name", "[2].variable_name", "[3].variable_name", "[4].value",
        "[5].value_type", "[6].variable_name", "[7].values",
    }  # fmt: skip
    assert found["[5].value_type"][0].startswith("must be string, integer, boolean or one of string, int,")


def test_no_variable_is_too_few() -> None:
    assert list(errors_of([])) == ["body"]


@pytest.mark.parametrize("value", ["correct horse", 12345678])
def test_a_secret_is_echoed_masked(value: object) -> None:
    (body,) = read([{"variable_name": SECRET, "value": value}])
    assert echoed(body).value == "********"
    assert "correct" not in repr(body)
