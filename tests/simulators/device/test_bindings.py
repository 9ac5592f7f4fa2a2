"""A device behind a NAT learns how it is seen, says so, and stays reachable with as few datagrams as it can."""

from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest

from simulators.device.binding import Binding, Outgoing
from simulators.device.cpe import Cpe
from simulators.device.keepalive import KeepAlive
from simulators.device.model import Attributes
from simulators.device.stun import (
    CONNECTION_REQUEST_BINDING,
    Address,
    Attribute,
    Kind,
    StunMessage,
    address_value,
    decode_stun,
    encode_stun,
    is_signed,
)
from tests.simulators.device.asking import model_with
from tests.simulators.device.conversing import START, device

ROOT = "Device.ManagementServer."
REACHED_AT, NAT_DETECTED = f"{ROOT}UDPConnectionRequestAddress", f"{ROOT}NATDetected"
LOCAL, SEEN, MOVED = Address("192.168.1.7", 7547), Address("203.0.113.9", 40_001), Address("203.0.113.9", 40_002)
PASSWORD = "sesame"


def behind_nat(**settings: str) -> Cpe:
    """A device that is on, wants STUN, and has nothing to tell."""
    given = {
        "STUNEnable": "1",
        "STUNServerAddress": "192.0.2.1",
        "STUNServerPort": "3479",
        "STUNUsername": "router",
        "STUNPassword": PASSWORD,
        "STUNMinimumKeepAlivePeriod": "30",
        "STUNMaximumKeepAlivePeriod": "30",
        **settings,
    }
    kinds = {"STUNEnable": "boolean", "STUNServerPort": "unsignedInt", "STUNMinimumKeepAlivePeriod": "unsignedInt"}
    kinds |= {"STUNMaximumKeepAlivePeriod": "int"}
    rows = [f"{ROOT}{name},false,true,{value},xsd:{kinds.get(name, 'string')}\n" for name, value in given.items()]
    rows += [f"{REACHED_AT},false,false,,xsd:string\n", f"{NAT_DETECTED},false,false,0,xsd:boolean\n"]
    cpe = device(model_with("".join(rows)))
    cpe.advance(START)
    cpe.pending.clear()
    return cpe


def sent(binding: Binding, now: float) -> Outgoing:
    """What is sent now; there has to be something."""
    outgoing = binding.advance(now)
    assert outgoing is not None
    return outgoing


def response(outgoing: Outgoing, mapped: Address, password: str | None = None) -> bytes:
    """What a server answers that sees the device at an address."""
    attributes = ((Attribute.MAPPED_ADDRESS, address_value(mapped)),)
    return encode_stun(StunMessage(Kind.BINDING_RESPONSE, decode_stun(outgoing.data).transaction, attributes), password)


