"""Webhooks: a POST that the receiver answers with any status of success.

The host's name is looked up here, once; the addresses are judged, and only those are connected to, while TLS still
checks the name. Redirects are not followed, for nobody has judged where they lead; of the answer only the head is read.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable, Sequence
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from acs.connecting import Resolver, SystemResolver, addresses_of, system_trust
from acs.domain.delivery import Delivery, Sent, SentKind
from acs.domain.reach import ReachKind
from acs.domain.targets import Address, Endpoint, Network, Refusal, judge_public, read_url
from acs.webhooks.signing import DELIVERY, EVENT, SIGNATURE, TIMESTAMP, signature

_TAKEN: Final = range(200, 300)
_REDIRECTS: Final = range(300, 400)
_GONE: Final = 410


class WebhookSender:
    """Sends webhooks."""

    def __init__(
        self,
        *,
        secret: str,
        allowed_networks: Sequence[Network],
        wall: Callable[[], float],
        timeout: float,
        user_agent: str = "aioacs",
        resolver: Resolver | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """``secret`` signs; ``timeout`` is for a whole attempt, in seconds; ``wall`` gives the time."""
        self._secret = secret
        self._allowed_networks = tuple(allowed_networks)
        self._wall = wall
        self._timeout = timeout
        self._user_agent = user_agent
        self._resolver = resolver or SystemResolver()
        self._tls = tls

    async def send(self, delivery: Delivery) -> Sent:
        """See ``Messenger``."""
        endpoint = read_url(delivery.news.target)
        if isinstance(endpoint, Refusal):
            return Sent(SentKind.REFUSED, endpoint.detail)
        try:
            async with asyncio.timeout(self._timeout):
                return await self._send(delivery, endpoint)
        except TimeoutError:
            return Sent(SentKind.FAILED, "the receiver did not answer in time")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Sent(SentKind.FAILED, _why(error))

    async def close(self) -> None:
        """Give up what is held; attempts under way are their callers' to cancel."""
        self._resolver.close()

    async def _send(self, delivery: Delivery, endpoint: Endpoint) -> Sent:
        try:
            found = await addresses_of(endpoint, self._resolver)
        except (OSError, ValueError):
            found = ()
        allowed = judge_public(found, self._allowed_networks)
        if isinstance(allowed, Refusal):
            # A name may have another address another time.
            is_final = allowed.kind is ReachKind.FORBIDDEN_TARGET and endpoint.address is not None
            return Sent(SentKind.REFUSED if is_final else SentKind.FAILED, allowed.detail)
        tls = await asyncio.to_thread(system_trust) if self._tls is None else self._tls
        connector = aiohttp.TCPConnector(
            resolver=_Judged(allowed), use_dns_cache=False, force_close=True, ssl=tls, limit=1
        )
        async with (
            aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
                timeout=aiohttp.ClientTimeout(total=None),
            ) as session,
            session.post(
                _url_of(delivery.news.target, endpoint, allowed),
                data=delivery.news.payload.encode(),
                headers=self._headers(delivery),
                allow_redirects=False,
            ) as response,
        ):
            status = response.status
            response.close()
        return _outcome(status)

    def _headers(self, delivery: Delivery) -> dict[str, str]:
        news, timestamp = delivery.news, str(int(self._wall()))
        return {
            "Content-Type": "application/json",
            "User-Agent": self._user_agent,
            TIMESTAMP: timestamp,
            SIGNATURE: signature(self._secret, timestamp, news.payload.encode()),
            DELIVERY: news.public_id,
            EVENT: news.event,
        }


class _Judged(AbstractResolver):
    """Knows the judged addresses and no others, whatever it is asked for."""

    def __init__(self, addresses: Sequence[Address]) -> None:
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """See ``AbstractResolver``."""
        return [
            {
                "hostname": host,
                "host": str(address),
                "port": port,
                "family": socket.AF_INET if address.version == 4 else socket.AF_INET6,
                "proto": 0,
                "flags": socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            }
            for address in self._addresses
        ]

    async def close(self) -> None:
        """Nothing is held."""


def _url_of(text: str, endpoint: Endpoint, allowed: Sequence[Address]) -> URL:
    """The URL letter by letter. An address in it stands there in the form that was judged."""
    url = URL(text.partition("#")[0], encoded=True)
    return url if endpoint.address is None else url.with_host(str(allowed[0]))


def _outcome(status: int) -> Sent:
    if status in _TAKEN:
        return Sent(SentKind.TAKEN)
    if status in _REDIRECTS:
        return Sent(SentKind.FAILED, f"the receiver answered with status {status}; redirects are not followed")
    # RFC 9110 section 15.5.11: whoever says so wants no more of it.
    kind = SentKind.REFUSED if status == _GONE else SentKind.FAILED
    return Sent(kind, f"the receiver answered with status {status}")


def _why(error: Exception) -> str:
    """What went wrong, with nothing of the URL, nor of what the receiver said."""
    match error:
        case aiohttp.ClientConnectorCertificateError():
            return "the receiver's certificate is not good for its name"
        case aiohttp.ClientSSLError() | ssl.SSLError():
            return "TLS with the receiver did not come about"
        case aiohttp.ClientConnectorError():
            return "the receiver takes no connection"
        case aiohttp.ServerDisconnectedError() | ConnectionError():
            return "the receiver cut the connection"
        case _:
            return "the receiver's answer cannot be read"
