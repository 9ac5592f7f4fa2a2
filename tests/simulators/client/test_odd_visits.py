"""Devices that speak HTTP in their own way, and lines with faults: what comes out is what is asked for."""

import asyncio
from typing import Any

import pytest

from cwmp_schemas.decode import decode
from cwmp_schemas.errors import DecodeError
from cwmp_schemas.rpc.parameters import GetParameterValues, ParameterValue, SetParameterValues
from cwmp_schemas.rpc.session import Inform
from cwmp_schemas.values import XsdType
from simulators.client import writing
from simulators.client.odd_visit import CLOSED, DROPPED
from simulators.device.quirk_names import quirk
from simulators.device.quirks import HttpQuirks, Manners, Quirks
from simulators.device.random_faults import RandomFaults
from tests.simulators.client.scripted import (
    PATIENCE,
    Heard,
    Say,
    Visiting,
    asking,
    bodies,
    in_turn,
    informed,
    reply,
    serving,
    visited,
)
from tests.simulators.device.conversing import START

READ = GetParameterValues(("Device.DeviceInfo.SoftwareVersion",))
WRITE = SetParameterValues((ParameterValue("Device.DeviceInfo.ProvisioningCode", "new", XsdType.STRING),))


async def test_a_device_may_close_after_every_response() -> None:
    outcomes, heard, _ = await visited(asking(READ), quirks=quirk("closes-after-response"))
    assert outcomes == ["ok"]
    assert [each.connection for each in heard] == [1, 2, 3]


async def test_a_device_may_leave_the_connection_of_a_challenge_open() -> None:
    async with serving(in_turn(reply(401, b"", 'WWW-Authenticate: Basic realm="x"'))) as server:
        device = Visiting(server.url, quirks=quirk("reconnects-after-401"))
        assert await device.session() == "ok"
        assert [each.connection for each in server.heard] == [1, 2, 2]
        # Both are closed once the session is over.
        async with asyncio.timeout(PATIENCE):
            await server.ended.acquire()
            await server.ended.acquire()


async def test_a_device_may_answer_the_first_rpc_with_a_new_session() -> None:
    def say(heard: Heard) -> Say:
        return reply(200, informed(heard), f"Set-Cookie: session={heard.connection}")

    async with serving(in_turn(say, asking(WRITE), say, asking(WRITE))) as server:
        device = Visiting(server.url, quirks=quirk("reconnects-instead-of-answering"))
        assert await device.session() == "ok"
        heard = server.heard
    assert bodies(heard) == ["Inform", "", "Inform", "", "answer"]
    assert [each.connection for each in heard] == [1, 1, 2, 2, 2]
    assert [each.one("cookie") for each in heard] == [None, "session=1", None, "session=2", "session=2"]
    first, second = (decode(each.body).envelope.message for each in (heard[0], heard[2]))
    assert getattr(first, "event", 1) == getattr(second, "event", 2)


async def test_the_rpc_that_was_not_answered_was_not_carried_out_either() -> None:
    async with serving(in_turn(asking(), asking(WRITE), asking(), reply(204))) as server:
        device = Visiting(server.url, quirks=quirk("reconnects-instead-of-answering"))
        assert await device.session() == "ok"
    assert device.cpe.tree.value("Device.DeviceInfo.ProvisioningCode", START) == ""


async def wrote(name: str, **ways: Any) -> Heard:
    """The Inform of a device with a quirk."""
    outcomes, heard, _ = await visited(asking(), quirks=quirk(name), **ways)
    assert outcomes == ["ok"]
    assert isinstance(decode(heard[0].message).envelope.message, Inform)
    return heard[0]


async def test_devices_frame_their_posts_in_their_own_way() -> None:
    heard = await wrote("chunked")
    assert (heard.one("transfer-encoding"), heard.one("content-length")) == ("chunked", None)
    assert (await wrote("gzip")).one("content-encoding") == "gzip"
    assert (await wrote("deflate")).one("content-encoding") == "deflate"
    assert (await wrote("text-html")).one("content-type") == "text/html"
    assert (await wrote("no-content-type")).one("content-type") is None
    assert (await wrote("http-1.0")).line == "POST /acs/ HTTP/1.0"
    assert (await wrote("extra-headers")).one("x-forwarded-for") == "192.0.2.7"
    assert (await wrote("slow-writer")).one("content-length")


async def test_a_device_of_http_1_0_opens_a_connection_for_each_post() -> None:
    _, heard, _ = await visited(asking(), quirks=quirk("http-1.0"))
    assert [each.connection for each in heard] == [1, 2]


async def test_a_device_may_count_characters() -> None:
    async with serving(lambda _: reply(400, then="close")) as server:
        device = Visiting(server.url, quirks=quirk("counts-characters"))
        device.cpe.tree.write({"Device.DeviceInfo.ProvisioningCode": "Büro"})
        assert await device.session() == "status 400"
    (inform,) = server.heard
    assert inform.body.decode().endswith("</soap-env:Envelope")


async def test_a_device_may_wait_for_100_before_it_sends_a_body() -> None:
    outcomes, heard, _ = await visited(asking(READ), quirks=quirk("expect-continue"))
    assert outcomes == ["ok"]
    assert [each.one("expect") for each in heard] == ["100-continue", None, "100-continue"]


