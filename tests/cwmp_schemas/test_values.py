"""Every CWMP type to and from Python, with the spellings devices use."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwmp_schemas import events
from cwmp_schemas.faults import Fault
from cwmp_schemas.style import WireStyle
from cwmp_schemas.values import (
    INTEGER_RANGES,
    UNKNOWN_TIME,
    Value,
    XsdType,
    parse_type,
    same_value,
    to_python,
    to_text,
)
from tests.cwmp_schemas.strategies import MOMENTS

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)


def values_of(kind: XsdType) -> st.SearchStrategy[Value]:
    match kind:
        case XsdType.STRING:
            return st.text()
        case XsdType.BOOLEAN:
            return st.booleans()
        case XsdType.DATE_TIME:
            return MOMENTS
        case XsdType.BASE64 | XsdType.HEX_BINARY:
            return st.binary()
        case XsdType.DECIMAL:
            return st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=6)
        case XsdType.FLOAT | XsdType.DOUBLE:
            return st.floats(allow_nan=False)
        case _:
            return st.integers(*INTEGER_RANGES[kind])


@pytest.mark.parametrize("kind", XsdType)
def test_what_is_written_is_read_back(kind: XsdType) -> None:
    @settings(derandomize=True, deadline=None, max_examples=100)
    @given(values_of(kind))
    def read_back(value: Value) -> None:
        assert to_python(kind, to_text(kind, value)) == value

    read_back()


@pytest.mark.parametrize("kind", XsdType)
def test_any_text_is_a_value_or_a_clear_error(kind: XsdType) -> None:
    @settings(derandomize=True, deadline=None, max_examples=300)
    @given(st.text() | st.from_regex(r"[-+]?[0-9eE._:TZ]{0,30}", fullmatch=True))
    def value_or_error(text: str) -> None:
        try:
            value = to_python(kind, text)
        except ValueError as error:
            assert kind.value in str(error) or "is not" in str(error) or "outside" in str(error)
            assert len(str(error)) < 200
        else:
            assert len(to_text(kind, value)) <= max(250, 2 * len(text))

    value_or_error()


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (XsdType.BOOLEAN, "1", True),
        (XsdType.BOOLEAN, "TRUE", True),
        (XsdType.BOOLEAN, " false ", False),
        (XsdType.BOOLEAN, "off", False),
        (XsdType.INT, " -5 ", -5),
        (XsdType.INT, "+5", 5),
        (XsdType.UNSIGNED_INT, "4294967295", 4294967295),
        (XsdType.UNSIGNED_LONG, "18446744073709551615", 2**64 - 1),
        (XsdType.DATE_TIME, "2026-01-02T12:00:00Z", NOON),
        (XsdType.DATE_TIME, "2026-01-02T12:00:00", NOON),
        (XsdType.DATE_TIME, "2026-01-02 12:00:00.000", NOON),
        (XsdType.DATE_TIME, "2026-01-02T14:00:00+02:00", NOON),
        (XsdType.DATE_TIME, "0001-01-01T00:00:00Z", UNKNOWN_TIME),
        (XsdType.BASE64, "AA\n==", b"\0"),
        (XsdType.HEX_BINARY, "0aFF", b"\x0a\xff"),
        (XsdType.DECIMAL, "1.50", Decimal("1.5")),
        (XsdType.FLOAT, "INF", float("inf")),
        (XsdType.STRING, " kept ", " kept "),
    ],
)
def test_spellings(kind: XsdType, text: str, value: Value) -> None:
    assert to_python(kind, text) == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (XsdType.BOOLEAN, "2"),
        (XsdType.BOOLEAN, ""),
        (XsdType.INT, "2147483648"),
        (XsdType.UNSIGNED_INT, "-1"),
        (XsdType.UNSIGNED_INT, "1_000"),
        (XsdType.UNSIGNED_INT, "٣"),
        (XsdType.UNSIGNED_INT, "0x10"),
        (XsdType.UNSIGNED_INT, "9" * 5000),
        (XsdType.DATE_TIME, "2026-13-01T00:00:00Z"),
        (XsdType.DATE_TIME, "9999-12-31T23:59:59-14:00"),
        (XsdType.DATE_TIME, "2026-01-02T222222222222203what:04:05Z"),
        (XsdType.BASE64, "A"),
        (XsdType.BASE64, "é"),
        (XsdType.HEX_BINARY, "0"),
        (XsdType.DECIMAL, "1e5000"),
        (XsdType.DECIMAL, "NaN"),
        (XsdType.FLOAT, "1_0"),
    ],
)
def test_what_is_no_value_of_its_type(kind: XsdType, text: str) -> None:
    with pytest.raises(ValueError, match=r"is not|outside"):
        to_python(kind, text)


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        (XsdType.BOOLEAN, True, "1"),
        (XsdType.BOOLEAN, "False", "0"),
        (XsdType.UNSIGNED_INT, "007", "7"),
        (XsdType.DATE_TIME, NOON.astimezone(timezone(timedelta(hours=5))), "2026-01-02T12:00:00Z"),
        (XsdType.DATE_TIME, UNKNOWN_TIME, "0001-01-01T00:00:00Z"),
        (XsdType.HEX_BINARY, "0aff", "0AFF"),
        (XsdType.STRING, "1", "1"),
        (XsdType.STRING, 5, "5"),
        (XsdType.STRING, True, "true"),
        (XsdType.STRING, NOON, "2026-01-02T12:00:00Z"),
        (XsdType.DECIMAL, Decimal("1E+2"), "100"),
        (XsdType.DOUBLE, float("-inf"), "-INF"),
    ],
)
def test_one_form_is_written(kind: XsdType, value: Value, text: str) -> None:
    assert to_text(kind, value) == text


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (XsdType.UNSIGNED_INT, -1),
        (XsdType.UNSIGNED_INT, True),
        (XsdType.BOOLEAN, 1),
        (XsdType.DATE_TIME, datetime(2026, 1, 1)),  # noqa: DTZ001
        (XsdType.STRING, b"x"),
        (XsdType.INT, 1.5),
    ],
)
def test_what_cannot_be_written_as_its_type(kind: XsdType, value: Value) -> None:
    with pytest.raises(ValueError, match=r"cannot be sent|outside|no time zone"):
        to_text(kind, value)


def test_the_style_bends_booleans_and_times() -> None:
    style = WireStyle(boolean_words=True, milliseconds=True)
    assert to_text(XsdType.BOOLEAN, "1", style) == "true"
    assert to_text(XsdType.DATE_TIME, NOON, style) == "2026-01-02T12:00:00.000Z"


@pytest.mark.parametrize(
    ("kind", "one", "other", "same"),
    [
        (XsdType.BOOLEAN, "1", "TRUE", True),
        (XsdType.BOOLEAN, "1", "0", False),
        (XsdType.UNSIGNED_INT, "007", "7", True),
        (XsdType.DATE_TIME, "2026-01-02T12:00:00Z", "2026-01-02T13:00:00+01:00", True),
        (XsdType.HEX_BINARY, "0a", "0A", True),
        (XsdType.STRING, "a", "A", False),
        (XsdType.INT, "auto", "auto", True),
        (XsdType.INT, "auto", "5", False),
    ],
)
def test_the_same_value_in_two_spellings(kind: XsdType, one: str, other: str, same: bool) -> None:
    assert same_value(kind, one, other) is same


def test_types_in_any_spelling() -> None:
    assert parse_type("xsd:unsignedInt") is parse_type("UNSIGNEDINT") is parse_type("x:uint") is XsdType.UNSIGNED_INT
    assert parse_type("xsd:string(64)") is XsdType.STRING
    assert parse_type("xsd:base64Binary") is XsdType.BASE64
    assert parse_type("") is parse_type("xsd:") is parse_type("IPAddress") is None


def test_base64_belongs_to_soap_encoding() -> None:
    assert XsdType.BASE64.qualified == "soap-enc:base64"
    assert XsdType.UNSIGNED_INT.qualified == "xsd:unsignedInt"


@pytest.mark.parametrize(
    ("code", "canonical"),
    [
        ("2 PERIODIC", "2 PERIODIC"),
        ("2", "2 PERIODIC"),
        ("2  periodic", "2 PERIODIC"),
        ("M REBOOT", "M Reboot"),
        ("14 heartbeat", "14 HEARTBEAT"),
        ("X 00D09E Smoke", "X 00D09E Smoke"),
        ("99 NEW", "99 NEW"),
        ("", ""),
    ],
)
def test_event_codes_are_open_strings_with_a_usual_spelling(code: str, canonical: str) -> None:
    assert events.canonical(code) == canonical


@pytest.mark.parametrize(
    ("code", "whose"), [(9005, "Client"), (9021, "Client"), (9004, "Server"), (8003, "Client"), (0, "Server")]
)
def test_a_fault_is_the_askers_or_the_answerers(code: int, whose: str) -> None:
    assert Fault(code).soap_code == whose
