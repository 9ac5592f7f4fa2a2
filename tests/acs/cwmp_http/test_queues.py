"""A crowd that comes faster than it is taken in is seen before it is."""

import asyncio
import socket
import sys

import pytest

from acs.cwmp_http.queues import Queues

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux says how many wait")


async def test_more_than_half_as_many_wait_as_may() -> None:
    loop = asyncio.get_running_loop()
    quiet = await loop.create_server(asyncio.Protocol, "127.0.0.1", 0, backlog=4)
    busy = await loop.create_server(asyncio.Protocol, "127.0.0.1", 0, backlog=4)
    now = 1.0
    queues, queue, waiting = Queues((quiet, busy), clock=lambda: now), Queues([quiet]), []
    place = busy.sockets[0].getsockname()
    # Nothing is waited for, so the loop takes in none of them.
    for is_too_many in (False, False, True):
        waiting.append(socket.create_connection(place))
        now += 1.0
        assert queues.are_half_full() is is_too_many
    assert not queue.are_half_full()
    for server in (quiet, busy):
        server.close()
    assert queues.are_half_full(), "what the kernel said is believed for a moment"
    now += 1.0
    assert not queues.are_half_full(), "a closed one has nobody that waits"
    for each in waiting:
        each.close()
