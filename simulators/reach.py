"""Where the devices of a run are called: over HTTP at one port for all, or over UDP, as if they were behind a NAT."""

import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from simulators.client.listener import Listener, called_at
from simulators.client.udp import Udp
from simulators.device.cpe import Cpe
from simulators.options import Listening, OptionError
from simulators.planning import Plan
from simulators.population import Makeup
from simulators.script import deaf
from simulators.tally import Tally


class Reach:
    """Takes the connection requests of a run."""

    def __init__(self, plan: Plan, tally: Tally, now: Callable[[], float], woke: Callable[[Cpe], None]) -> None:
        self._plan = plan
        self._tally = tally
        self._now = now
        self._woke = woke
        self._by_serial: dict[str, Cpe] = {}
        self._udp: Udp | None = None

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Makeup]:
        """Listen; gives the makeup of devices that know where they are called. OptionError if that cannot be."""
        makeup, listening = self._plan.makeup, self._plan.listening
        listener = None
        if listening is not None and not listening.is_udp:
            listener = Listener(self._by_serial, self._tally, self._now, self._woke, deaf=deaf(self._plan))
            try:
                address = await listener.start(self._host(listening), listening.port)
            except OSError as error:
                raise _cannot(error) from None
            makeup = replace(makeup, called_at=called_at(*address))
        try:
            yield makeup
        finally:
            if listener is not None:
                await listener.stop()
            if self._udp is not None:
                await self._udp.stop()

    async def meet(self, devices: Sequence[Cpe]) -> None:
        """These are the devices."""
        listening = self._plan.listening
        if listening is None:
            return
        self._by_serial.update((cpe.identity.device_id.serial_number, cpe) for cpe in devices)
        if listening.is_udp:
            self._udp = Udp(devices, self._tally, self._now, self._woke, deaf=deaf(self._plan))
            try:
                await self._udp.start(self._host(listening), listening.port)
            except OSError as error:
                raise _cannot(error) from None

    def look_after(self, cpe: Cpe) -> None:
        """The session of a device has ended: the ACS may have said how it is to be reached."""
        if self._udp is not None:
            self._udp.look_after(cpe)

    def _host(self, listening: Listening) -> str:
        return listening.host or address_towards(self._plan.target.host, self._plan.target.port)


def address_towards(host: str, port: int) -> str:
    """The address of this machine from which another one is reached; nothing is sent. OSError if there is none,
    OptionError if the other one has none."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    except (socket.gaierror, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no name"
        raise OptionError(f"--acs-url: {host} cannot be found: {reason}") from None
    with socket.socket(family, kind, protocol) as probe:
        probe.connect(address)
        return str(probe.getsockname()[0])


def _cannot(error: OSError) -> OptionError:
    return OptionError(f"--connection-requests: cannot listen: {error.strerror or error}")
