"""Devices are called over UDP: a request that is rightly signed counts once; all else is met with silence."""

import asyncio
import hashlib
import hmac
import socket
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.client.udp import MAX_NAMESAKES, Udp
from simulators.client.udp_request import UdpRequestError, read_udp_request
from simulators.device.cpe import Cpe
from tests.simulators.client.calling import PASSWORD, PATIENCE, USERNAME, Counted, callable_device
from tests.simulators.client.stun_server import StunServer, stun_server
from tests.simulators.device.conversing import START

ROOT = "Device.ManagementServer."
STUN = """\
Device.ManagementServer.STUNEnable,false,true,1,xsd:boolean
Device.ManagementServer.STUNServerAddress,false,true,127.0.0.1,xsd:string
Device.ManagementServer.STUNServerPort,false,true,{port},xsd:unsignedInt
Device.ManagementServer.STUNUsername,false,true,{{serial}},xsd:string
Device.ManagementServer.STUNPassword,false,true,sesame,xsd:string
Device.ManagementServer.STUNMinimumKeepAlivePeriod,false,true,30,xsd:unsignedInt
Device.ManagementServer.STUNMaximumKeepAlivePeriod,false,true,30,xsd:int
Device.ManagementServer.UDPConnectionRequestAddress,false,false,,xsd:string
Device.ManagementServer.NATDetected,false,false,0,xsd:boolean
"""


@dataclass
class Place:
    """Devices that can be called over UDP."""

    udp: Udp
    address: tuple[str, int]
    told: Counted
    woken: list[str]
    """The serial numbers of the devices that were woken, in their order."""
    time: list[float]
    """The time of the devices, in the test's hands."""
    news: asyncio.Event
    """Set when anything has happened."""

    async def until(self, has_happened: Callable[[], bool]) -> None:
        """Wait for something that the devices or their calls come to."""
        async with asyncio.timeout(PATIENCE):
            while not has_happened():
                self.news.clear()
                await self.news.wait()

    async def count(self, number: int) -> None:
        """Wait until so many calls have come to an end."""
        await self.until(lambda: self.told.outcomes.total() >= number)

    def send(self, *datagrams: bytes, to: tuple[str, int] | None = None) -> None:
        """Send some datagrams, which on the loopback arrive in their order."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for datagram in datagrams:
                sender.sendto(datagram, to or self.address)


class Told(Counted):
    """Counts what became of the calls, and says that there is something new."""

    def __init__(self, news: asyncio.Event) -> None:
        super().__init__()
        self._news = news

    def called(self, outcome: str) -> None:
        super().called(outcome)
        self._news.set()


@asynccontextmanager
async def reachable(
    devices: Sequence[Cpe],
    deaf: Collection[str] = (),
    clock: Callable[[], float] | None = None,
) -> AsyncIterator[Place]:
    """Devices that can be called over UDP, their time in the test's hands unless it brings a clock."""
    woken, time, news = list[str](), [START + 1], asyncio.Event()
    told = Told(news)

    def woke(cpe: Cpe) -> None:
        woken.append(cpe.identity.device_id.serial_number)
        news.set()

    udp = Udp(devices, told, clock or (lambda: time[0]), woke, deaf=deaf)
    address = await udp.start("127.0.0.1")
    woken.clear()
    try:
        yield Place(udp, address, told, woken, time, news)
    finally:
        await udp.stop()


def request(
    stamp: int = 1,
    number: int = 1,
    username: str = USERNAME,
    password: str = PASSWORD,
    path: str = "",
    cnonce: str = "XTG",
) -> bytes:
    """A request as an ACS writes it (Annex G.2.2.3)."""
    text = f"{stamp}{number}{username}{cnonce}"
    signature = hmac.new(password.encode(), text.encode(), hashlib.sha1).hexdigest().upper()
    query = f"ts={stamp}&id={number}&un={quote(username)}&cn={cnonce}&sig={signature}"
    return f"GET http://192.0.2.1:7547{path}?{query} HTTP/1.1\r\nHost: 192.0.2.1\r\n\r\n".encode()


def called(cpe: Cpe) -> bool:
    """Whether a device has been called."""
    return "6 CONNECTION REQUEST" in [event.event_code for event in cpe.pending.events]


async def test_three_copies_of_a_request_call_the_device_once() -> None:
    cpe = callable_device("S1")
    async with reachable([cpe]) as place:
        place.send(*[request()] * 3, request(2, 2))
        await place.count(2)
    assert called(cpe)
    assert place.told.outcomes == {"accepted": 2}
    assert place.woken == ["S1", "S1"]