async def test_a_server_that_answers_before_the_body_gets_the_next_post_on_another_connection() -> None:
    challenge = reply(401, b"", 'WWW-Authenticate: Basic realm="x"')
    async with serving(in_turn(challenge, reply(500)), expects="reply") as server:
        device = Visiting(server.url, quirks=quirk("expect-continue"))
        assert await device.session() == "status 500"
        assert [each.connection for each in server.heard] == [1, 2]


async def test_a_server_that_knows_no_100_gets_the_body_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "CONTINUE_TIMEOUT", 0.0)
    async with serving(asking(READ), expects="nothing") as server:
        assert await Visiting(server.url, quirks=quirk("expect-continue")).session() == "ok"
        assert bodies(server.heard) == ["Inform", "", "answer"]


async def test_a_device_may_go_on_until_it_has_sent_three_empty_posts() -> None:
    outcomes, heard, _ = await visited(in_turn(asking(), *[reply(204)] * 3), quirks=quirk("three-empty-posts"))
    assert outcomes == ["ok"]
    assert bodies(heard) == ["Inform", "", "", ""]


async def test_a_device_may_take_its_time_before_an_answer() -> None:
    slow = Quirks(manners=Manners(full_read_takes=1e-9))
    outcomes, heard, _ = await visited(asking(GetParameterValues(("Device.",))), quirks=slow)
    assert outcomes == ["ok"]
    assert bodies(heard) == ["Inform", "", "answer"]


async def test_while_a_device_takes_its_time_the_acs_is_not_late() -> None:
    slow = Quirks(manners=Manners(full_read_takes=150.0))
    async with serving(asking(GetParameterValues(("Device.",)))) as server:
        device = Visiting(server.url, quirks=slow)
        visit = device.begin()
        async with asyncio.timeout(PATIENCE):
            for _ in range(2):
                await device.tally.replies.acquire()
        assert visit.deadline == START + 210
        visit.give_up("stopped")
        assert await device.end() == "stopped"


def always(**shares: float) -> RandomFaults:
    """Faults that happen to every post."""
    return RandomFaults(longest=1e-9, **shares)


@pytest.mark.parametrize(
    ("kind", "outcome"), [("drop", DROPPED), ("close", CLOSED), ("garble", "status 400"), ("wrong_id", "ok")]
)
async def test_faults_that_spoil_a_post_are_counted(kind: str, outcome: str) -> None:
    def say(heard: Heard) -> Say:
        try:
            decode(heard.body or b"<")
        except DecodeError:
            return reply(400) if heard.body else reply(204)
        return asking()(heard)

    outcomes, _, device = await visited(say, faults=always(**{kind: 1.0}))
    assert outcomes == [outcome]
    assert device.tally.disturbances == {kind: 1}


async def test_a_post_that_is_closed_behind_has_come_all_the_same() -> None:
    async with serving(asking()) as server:
        device = Visiting(server.url, faults=always(close=1.0))
        assert await device.session() == CLOSED
        async with asyncio.timeout(PATIENCE):
            await server.said.acquire()
        assert bodies(server.heard) == ["Inform"]


@pytest.mark.parametrize("kind", ["delay", "slow_read"])
async def test_what_is_late_comes_all_the_same(kind: str) -> None:
    outcomes, heard, device = await visited(asking(READ), faults=always(**{kind: 1.0}))
    assert outcomes == ["ok"]
    assert bodies(heard) == ["Inform", "", "answer"]
    assert device.tally.disturbances == {kind: 3}


async def test_what_was_put_off_is_not_sent_once_the_device_has_given_up() -> None:
    async with serving(asking()) as server:
        device = Visiting(server.url, faults=always(delay=1.0))
        device.begin().give_up("stopped")
        assert await device.end() == "stopped"
        # Whatever was still to come would come before the end of this.
        assert await Visiting(server.url).session() == "ok"
        assert server.connections == 1


async def test_a_post_may_come_over_a_new_connection() -> None:
    outcomes, heard, device = await visited(asking(READ), faults=always(reconnect=1.0))
    assert outcomes == ["ok"]
    assert [each.connection for each in heard] == [1, 2, 3]
    assert device.tally.disturbances == {"reconnect": 3}


async def test_a_post_may_come_twice_and_the_second_reply_is_not_looked_at() -> None:
    twice = [say for _ in range(2) for say in (asking(), reply(500))]
    outcomes, heard, device = await visited(in_turn(*twice[:2], reply(204), reply(500)), faults=always(repeat=1.0))
    assert outcomes == ["ok"]
    assert bodies(heard)[:3] == ["Inform", "Inform", ""]
    assert heard[0].body == heard[1].body
    assert {each.connection for each in heard} == {1}
    assert device.tally.disturbances == {"repeat": 2}


async def test_a_device_with_a_quirk_can_be_stopped_at_any_moment() -> None:
    odd = Quirks(http=HttpQuirks(piece=1, piece_pause=60.0))
    async with serving(asking()) as server:
        device = Visiting(server.url, quirks=odd)
        device.begin()
        async with asyncio.timeout(PATIENCE):
            await server.came.acquire()
        device.visit.give_up("stopped")  # type: ignore[union-attr]
        assert await device.end() == "stopped"
        async with asyncio.timeout(PATIENCE):
            await server.ended.acquire()
    assert server.heard == []
