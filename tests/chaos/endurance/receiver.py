"""A receiver of webhooks that is ill at times."""

import hashlib
import hmac
from collections import Counter
from pathlib import Path
from random import Random
from typing import Final

from aiohttp import web

_ILL: Final = 0.15
_STATUSES: Final = (500, 502, 503, 429, 404)


class Receiver:
    """Takes webhooks; now and then it does not."""

    def __init__(self, secret_file: Path, random: Random) -> None:
        self._secret_file = secret_file
        self._random = random
        self.is_well = False
        """Whether it takes all that comes."""
        self.told: dict[str, list[str]] = {}
        """What was told of each operation, by its id: each status once."""
        self.deliveries: set[str] = set()
        """The deliveries that were taken."""
        self.answers: Counter[int] = Counter()
        """What it answered."""
        self.forged = 0
        """Webhooks whose signature was wrong."""

    async def take(self, request: web.Request) -> web.Response:
        """Take one, or fail to."""
        body = await request.read()
        key = self._secret_file.read_bytes().rstrip(b"\r\n")
        signed = request.headers["X-Aioacs-Timestamp"].encode() + b"." + body
        expected = "sha256=" + hmac.new(key, signed, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, request.headers["X-Aioacs-Signature"]):
            self.forged += 1
        if not self.is_well and self._random.random() < _ILL:
            return self._answered(self._random.choice(_STATUSES))
        delivery = request.headers["X-Aioacs-Delivery"]
        if delivery not in self.deliveries:
            self.deliveries.add(delivery)
            news = await request.json()
            self.told.setdefault(news["id"], []).append(news["status"])
        return self._answered(204)

    def _answered(self, status: int) -> web.Response:
        self.answers[status] += 1
        return web.Response(status=status)