@pytest.mark.parametrize(
    ("datagram", "outcome"),
    [
        (request(password="guessed"), "wrong login"),
        (request(username="nobody"), "unknown device"),
        (request().replace(b"ts=1&", b"ts=2&"), "wrong login"),
        (request().replace(b"cn=XTG", b"cn=XTH"), "wrong login"),
        (request(path="/S1").replace(b"un=acs", b"un=ACS"), "wrong login"),
        (b"", "malformed"),
        (b"GET / HTTP/1.1\r\n\r\n", "malformed"),
        (request().replace(b"GET", b"POST"), "malformed"),
        (request().replace(b"&sig", b"&gis"), "malformed"),
        (request().replace(b"ts=1", b"ts=-1"), "malformed"),
        (request()[:60], "malformed"),
        (request(cnonce="x" * 2048), "malformed"),
        (b"\1\1\0\4" + bytes(15) + b"\1", "malformed"),
    ],
)
async def test_what_is_no_request_for_a_device_is_dropped_and_counted(datagram: bytes, outcome: str) -> None:
    cpe = callable_device("S1")
    async with reachable([cpe]) as place:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            sender.sendto(datagram, place.address)
            place.send(request())
            await place.count(2)
            with pytest.raises(BlockingIOError):
                sender.recv(1)
    assert place.told.outcomes == {outcome: 1, "accepted": 1}
    assert called(cpe)


async def test_an_answer_that_nobody_waits_for_is_dropped_and_no_call() -> None:
    async with reachable([callable_device("S1")]) as place:
        place.send(b"\1\1\0\0" + bytes(16), b"\1\1\0\0" + bytes(15) + b"\1", request())
        await place.count(1)
    assert place.told.outcomes == {"accepted": 1}


async def test_a_request_that_is_not_newer_than_the_last_is_a_replay() -> None:
    async with reachable([callable_device("S1")]) as place:
        place.send(request(100, 1), request(101, 2), request(100, 1), request(101, 3), request(102, 2), request(103, 4))
        await place.count(6)
    assert place.told.outcomes == {"accepted": 3, "replayed": 3}


async def test_devices_that_share_a_port_are_told_apart_by_name_by_path_and_by_signature() -> None:
    cpes = [callable_device(f"S{number}", number) for number in range(4)]
    for number, (name, password) in enumerate([("one", "a"), ("acs", "b"), ("acs", "c"), ("acs", "c")]):
        cpes[number].tree.write(
            {f"{ROOT}ConnectionRequestUsername": name, f"{ROOT}ConnectionRequestPassword": password}
        )
    async with reachable(cpes) as place:
        place.send(request(username="one", password="a"), request(password="b"), request(password="c", path="/S3"))
        await place.count(3)
        assert place.woken == ["S0", "S1", "S3"]
        place.send(request(username="one", password="a", path="/S1"))
        await place.count(4)
    assert place.told.outcomes == {"accepted": 3, "wrong login": 1}


async def test_a_new_name_is_known_once_the_session_is_over() -> None:
    cpe = callable_device("S1")
    async with reachable([cpe]) as place:
        cpe.tree.write({f"{ROOT}ConnectionRequestUsername": "another"})
        place.udp.look_after(cpe)
        place.send(request(), request(username="another"))
        await place.count(2)
    assert place.told.outcomes == {"unknown device": 1, "accepted": 1}


async def test_too_many_namesakes_are_not_all_tried() -> None:
    cpes = [callable_device(f"S{number}", number) for number in range(MAX_NAMESAKES + 1)]
    async with reachable(cpes) as place:
        place.send(request(), request(path="/S7"))
        await place.count(2)
    assert place.told.outcomes == {"unknown device": 1, "accepted": 1}
    assert place.woken == ["S7"]


async def test_a_deaf_device_and_one_without_power_do_not_hear() -> None:
    deaf, down = callable_device("S1", 1), callable_device("S2", 2)
    down.restart(START, takes=60.0)
    async with reachable([deaf, down], deaf={"S1"}) as place:
        place.send(request(path="/S1"), request(path="/S1"), request(path="/S2"))
        await place.count(2)
    assert place.told.outcomes == {"deaf": 1, "down": 1}
    assert place.woken == []


def stunned(server: StunServer, count: int = 1) -> list[Cpe]:
    """Devices whose ACS wants STUN."""
    return [callable_device(f"S{number}", number, rows=STUN.format(port=server.port)) for number in range(count)]


