"""How webhooks go out, and where they do not go."""

import hashlib
import hmac
import re
import ssl
from collections.abc import Sequence
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from acs.connecting import Resolver
from acs.domain.delivery import Sent, SentKind
from acs.domain.targets import Network
from acs.webhooks.http import WebhookSender
from tests.acs.connection_request.devices import Names
from tests.acs.webhooks.authority import authority
from tests.acs.webhooks.receiver import PAYLOAD, SECRET, delivery, receiving, status
from tests.outside import ROOT

LOOPBACK = [ip_network("127.0.0.0/8"), ip_network("::1/128")]
EVERYTHING = [ip_network("0.0.0.0/0"), ip_network("::/0")]
NOW = 1_800_000_000.75
PATIENT = 20.0


async def sent(
    target: str,
    *,
    networks: Sequence[Network] = LOOPBACK,
    within: float = PATIENT,
    resolver: Resolver | None = None,
    tls: ssl.SSLContext | None = None,
) -> Sent:
    sender = WebhookSender(
        secret=SECRET,
        allowed_networks=networks,
        wall=lambda: NOW,
        timeout=within,
        resolver=resolver or Names([()]),
        tls=tls,
    )
    try:
        return await sender.send(delivery(target))
    finally:
        await sender.close()


async def test_what_happened_is_posted_and_signed() -> None:
    async with receiving() as receiver:
        assert await sent(f"http://127.0.0.1:{receiver.port}/hook?team=%20a#b") == Sent(SentKind.TAKEN)
    (request,) = receiver.received
    assert request.line == "POST /hook?team=%20a HTTP/1.1"
    assert request.body == PAYLOAD.encode()
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["Host"] == f"127.0.0.1:{receiver.port}"
    assert request.headers["X-Aioacs-Delivery"] == "dlv_1"
    assert request.headers["X-Aioacs-Event"] == "operation.completed"
    assert request.headers["X-Aioacs-Timestamp"] == "1800000000"
    expected = hmac.new(SECRET.encode(), b"1800000000." + PAYLOAD.encode(), hashlib.sha256).hexdigest()
    assert request.headers["X-Aioacs-Signature"] == f"sha256={expected}"


async def test_the_check_in_the_document_takes_what_is_ours_and_nothing_else() -> None:
    text = (ROOT / "docs" / "rest" / "webhooks.md").read_text()
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    names: dict[str, Any] = {}
    exec(example, names)
    is_genuine = names["is_genuine"]
    async with receiving() as receiver:
        await sent(f"http://127.0.0.1:{receiver.port}/")
    (request,) = receiver.received
    assert is_genuine(SECRET, request.headers, request.body, now=NOW + 200)
    assert not is_genuine(SECRET, request.headers, request.body, now=NOW + 400)
    assert not is_genuine(SECRET, request.headers, request.body + b" ", now=NOW)
    assert not is_genuine("another secret", request.headers, request.body, now=NOW)
    assert not is_genuine(SECRET, request.headers | {"X-Aioacs-Timestamp": "1800000001"}, request.body, now=NOW)


@pytest.mark.parametrize("code", [200, 201, 202, 204, 299])
async def test_any_status_of_success_is_enough(code: int) -> None:
    async with receiving(status(code)) as receiver:
        assert (await sent(f"http://127.0.0.1:{receiver.port}/")).kind is SentKind.TAKEN


@pytest.mark.parametrize("code", [400, 401, 404, 429, 500, 503])
async def test_another_status_is_a_failure(code: int) -> None:
    async with receiving(status(code)) as receiver:
        found = await sent(f"http://127.0.0.1:{receiver.port}/secret")
    assert found == Sent(SentKind.FAILED, f"the receiver answered with status {code}")


async def test_a_receiver_that_is_gone_is_not_asked_again() -> None:
    async with receiving(status(410)) as receiver:
        assert (await sent(f"http://127.0.0.1:{receiver.port}/")).kind is SentKind.REFUSED


async def test_a_redirect_is_not_followed() -> None:
    async with receiving() as elsewhere:
        async with receiving(status(307, f"Location: http://127.0.0.1:{elsewhere.port}/\r\n")) as receiver:
            found = await sent(f"http://127.0.0.1:{receiver.port}/")
        assert found == Sent(SentKind.FAILED, "the receiver answered with status 307; redirects are not followed")
        assert elsewhere.received == []


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", "the receiver's answer cannot be read"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n", "the receiver's answer cannot be read"),
    ],
)
async def test_what_is_no_answer_is_a_failure(answer: bytes, detail: str) -> None:
    async with receiving(answer) as receiver:
        assert await sent(f"http://127.0.0.1:{receiver.port}/") == Sent(SentKind.FAILED, detail)


