"""A crowd that comes faster than it is taken in is seen before it is."""

import asyncio
import socket
import sys

import pytest

from acs.cwmp_http.queues import is_half_full

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux says how many wait")


async def test_more_than_half_as_many_wait_as_may() -> None:
    loop = asyncio.get_running_loop()
    quiet = await loop.create_server(asyncio.Protocol, "127.0.0.1", 0, backlog=4)
    busy = await loop.create_server(asyncio.Protocol, "127.0.0.1", 0, backlog=4)
    servers, waiting = (quiet, busy), []
    place = busy.sockets[0].getsockname()
    # Nothing is waited for, so the loop takes in none of them.
    for is_too_many in (False, False, True):
        waiting.append(socket.create_connection(place))
        assert is_half_full(servers) is is_too_many
    assert not is_half_full([quiet])
    for server in servers:
        server.close()
    assert not is_half_full(servers), "a closed one has nobody that waits"
    for each in waiting:
        each.close()
