"""From the body of a post to its message, without holding up the others."""

import asyncio
from typing import Final

from acs.services.tools import Tools
from cwmp_schemas.decode import decode
from cwmp_schemas.envelope import Received

_LARGE: Final = 256 * 1024
"""Bodies from this size on are decoded off the loop, so that nothing holds it for 50 ms."""


async def decoded(tools: Tools, body: bytes) -> Received:
    """The message of a body, its oddities counted; DecodeError if it holds none."""
    limit = tools.settings.max_body
    received = decode(body, limit) if len(body) < _LARGE else await asyncio.to_thread(decode, body, limit)
    for oddity in received.oddities:
        tools.metrics.oddities.inc(oddity)
    return received