async def test_devices_keep_their_bindings_alive_at_one_port() -> None:
    async with stun_server() as server:
        cpes = stunned(server, 3)
        async with reachable(cpes) as place:
            asked = [await server.request() for _ in range(6)]
            assert {attributes[0x0006].strip() for attributes, _ in asked} == {b"S0", b"S1", b"S2"}
            assert {attributes[0xC001] for attributes, _ in asked} == {b"dslforum.org/TR-111 "}
            assert sum(0xC002 in attributes for attributes, _ in asked) == 3
            assert {port for _, (_, port) in asked} == {place.address[1]}
            await place.until(lambda: all(cpe.tree.value(f"{ROOT}NATDetected", START) == "1" for cpe in cpes))
            reached_at = {cpe.tree.value(f"{ROOT}UDPConnectionRequestAddress", START) for cpe in cpes}
            assert reached_at == {f"127.0.0.1:{place.address[1]}"}
            # What comes at a port comes in its order: behind this all answers of the server have been read.
            place.send(b"x")
            await place.count(1)
            assert server.requests.empty()
            place.time[0] += 31
            assert {(await server.request())[0][0x0006].strip() for _ in cpes} == {b"S0", b"S1", b"S2"}
            place.send(request(path="/S2"))
            await place.count(2)
            assert called(cpes[2])


async def test_a_device_signs_for_a_server_that_wants_that() -> None:
    async with stun_server("sesame") as server, reachable(stunned(server)):
        for _ in range(2):
            attributes, _ = await server.request()
            assert 0x0008 in attributes
        assert server.refused == 2


async def test_a_binding_elsewhere_is_a_change_that_the_fleet_is_woken_for() -> None:
    async with stun_server() as server:
        server.seen_at = "203.0.113.9", 4711
        (cpe,) = stunned(server)
        async with reachable([cpe]) as place:
            await place.until(lambda: bool(place.woken))
        assert cpe.tree.value(f"{ROOT}UDPConnectionRequestAddress", START) == "203.0.113.9:4711"
        assert cpe.tree.value(f"{ROOT}NATDetected", START) == "1"


async def test_a_server_without_an_address_of_its_own_is_the_acs_and_names_are_looked_up() -> None:
    async with stun_server() as server:
        (cpe,) = stunned(server)
        cpe.tree.write({f"{ROOT}STUNServerAddress": "", f"{ROOT}URL": "http://localhost:7547/"})
        # The first request goes nowhere, for the name is not known yet; it is sent again as time passes.
        async with reachable([cpe], clock=lambda: START + asyncio.get_running_loop().time()):
            attributes, _ = await server.request()
    assert attributes[0x0006].strip() == b"S0"


async def test_how_long_the_binding_lives_is_asked_from_a_second_port_at_which_nobody_is_called() -> None:
    async with stun_server() as server:
        (cpe,) = stunned(server)
        cpe.tree.write({f"{ROOT}STUNMaximumKeepAlivePeriod": "300"})
        async with reachable([cpe]) as place:
            for _ in range(2):
                _, first = await server.request()
            place.send(b"x")
            await place.count(1)
            place.time[0] += 60
            attributes, second = await server.request()
            assert first == place.address != second
            assert attributes[0x0002] == b"\0\1" + first[1].to_bytes(2, "big") + b"\x7f\0\0\1"
            place.send(b"x", to=second)
            attributes, again = await server.request()
            assert again == first, "the answer came round, and a new silence begins"
            assert 0x0002 not in attributes
            place.send(request())
            await place.until(lambda: "accepted" in place.told.outcomes)
    assert place.told.outcomes == {"malformed": 1, "accepted": 1}


@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda text: f"GET http://a?{text} HTTP/1.1\r\n".encode()))
def test_no_datagram_raises_anything_but_that_it_is_no_request(data: bytes) -> None:
    try:
        found = read_udp_request(data)
    except UdpRequestError as error:
        assert str(error)
        return
    assert not found.is_signed_with("a password that nobody has")


def test_what_a_request_says_is_decoded_before_it_is_compared() -> None:
    found = read_udp_request(request(username="a b/ü", path="/A%20B"))
    assert (found.username, found.serial, found.stamp, found.number) == ("a b/ü", "A B", 1, 1)
    assert found.is_signed_with(PASSWORD)
    assert read_udp_request(request().replace(b" HTTP/", b"&un=another HTTP/")).username == USERNAME
    assert PASSWORD not in repr(found)
    assert found.signature not in repr(found)