async def test_an_endless_answer_costs_nothing() -> None:
    async with receiving(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\nx") as receiver:
        assert (await sent(f"http://127.0.0.1:{receiver.port}/")).kind is SentKind.TAKEN


async def test_a_silent_receiver_is_given_up() -> None:
    async with receiving(b"") as receiver:
        found = await sent(f"http://127.0.0.1:{receiver.port}/", within=0.3)
    assert found == Sent(SentKind.FAILED, "the receiver did not answer in time")


async def test_where_nobody_listens_nothing_is_taken() -> None:
    async with receiving() as receiver:
        pass
    found = await sent(f"http://127.0.0.1:{receiver.port}/")
    assert found == Sent(SentKind.FAILED, "the receiver takes no connection")


@pytest.mark.parametrize(
    ("networks", "host"),
    [
        ([], "127.0.0.1"),
        ([], "[::1]"),
        ([], "[::ffff:127.0.0.1]"),
        ([], "[64:ff9b::7f00:1]"),
        ([], "10.0.0.1"),
        ([], "192.168.1.1"),
        ([], "100.64.0.1"),
        ([], "169.254.169.254"),
        ([], "[fd00:ec2::254]"),
        ([], "[fd12::1]"),
        ([], "0.0.0.0"),
        ([], "224.0.0.1"),
        (EVERYTHING, "127.0.0.1"),
        (EVERYTHING, "169.254.169.254"),
        (EVERYTHING, "0.0.0.0"),
        ([ip_network("10.0.0.0/8")], "127.0.0.1"),
        ([], "2130706433"),
        ([], "user@127.0.0.1"),
    ],
)
async def test_nothing_goes_to_an_address_that_is_not_public_nor_opened(networks: list[Network], host: str) -> None:
    async with receiving() as receiver:
        found = await sent(f"http://{host}:{receiver.port}/", networks=networks)
    assert (found.kind, receiver.received) == (SentKind.REFUSED, [])


async def test_a_name_leads_where_it_led_when_it_was_judged() -> None:
    """DNS rebinding: the second answer is another one, and nobody asks for it."""
    names = Names([["192.0.2.1"], ["127.0.0.1"]])
    async with receiving() as receiver:
        url = f"http://noc.example:{receiver.port}/"
        found = await sent(url, networks=[ip_network("192.0.2.0/24")], resolver=names, within=0.5)
        assert (found.kind, receiver.received, names.asked) == (SentKind.FAILED, [], ["noc.example"])


async def test_a_name_that_leads_to_loopback_is_tried_again_later_and_not_called() -> None:
    async with receiving() as receiver:
        found = await sent(f"http://noc.example:{receiver.port}/", networks=[], resolver=Names([["127.0.0.1"]]))
    assert (found.kind, receiver.received) == (SentKind.FAILED, [])
    assert "127.0.0.1" in found.detail


async def test_of_a_names_addresses_only_those_that_may_be_called_are() -> None:
    async with receiving() as receiver:
        names = Names([["10.0.0.1", "127.0.0.1"]])
        found = await sent(f"http://noc.example:{receiver.port}/", resolver=names)
    assert found.kind is SentKind.TAKEN
    assert receiver.received[0].headers["Host"] == f"noc.example:{receiver.port}"


async def test_a_name_without_an_address_is_a_failure() -> None:
    assert (await sent("http://noc.example/")).kind is SentKind.FAILED


async def test_over_tls_the_name_is_checked_though_the_address_is_pinned(tmp_path: Path) -> None:
    shown, believing = authority(tmp_path, "noc.example")
    names = Names([["127.0.0.1"]])
    async with receiving(tls=shown) as receiver:
        taken = await sent(f"https://noc.example:{receiver.port}/", resolver=names, tls=believing)
        assert taken == Sent(SentKind.TAKEN)
        other = await sent(f"https://other.example:{receiver.port}/", resolver=names, tls=believing)
        assert other == Sent(SentKind.FAILED, "the receiver's certificate is not good for its name")
        stranger = await sent(f"https://noc.example:{receiver.port}/", resolver=names)
        assert stranger.kind is SentKind.FAILED
    assert len(receiver.received) == 1
