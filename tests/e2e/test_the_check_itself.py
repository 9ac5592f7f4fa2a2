"""The checks on what the ACS sends complain about each form that some device cannot read."""

from pathlib import Path

import pytest

from tests.e2e.check import Heard, check_cwmp, official_program
from tests.e2e.envelopes import read
from tests.e2e.fake_acs import ENVELOPE
from tests.e2e.wire import HttpReply

NAMESPACE = "urn:dslforum-org:cwmp-1-2"
VALUE = (
    '<cwmp:SetParameterValues><ParameterList soap-enc:arrayType="cwmp:ParameterValueStruct[1]"><ParameterValueStruct>'
    '<Name>Device.X</Name><Value xsi:type="xsd:boolean">1</Value></ParameterValueStruct></ParameterList>'
    "<ParameterKey></ParameterKey></cwmp:SetParameterValues>"
)
GOOD = ENVELOPE % VALUE
TYPE = 'text/xml; charset="utf-8"'


def complaints(text: str, *headers: tuple[str, str]) -> list[str]:
    """What is said about a message."""
    heard = Heard()
    body = text.encode()
    given = headers or (("Content-Type", TYPE), ("Content-Length", str(len(body))))
    heard.add(HttpReply(200, "OK", given, body), read(body), namespace=NAMESPACE)
    return heard.take_complaints()


def test_the_form_that_all_devices_take_has_no_complaint() -> None:
    assert complaints(GOOD) == []
    assert complaints(GOOD.replace('"xsd:boolean">1<', '"xsd:string"> <')) == [], "white space may be a value"


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("<soap-env:Envelope", '<?xml version="1.0"?><soap-env:Envelope', "an XML declaration"),
        ("<soap-env:Envelope", "\n<soap-env:Envelope", "begins with"),
        ("<ParameterKey>", "\n<ParameterKey>", "white space between the elements of SetParameterValues"),
        ("soap-env", "SOAP-ENV", "begins with"),
        ("cwmp:SetP", "m:SetP", "has the prefix m"),
        ("<ParameterKey>", '<ParameterKey xmlns:q="urn:q">', "ParameterKey declares namespaces"),
        ("cwmp-1-2", "cwmp-1-0", "the namespace urn:dslforum-org:cwmp-1-0"),
        ("Struct[1]", "Struct[2]", "arrayType cwmp:ParameterValueStruct[2] with 1 items"),
        (' xsi:type="xsd:boolean"', "", "Value without xsi:type"),
        ("xsd:boolean", "cwmp:boolean", "whose prefix is not that of XML Schema"),
        (">1<", ">true<", "a boolean written true"),
        ('boolean">1', 'dateTime">2026-01-01T00:00:00.5Z', "a dateTime with a fraction"),
    ],
)
def test_each_departure_is_complained_about(old: str, new: str, complaint: str) -> None:
    both = GOOD.replace("xmlns:cwmp=", f'xmlns:m="{NAMESPACE}" xmlns:cwmp=')
    assert complaints(both) == []
    assert any(complaint in found for found in complaints(both.replace(old, new)))


@pytest.mark.parametrize(
    ("headers", "complaint"),
    [
        ((("Content-Type", "text/xml"), ("Content-Length", str(len(GOOD)))), "Content-Type"),
        ((("Content-Type", TYPE),), "Content-Length"),
        ((("Content-Type", TYPE), ("Content-Length", "1")), "Content-Length"),
        ((("Content-Type", TYPE), ("Content-Length", str(len(GOOD))), ("Server", "x/1.2")), "banner"),
    ],
)
def test_the_head_is_looked_at_as_well(headers: tuple[tuple[str, str], ...], complaint: str) -> None:
    (found,) = complaints(GOOD, *headers)
    assert complaint in found


def test_messages_are_kept_once_whatever_their_id_and_those_of_vendors_not_at_all() -> None:
    heard = Heard()
    for text in (
        GOOD,
        GOOD.replace(">a1<", ">a2<"),
        GOOD.replace("SetParameterValues", "X_V_Do"),
        GOOD.replace("Device.X", "B"),
    ):
        heard.add(HttpReply(200, "OK", (), text.encode()), read(text.encode()), namespace=NAMESPACE)
    assert [kept.method for kept in heard.kept] == ["SetParameterValues"] * 2


def test_the_official_check_finds_what_the_schemas_forbid(tmp_path: Path) -> None:
    program = official_program()
    heard = Heard()
    without_id = GOOD.replace('<cwmp:ID soap-env:mustUnderstand="1">a1</cwmp:ID>', "")
    for text in (GOOD, without_id.replace("Device.X", "Device.Y")):
        heard.add(
            HttpReply(200, "OK", (), text.encode()), read(text.encode()), namespace=NAMESPACE, asked_without_id=True
        )
    assert check_cwmp(heard.kept, program, tmp_path) == []
    wrong = GOOD.replace("ParameterKey", "ParameterLock")
    heard.add(HttpReply(200, "OK", (), wrong.encode()), read(wrong.encode()), namespace=NAMESPACE)
    (found,) = check_cwmp(heard.kept, program, tmp_path)
    assert found.startswith("00002-SetParameterValues.xml: ")


def test_where_the_official_check_is_can_be_said_by_a_file_or_a_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "check_cwmp.py").touch()
    monkeypatch.setenv("AIOACS_TEST_CHECK_CWMP", str(tmp_path))
    assert official_program() == tmp_path / "check_cwmp.py"
    (tmp_path / "other.py").touch()
    monkeypatch.setenv("AIOACS_TEST_CHECK_CWMP", str(tmp_path / "other.py"))
    assert official_program() == tmp_path / "other.py"