def error(outgoing: Outgoing, code: int) -> bytes:
    """What a server answers that refuses a request."""
    attributes = ((Attribute.ERROR_CODE, bytes((0, 0, code // 100, code % 100))),)
    return encode_stun(StunMessage(Kind.BINDING_ERROR, decode_stun(outgoing.data).transaction, attributes))


def settled(cpe: Cpe, seen: Address = SEEN) -> Binding:
    """A binding that is known to the server."""
    binding = Binding(cpe, LOCAL)
    binding.received(response(sent(binding, START), seen), START)
    binding.received(response(sent(binding, START), seen), START)
    return binding


def told(cpe: Cpe) -> tuple[str | None, str | None]:
    """What the data model says of where the device is reached."""
    return cpe.tree.value(REACHED_AT, START), cpe.tree.value(NAT_DETECTED, START)


def kinds(outgoing: Outgoing) -> list[int]:
    """The attributes of a request, in their order."""
    return [kind for kind, _ in decode_stun(outgoing.data).attributes]


@pytest.mark.parametrize("port", ["0", "65536", "4294967295"])
def test_a_port_that_is_none_is_the_usual_one(port: str) -> None:
    assert sent(Binding(behind_nat(STUNServerPort=port), LOCAL), START).port == 3478


@pytest.mark.parametrize("most", ["30", "300"])
def test_a_device_learns_how_it_is_seen_and_tells_both_the_server_and_its_data_model(most: str) -> None:
    cpe = behind_nat(STUNMaximumKeepAlivePeriod=most)
    binding = Binding(cpe, LOCAL)
    first = sent(binding, START)
    assert (first.host, first.port, first.is_probe) == ("192.0.2.1", 3479, False)
    message = decode_stun(first.data)
    assert message.kind is Kind.BINDING_REQUEST
    assert message.attributes == (
        (Attribute.USERNAME, b"router  "),
        (Attribute.CONNECTION_REQUEST_BINDING, CONNECTION_REQUEST_BINDING),
    )
    assert binding.received(response(first, SEEN), START)
    assert told(cpe) == ("203.0.113.9:40001", "1")
    second = sent(binding, START)
    assert kinds(second)[-1] == Attribute.BINDING_CHANGE
    assert binding.received(response(second, SEEN), START)
    assert binding.advance(START + 29.9) is None
    assert binding.due_at == START + (30 if most == "30" else 60)
    assert Attribute.BINDING_CHANGE not in kinds(sent(binding, binding.due_at))


def test_without_a_nat_the_device_is_reached_where_it_listens() -> None:
    cpe = behind_nat(STUNMaximumKeepAlivePeriod="300")
    binding = settled(cpe, LOCAL)
    assert told(cpe) == ("192.168.1.7:7547", "0")
    assert not sent(binding, START + 30).is_probe


def test_a_device_whose_acs_wants_no_stun_sends_nothing_and_is_reached_where_it_listens() -> None:
    cpe = behind_nat(STUNEnable="0")
    binding = Binding(cpe, LOCAL)
    assert binding.advance(START) is None
    assert binding.due_at == float("inf")
    assert told(cpe) == ("192.168.1.7:7547", "0")
    cpe.tree.write({f"{ROOT}STUNEnable": "1"})
    binding.received(response(sent(binding, START + 1), SEEN), START + 1)
    assert told(cpe) == ("203.0.113.9:40001", "1")
    cpe.tree.write({f"{ROOT}STUNEnable": "0"})
    assert binding.advance(START + 2) is None
    assert told(cpe) == ("192.168.1.7:7547", "0")


def test_a_change_of_the_binding_is_told_to_an_acs_that_wants_to_know() -> None:
    cpe = behind_nat()
    binding = settled(cpe)
    cpe.tree.write_attributes({REACHED_AT: Attributes(notification=2)})
    binding.received(response(sent(binding, START + 30), MOVED), START + 30)
    assert kinds(sent(binding, START + 30))[-1] == Attribute.BINDING_CHANGE
    assert told(cpe) == ("203.0.113.9:40002", "1")
    assert cpe.due_at <= START + 30
    assert cpe.advance(START + 30)
    assert [event.event_code for event in cpe.pending.events] == ["4 VALUE CHANGE"]


def test_a_nat_that_gives_another_port_each_time_is_not_chased() -> None:
    cpe = behind_nat()
    binding, count = settled(cpe), 0
    for now in range(30, 90):
        while (outgoing := binding.advance(START + now)) is not None:
            count += 1
            binding.received(response(outgoing, Address("203.0.113.9", 50_000 + count)), START + now)
    assert count <= 4


def test_a_request_is_signed_when_the_server_wants_that_and_only_then() -> None:
    binding = Binding(behind_nat(), LOCAL)
    first = sent(binding, START)
    assert Attribute.MESSAGE_INTEGRITY not in kinds(first)
    binding.received(error(first, 401), START)
    second = sent(binding, START)
    assert is_signed(second.data, PASSWORD)
    assert not binding.received(response(second, MOVED, "another"), START), "somebody else has answered"
    assert binding.received(response(second, SEEN, PASSWORD), START)
    assert Attribute.MESSAGE_INTEGRITY not in kinds(sent(binding, START))


@pytest.mark.parametrize(("username", "code"), [("", 401), ("router", 431), ("router", 500)])
def test_a_refusal_that_no_signature_helps_against_is_taken_until_the_next_time(username: str, code: int) -> None:
    binding = Binding(behind_nat(STUNUsername=username), LOCAL)
    first = sent(binding, START)
    assert (Attribute.USERNAME in kinds(first)) is bool(username)
    binding.received(error(first, code), START)
    assert binding.advance(START + 29) is None
    assert sent(binding, START + 30).data != first.data


def test_a_signed_request_that_is_refused_again_is_not_repeated_at_once() -> None:
    binding = Binding(behind_nat(), LOCAL)
    binding.received(error(sent(binding, START), 401), START)
    binding.received(error(sent(binding, START), 401), START)
    assert binding.advance(START + 1) is None


def test_a_request_without_an_answer_is_sent_nine_times_and_then_left_for_a_while() -> None:
    binding = Binding(behind_nat(), LOCAL)
    times = []
    now = START
    while now < START + 39:
        if (outgoing := binding.advance(now)) is not None:
            times.append(round(now - START, 1))
        now = binding.due_at
    assert times == [0.0, 0.1, 0.3, 0.7, 1.5, 3.1, 4.7, 6.3, 7.9]
    assert binding.due_at == pytest.approx(START + 9.5 + 30)
    assert outgoing is None


def test_what_was_not_asked_for_is_not_listened_to() -> None:
    cpe = behind_nat()
    binding = settled(cpe)
    old = sent(binding, START + 30)
    for stranger in (b"\1\1\0\0" + bytes(16), response(old, MOVED)[:2] + b"\0\0" + bytes(16)):
        assert not binding.received(stranger, START + 30)
    assert not binding.received(old.data, START + 30), "a request is no answer"
    assert not binding.received(response(old, MOVED), START + 30, at_second=True)
    assert binding.received(response(old, SEEN), START + 30)
    assert not binding.received(response(old, MOVED), START + 31), "a second answer"
    assert told(cpe) == ("203.0.113.9:40001", "1")


def test_a_device_without_power_sends_nothing_and_asks_anew_when_it_is_back() -> None:
    cpe = behind_nat()
    binding = settled(cpe)
    cpe.restart(START + 10, takes=100.0)
    assert binding.advance(START + 50) is None
    assert binding.due_at == START + 110
    cpe.advance(START + 110)
    binding.received(response(sent(binding, START + 110), SEEN), START + 110)
    assert kinds(sent(binding, START + 110))[-1] == Attribute.BINDING_CHANGE


def lived(
    cpe: Cpe, life: Callable[[float], float], answers: Callable[[Outgoing], Iterator[bool]]
) -> list[tuple[float, bool]]:
    """Two hours behind a NAT that forgets a port after so many seconds (which may depend on the moment): what was sent
    when, and whether as a probe.
    """
    binding, now, last, port = Binding(cpe, LOCAL), START, START - 1e6, 40_000
    log: list[tuple[float, bool]] = []
    while now < START + 7200:
        outgoing = binding.advance(now)
        if outgoing is not None:
            log.append((now - START, outgoing.is_probe))
            if not outgoing.is_probe:
                port += now - last > life(now - START)
                last = now
            for at_second in answers(outgoing):
                # The answer to a probe goes to the old binding, if that is still there.
                if at_second or not outgoing.is_probe or now - last <= life(now - START):
                    binding.received(response(outgoing, Address("203.0.113.9", port)), now, at_second=at_second)
        else:
            now = max(binding.due_at, now + 0.01)
    return log


def test_the_life_of_the_binding_is_found_by_trying() -> None:
    log = lived(behind_nat(STUNMaximumKeepAlivePeriod="300"), lambda _: 100.0, lambda _: iter([False]))
    probes = [moment for moment, is_probe in log if is_probe]
    assert probes
    assert max(probes) < 1000, "the search comes to an end"
    renewals = [moment for moment, is_probe in log if not is_probe and moment > 1000]
    waits = {round(after - before) for before, after in pairwise(renewals)}
    assert len(waits) == 1
    assert 80 < waits.pop() <= 100


def test_a_binding_that_lives_shorter_than_before_is_tried_anew() -> None:
    cpe = behind_nat(STUNMaximumKeepAlivePeriod="300")
    log = lived(cpe, lambda moment: 200.0 if moment < 3600 else 40.0, lambda _: iter([False]))
    renewals = [moment for moment, is_probe in log if not is_probe]
    assert 150 < max(after - before for before, after in pairwise(renewals) if 2000 < after < 3600) <= 200
    assert 30 <= max(after - before for before, after in pairwise(renewals) if before > 5000) <= 40


def test_a_server_that_answers_no_third_party_leaves_the_shortest_period() -> None:
    log = lived(behind_nat(STUNMaximumKeepAlivePeriod="300"), lambda _: 1e9, lambda outgoing: iter([outgoing.is_probe]))
    assert sum(is_probe for _, is_probe in log) == 1
    assert log[-1][0] - log[-2][0] == pytest.approx(30.0)


def test_a_fixed_period_is_kept_and_nothing_is_tried() -> None:
    log = lived(behind_nat(), lambda _: 100.0, lambda _: iter([False]))
    assert not any(is_probe for _, is_probe in log)
    assert [moment for moment, _ in log[1:4]] == pytest.approx([0, 30, 60])


@pytest.mark.parametrize(("least", "most", "life", "found"), [(30, 30, 9, 30), (30, 300, 1e9, 300), (1, 1e9, 50, 50)])
def test_the_search_stays_within_its_bounds(least: float, most: float, life: float, found: float) -> None:
    keep_alive, count = KeepAlive(least, most), 0
    while keep_alive.is_trial:
        count += 1
        keep_alive.held() if keep_alive.wait <= life else keep_alive.lost()
    assert count < 20
    assert found * 0.85 <= keep_alive.wait <= found


def test_without_a_maximum_the_search_ends_at_an_hour() -> None:
    keep_alive = KeepAlive(30.0, float("inf"))
    while keep_alive.is_trial:
        keep_alive.held()
    assert keep_alive.wait == pytest.approx(3600, rel=0.1)
