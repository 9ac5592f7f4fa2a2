"""Where devices are called over UDP, and how they stay reachable behind a NAT (TR-069 Annex G).

All devices share one port: an answer of the STUN server says by its transaction for which device it is, a request by
its path or its ``un``. They take themselves to be at addresses of a private network, so that they find a NAT.
"""

import asyncio
import heapq
import math
from collections.abc import Callable, Collection, Sequence
from typing import Final, cast

from simulators.client.counting import CallCounting
from simulators.client.names import Names
from simulators.client.outcomes import Missed
from simulators.client.target import is_address, read_target
from simulators.client.udp_request import UdpRequest, UdpRequestError, read_udp_request
from simulators.device.binding import Binding, Outgoing
from simulators.device.calling import Called
from simulators.device.cpe import Cpe
from simulators.device.stun import Address, StunError

MAX_NAMESAKES: Final = 64
"""How many devices with one ConnectionRequestUsername are tried for a request that names none."""
_BATCH: Final = 256
_LONGEST_SLEEP: Final = 1.0


class _Socket(asyncio.DatagramProtocol):
    """One port."""

    __slots__ = ("_udp", "is_full", "is_second", "place", "transport")

    def __init__(self, udp: "Udp", *, is_second: bool) -> None:
        self._udp = udp
        self.is_second = is_second
        self.is_full = False
        self.place = "", 0
        self.transport: asyncio.DatagramTransport | None = None

    async def open(self, host: str, port: int) -> None:
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, local_addr=(host, port))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)
        host, port, *_ = transport.get_extra_info("sockname")
        self.place = str(host), int(port)

    def pause_writing(self) -> None:
        self.is_full = True

    def resume_writing(self) -> None:
        self.is_full = False

    def datagram_received(self, data: bytes, addr: object) -> None:
        self._udp.came(data, at_second=self.is_second)

    def error_received(self, exc: Exception) -> None:
        """Nobody is there: the next datagram may fare better."""


