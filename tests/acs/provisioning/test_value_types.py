import re

import pytest

from acs.domain.secret_names import is_secret_name
from acs.provisioning.value_types import TypedValue, better_type, explicit_type, is_secret, means_the_same, typed_value
from cwmp_schemas.datamodel import _outline, lookup
from cwmp_schemas.style import WireStyle
from cwmp_schemas.values import XsdType


@pytest.mark.parametrize(
    ("spelling", "kind"),
    [
        (None, None),
        ("string", None),
        ("integer", None),
        ("Boolean", None),
        ("xsd:string", XsdType.STRING),
        ("unsignedInt", XsdType.UNSIGNED_INT),
        ("int", XsdType.INT),
        ("xsd:boolean", XsdType.BOOLEAN),
        ("dateTime", XsdType.DATE_TIME),
        ("base64", XsdType.BASE64),
    ],
)
def test_only_the_three_plain_words_leave_the_type_open(spelling: str | None, kind: XsdType | None) -> None:
    assert explicit_type(spelling) is kind


def test_a_word_that_names_no_type_is_refused() -> None:
    with pytest.raises(ValueError, match="'number' names no type; known are: integer, string, int"):
        explicit_type("number")


@pytest.mark.parametrize(
    ("value", "value_type", "hints", "expected"),
    [
        ("1", "unsignedInt", (XsdType.STRING, XsdType.STRING), TypedValue("1", XsdType.UNSIGNED_INT)),
        ("1", "integer", (XsdType.STRING, XsdType.UNSIGNED_INT), TypedValue("1", XsdType.STRING)),
        ("1", "integer", (None, XsdType.UNSIGNED_INT), TypedValue("1", XsdType.UNSIGNED_INT)),
        ("1", "integer", (None, None), TypedValue("1", XsdType.INT)),
        ("1", None, (None, None), TypedValue("1", XsdType.STRING)),
        ("TRUE", "boolean", (None, None), TypedValue("1", XsdType.BOOLEAN)),
        # A guess that cannot hold the value is passed over.
        ("auto", None, (XsdType.UNSIGNED_INT, XsdType.BOOLEAN), TypedValue("auto", XsdType.STRING)),
        ("-1", "integer", (XsdType.UNSIGNED_INT, None), TypedValue("-1", XsdType.INT)),
        ("3000000000", "integer", (None, None), TypedValue("3000000000", XsdType.UNSIGNED_INT)),
        ("-3000000000", "integer", (None, None), TypedValue("-3000000000", XsdType.LONG)),
        ("2024-01-31T10:00:00+02:00", "dateTime", (), TypedValue("2024-01-31T08:00:00Z", XsdType.DATE_TIME)),
    ],
)
def test_the_type_sent_is_the_first_that_can_hold_the_value(
    value: str, value_type: str | None, hints: tuple[XsdType | None, ...], expected: TypedValue
) -> None:
    assert typed_value(value, value_type, *hints) == expected


def test_a_value_that_its_explicit_type_cannot_hold_is_refused_whatever_else_could() -> None:
    with pytest.raises(ValueError, match="'x' is not an integer"):
        typed_value("x", "unsignedInt", XsdType.STRING)


def test_the_style_bends_the_text() -> None:
    assert typed_value("1", "boolean", style=WireStyle(boolean_words=True)).value == "true"


def test_a_type_found_after_a_refusal_is_taken_if_it_can_hold_the_value() -> None:
    assert better_type("1", XsdType.STRING, XsdType.BOOLEAN) is XsdType.BOOLEAN
    assert better_type("x", XsdType.STRING, XsdType.BOOLEAN) is XsdType.STRING
    assert better_type("x", XsdType.STRING, None) is XsdType.STRING


def test_values_are_the_same_by_the_type_of_either() -> None:
    assert means_the_same(TypedValue("true", XsdType.STRING), TypedValue("1", XsdType.BOOLEAN))
    assert means_the_same(TypedValue("007", XsdType.INT), TypedValue("7", XsdType.STRING))
    assert not means_the_same(TypedValue("007", XsdType.STRING), TypedValue("7", XsdType.STRING))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("Device.ManagementServer.Password", True),
        ("Device.ManagementServer.ConnectionRequestPassword", True),
        ("Device.WiFi.AccessPoint.1.Security.KeyPassphrase", True),
        ("Device.WiFi.AccessPoint.1.Security.WEPKey", True),
        ("InternetGatewayDevice.LANDevice.1.WLANConfiguration.1.PreSharedKey.1.PreSharedKey", True),
        ("Device.X_ACME_Password_2", True),
        ("Device.WiFi.AccessPoint.1.WPS.PIN", True),
        ("Device.X_ACME_VPN.PrivateKey", True),
        ("Device.X_ACME_Cloud.Token", True),
        ("Device.Routing.Babel.MACKeySet.1.MACKey.1.KeyValue", True),
        ("Device.UPA.Interface.1.EncryptionKey", True),
        ("Device.MoCA.Interface.1.PasswordHash", True),
        ("Device.NAT.PortMapping", False),
        ("Device.X_ACME_Cloud.TokenName", False),
        ("Device.ManagementServer.Username", False),
        ("Device.Password.Enable", False),
        ("Device.ManagementServer.PasswordLength", False),
        ("", False),
    ],
)
def test_secrets_are_told_by_their_last_segment(path: str, expected: bool) -> None:
    assert is_secret_name(path) is expected


# Names of rows, references, and what is public.
NO_SECRETS = {
    *("AliasKey", "AppKey", "AvailableInterfaceKey", "BridgeKey", "ClassificationKey", "FilterKey", "FlowKey"),
    *("Key", "MarkingKey", "ParameterKey", "PolicerKey", "QueueKey"),
    *("Credential", "PublicCredential", "TargetPublicCredential"),
}


def test_a_published_parameter_that_sounds_like_a_secret_is_one_or_is_known_to_be_none() -> None:
    sounds = re.compile(r"(key|keyvalue|passwd|password|passphrase|secret|credential|psk|token|hash)$", re.IGNORECASE)
    suspects = [path for path in _outline() if sounds.search(path.rpartition(".")[2])]
    assert len(suspects) > 100
    strange = [path for path in suspects if not is_secret(path, lookup)]
    assert {path.rpartition(".")[2] for path in strange} <= NO_SECRETS
