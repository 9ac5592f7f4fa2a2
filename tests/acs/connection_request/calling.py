"""Short ways to call devices."""

import itertools
from collections.abc import Callable, Sequence
from typing import Final

from acs.connecting import Resolver
from acs.connection_request.http import HttpConnectionRequester
from acs.domain.reach import Reach, WakeTarget
from acs.domain.targets import Network
from tests.acs.connection_request.devices import PASSWORD, USERNAME, Answering, Device, Names, listening

QUICK: Final = (0.1, 0.1)
# The first try is given up soon, the second has time.
QUICK_THEN_PATIENT: Final = (0.3, 20.0)
PATIENT: Final = (20.0, 20.0)


def requester(
    *,
    allow_basic: bool = False,
    allowed_networks: Sequence[Network] = (),
    tries: Sequence[float] = PATIENT,
    resolver: Resolver | None = None,
    clock: Callable[[], float] = lambda: 0.0,
) -> HttpConnectionRequester:
    numbers = itertools.count(1)
    return HttpConnectionRequester(
        allow_basic=allow_basic,
        allowed_networks=allowed_networks,
        clock=clock,
        chance=lambda count: next(numbers).to_bytes(count, "big"),
        tries=tries,
        resolver=resolver or Names([()]),
    )


def target(url: str | None, *, password: str = PASSWORD, session_address: str = "127.0.0.1") -> WakeTarget:
    return WakeTarget(url, USERNAME, password, session_address)


def at(device: Device, rest: str = "/cr?id=4", host: str = "127.0.0.1") -> WakeTarget:
    return target(f"http://{host}:{device.port}{rest}")


async def reach(
    answering: Answering, *, allow_basic: bool = False, tries: Sequence[float] = PATIENT
) -> tuple[Reach, Device]:
    async with listening(answering) as device:
        return await requester(allow_basic=allow_basic, tries=tries).request(at(device)), device
