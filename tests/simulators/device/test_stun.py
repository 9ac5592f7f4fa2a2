"""STUN messages are read and written as the RFCs say, and no datagram does harm."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.device.stun import (
    CONNECTION_REQUEST_BINDING,
    MAX_MESSAGE,
    TRANSACTION_LENGTH,
    Address,
    Attribute,
    Kind,
    StunError,
    StunMessage,
    address_value,
    decode_stun,
    encode_stun,
    is_signed,
    text_value,
)

# RFC 5769 sections 2.1, 2.2 and 2.3.
PASSWORD = "VOkJxbRl1RmTxUk/WvJxBt"
TRANSACTION = bytes.fromhex("2112a442b7e7a701bc34d686fa87dfae")
REQUEST = bytes.fromhex(
    "000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74002400046e0001ff"
    "80290008932ff9b151263b36000600096576746a3a68367659202020000800149aeaa70cbfd8cb56781ef2b5b2d3f249"
    "c1b571a280280004e57a3bcf"
)
RESPONSE = bytes.fromhex(
    "0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000080001a147e112a643"
    "000800142b91f599fd9e90c38c7489f92af9ba53f06be7d780280004c07d4c96"
)
RESPONSE_6 = bytes.fromhex(
    "010100482112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000140002a1470113a9fa"
    "a5d3f179bc25f4b5bed2b9d900080014a382954e4be67bf11784c97c8292c275bfe3ed4180280004c8fb0b4c"
)

CLASSIC = bytes(range(1, TRANSACTION_LENGTH + 1))
MESSAGES = st.builds(
    StunMessage,
    st.sampled_from(Kind),
    st.binary(min_size=TRANSACTION_LENGTH, max_size=TRANSACTION_LENGTH),
    st.lists(
        st.tuples(
            st.sampled_from([int(each) for each in Attribute if each is not Attribute.MESSAGE_INTEGRITY]),
            st.binary(max_size=64),
        ),
        max_size=8,
    ).map(tuple),
)


def test_the_request_of_rfc_5769_is_read() -> None:
    message = decode_stun(REQUEST)
    assert (message.kind, message.transaction) == (Kind.BINDING_REQUEST, TRANSACTION)
    assert message.value(Attribute.USERNAME) == b"evtj:h6vY"
    assert message.mapped is None


@pytest.mark.parametrize(
    ("data", "address"),
    [(RESPONSE, Address("192.0.2.1", 32853)), (RESPONSE_6, Address("2001:db8:1234:5678:11:2233:4455:6677", 32853))],
)
def test_the_responses_of_rfc_5769_say_where_the_client_is_seen(data: bytes, address: Address) -> None:
    assert decode_stun(data).kind is Kind.BINDING_RESPONSE
    assert decode_stun(data).mapped == address


@pytest.mark.parametrize("data", [REQUEST, RESPONSE, RESPONSE_6])
def test_the_messages_of_rfc_5769_are_signed_with_their_password_and_no_other(data: bytes) -> None:
    assert is_signed(data, PASSWORD)
    assert not is_signed(data, PASSWORD[:-1])
    # The software's name is covered, the fingerprint behind the signature is not.
    assert not is_signed(data.replace(b"test", b"rest"), PASSWORD)
    assert is_signed(data[:-1] + b"\0", PASSWORD)


def test_what_is_signed_without_the_cookie_is_signed_as_rfc_3489_wants_it() -> None:
    message = StunMessage(
        Kind.BINDING_REQUEST,
        CLASSIC,
        (
            (Attribute.USERNAME, text_value("router")),
            (Attribute.CONNECTION_REQUEST_BINDING, CONNECTION_REQUEST_BINDING),
            (Attribute.BINDING_CHANGE, b""),
        ),
    )
    data = encode_stun(message, "secret")
    # Made with openssl, from the first 60 octets and four zeros.
    assert data[60:].hex() == "00080014" + "923441548c63d0f04bbc63a4d35c9536f21b0431"
    assert int.from_bytes(data[2:4], "big") == len(data) - 20 == 64
    assert is_signed(data, "secret")
    assert not is_signed(data, "Secret")
    assert decode_stun(data).attributes[:3] == message.attributes


def test_an_address_in_clear_is_read_in_both_families() -> None:
    for address in (Address("198.51.100.7", 3478), Address("2001:db8::1", 1)):
        message = StunMessage(Kind.BINDING_RESPONSE, CLASSIC, ((Attribute.MAPPED_ADDRESS, address_value(address)),))
        assert decode_stun(encode_stun(message)).mapped == address
    assert str(Address("198.51.100.7", 3478)) == "198.51.100.7:3478"
    assert str(Address("2001:db8::1", 1)) == "[2001:db8::1]:1"


@pytest.mark.parametrize("value", ["", "00", "0001", "00010d96c63364", "00030d96c6336407", "00020d96c6336407"])
def test_an_address_that_cannot_be_read_is_none(value: str) -> None:
    message = StunMessage(Kind.BINDING_RESPONSE, CLASSIC, ((Attribute.MAPPED_ADDRESS, bytes.fromhex(value)),))
    assert message.mapped is None


def test_an_error_has_its_code() -> None:
    value = bytes((0, 0, 4, 1)) + b"Unauthorized"
    assert StunMessage(Kind.BINDING_ERROR, CLASSIC, ((Attribute.ERROR_CODE, value),)).error == 401
    assert StunMessage(Kind.BINDING_ERROR, CLASSIC, ((Attribute.ERROR_CODE, b"\4"),)).error == 0
    assert StunMessage(Kind.BINDING_ERROR, CLASSIC).error == 0


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "from 20 to 2048 octets, not 0"),
        (REQUEST[:19], "not 19"),
        (bytes(MAX_MESSAGE + 1), "not 2049"),
        (REQUEST[:-1], "88 octets are announced behind the head, and 87 are there"),
        (b"\0\3" + REQUEST[2:], "messages of type 0x0003 are not read"),
        (b"\0\1\0\4" + CLASSIC + b"\0\6\0\1", "the attribute 0x0006 is cut off"),
        (b"\0\1\0\3" + CLASSIC + b"\0\6\0", "the last attribute is cut off"),
    ],
)
def test_a_datagram_that_is_no_message_is_refused_and_the_reason_said(data: bytes, why: str) -> None:
    with pytest.raises(StunError, match=why):
        decode_stun(data)


@given(MESSAGES, st.none() | st.text(max_size=20))
def test_what_is_written_is_read_again(message: StunMessage, password: str | None) -> None:
    data = encode_stun(message, password)
    read = decode_stun(data)
    assert read.attributes[: len(message.attributes)] == message.attributes
    assert (read.kind, read.transaction) == (message.kind, message.transaction)
    assert is_signed(data, password or "") is (password is not None)


@given(
    st.binary(max_size=200)
    | st.binary(max_size=64).map(lambda tail: REQUEST[:2] + bytes((0, len(tail))) + REQUEST[4:20] + tail)
)
def test_no_datagram_raises_anything_else(data: bytes) -> None:
    try:
        message = decode_stun(data)
    except StunError:
        return
    assert message.mapped is None or message.mapped.port >= 0
    assert 0 <= message.error <= 955
    is_signed(data, PASSWORD)