class Udp:
    """Takes connection requests over UDP, and keeps the bindings of those devices alive whose ACS wants STUN."""

    def __init__(
        self,
        devices: Sequence[Cpe],
        tally: CallCounting,
        now: Callable[[], float],
        woke: Callable[[Cpe], None],
        *,
        deaf: Collection[str] = frozenset(),
    ) -> None:
        """Now is the time of the devices; woke is told of each device that may be due; the deaf never answer."""
        self._devices = {cpe.identity.index: cpe for cpe in devices}
        self._tally = tally
        self._now = now
        self._woke = woke
        self._deaf = deaf
        self._by_serial = {cpe.identity.device_id.serial_number: number for number, cpe in self._devices.items()}
        self._names: dict[int, str] = {}
        self._by_name: dict[str, dict[int, None]] = {}
        self._accepted: dict[int, tuple[int, int]] = {}
        self._bindings: dict[int, Binding] = {}
        self._socket = _Socket(self, is_second=False)
        self._second = _Socket(self, is_second=True)
        self._server_names = Names()
        self._due: list[tuple[float, int]] = []
        self._planned: dict[int, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    async def start(self, host: str, port: int = 0) -> tuple[str, int]:
        """Listen; the address and the port. OSError if that cannot be had."""
        await self._second.open(host, 0)
        await self._socket.open(host, port)
        place = self._socket.place
        for count, (number, cpe) in enumerate(self._devices.items(), 1):
            self._bindings[number] = Binding(cpe, Address(cpe.identity.ip(), place[1]))
            self.look_after(cpe)
            if count % _BATCH == 0:
                await asyncio.sleep(0)
        self._tick()
        return place

    async def stop(self) -> None:
        """Listen no more."""
        if self._timer is not None:
            self._timer.cancel()
        for socket in (self._socket, self._second):
            if socket.transport is not None:
                socket.transport.abort()

    def look_after(self, cpe: Cpe) -> None:
        """The ACS may have set something: to be called after each session."""
        number = cpe.identity.index
        self._serve(number)
        name = cpe.management(self._now()).called_username
        known = self._names.get(number)
        if name != known:
            if known is not None:
                self._by_name[known].pop(number)
                if not self._by_name[known]:
                    del self._by_name[known]
            self._names[number] = name
            self._by_name.setdefault(name, {})[number] = None

    def came(self, data: bytes, *, at_second: bool) -> None:
        """A datagram has come."""
        # The first two bits of a STUN message are zero, and no letter's are.
        if data and data[0] < 0x40:
            self._answered(data, at_second=at_second)
        elif not at_second:
            self._called(data)

    def _answered(self, data: bytes, *, at_second: bool) -> None:
        number = int.from_bytes(data[12:20], "big")
        binding = self._bindings.get(number)
        if binding is None:
            return
        cpe = self._devices[number]
        revision = cpe.tree.revision
        try:
            is_expected = binding.received(data, self._now(), at_second=at_second)
        except StunError:
            self._tally.called(Missed.MALFORMED.value)
            return
        if cpe.tree.revision != revision:
            self._woke(cpe)
        if is_expected:
            self._serve(number)

    def _called(self, data: bytes) -> None:
        try:
            request = read_udp_request(data)
        except UdpRequestError:
            self._tally.called(Missed.MALFORMED.value)
            return
        called = self._device_called(request)
        if isinstance(called, Missed):
            self._tally.called(called.value)
            return
        last = self._accepted.get(called)
        if last == (request.stamp, request.number):
            # G.2.1.4: a request is sent several times, because datagrams get lost.
            return
        if last is not None and (request.stamp <= last[0] or request.number == last[1]):
            self._tally.called(Missed.REPLAYED.value)
            return
        self._accepted[called] = request.stamp, request.number
        cpe = self._devices[called]
        outcome = Missed.DEAF if cpe.identity.device_id.serial_number in self._deaf else cpe.called(self._now())
        self._tally.called(outcome.value)
        if outcome is Called.ACCEPTED:
            self._woke(cpe)

    def _device_called(self, request: UdpRequest) -> int | Missed:
        """The number of the device that a request is for, if it is signed for that one."""
        candidates: Collection[int] = self._by_name.get(request.username, ())
        named = self._by_serial.get(request.serial) if request.serial else None
        if named is not None:
            candidates = [named] if named in candidates else []
        elif not candidates or len(candidates) > MAX_NAMESAKES:
            return Missed.UNKNOWN
        for each in candidates:
            if request.is_signed_with(self._devices[each].management(self._now()).called_password):
                return each
        return Missed.WRONG_LOGIN

    def _serve(self, number: int) -> None:
        """Send what a device has to send, and plan when to look at it again."""
        binding, cpe, now = self._bindings[number], self._devices[number], self._now()
        revision = cpe.tree.revision
        outgoing = binding.advance(now)
        if outgoing is not None:
            self._send(outgoing, cpe)
        if cpe.tree.revision != revision:
            self._woke(cpe)
        due = binding.due_at
        # A device may be about to come up, which others see to.
        self._plan(number, due if due > now else now + _LONGEST_SLEEP)

    def _send(self, outgoing: Outgoing, cpe: Cpe) -> None:
        socket = self._second if outgoing.is_probe else self._socket
        host = outgoing.host
        if not host:
            target = read_target(cpe.management(self._now()).url)
            host = target.host if target is not None else ""
        if not host:
            return
        address = host if is_address(host) else self._server_names.first(host)
        # What cannot be sent now is sent again, as what is lost on its way.
        if address is None or (":" in address) != (":" in socket.place[0]):
            return
        if socket.transport is not None and not socket.is_full:
            socket.transport.sendto(outgoing.data, (address, outgoing.port))

    def _plan(self, number: int, at: float) -> None:
        if self._planned.get(number) == at:
            return
        if at == math.inf:
            self._planned.pop(number, None)
            return
        self._planned[number] = at
        if len(self._due) > 2 * len(self._devices) + _BATCH:
            self._due = [(each, whose) for whose, each in self._planned.items()]
            heapq.heapify(self._due)
        else:
            heapq.heappush(self._due, (at, number))
        if self._timer is not None and at == self._due[0][0]:
            self._timer.cancel()
            self._wake_in(at - self._now())

    def _tick(self) -> None:
        now = self._now()
        self._timer = None
        for _ in range(_BATCH):
            if not self._due or self._due[0][0] > now:
                break
            at, number = heapq.heappop(self._due)
            if self._planned.get(number) == at:
                del self._planned[number]
                self._serve(number)
        self._wake_in(self._due[0][0] - now if self._due else _LONGEST_SLEEP)

    def _wake_in(self, seconds: float) -> None:
        # The time of the devices may leap, and then this one is late.
        delay = min(max(0.0, seconds), _LONGEST_SLEEP)
        self._timer = asyncio.get_running_loop().call_later(delay, self._tick)
