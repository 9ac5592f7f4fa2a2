"""A device's posts to the ACS: connections, cookies and logins, each in the way its quirks have it."""

import ssl
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from tests.e2e.check import Heard
from tests.e2e.envelopes import AcsMessage, read
from tests.e2e.journal import Journal, Lost, Received, Sent
from tests.e2e.login import Login
from tests.e2e.quirks import Quirks
from tests.e2e.wire import ClosedError, HttpConnection, HttpReply, gzipped

_MAX_LOGINS: Final = 2
"""A stale nonce may cost a second try; more would hide an ACS that lets nobody in."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the ACS answered to a post."""

    http: HttpReply
    """The response."""
    message: AcsMessage | None
    """The envelope in it."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.http.status

    @property
    def method(self) -> str:
        """The name of the message; empty when there is none."""
        return self.message.method if self.message else ""

    @property
    def fault_code(self) -> int | None:
        """The code of a fault."""
        return self.message.fault_code if self.message else None


@dataclass(frozen=True, slots=True)
class Place:
    """Where the ACS is."""

    host: str
    """Its address."""
    port: int
    """Its port."""
    path: str = "/"
    """The path of its URL."""
    tls: ssl.SSLContext | None = None
    """For https."""
    source: str | None = None
    """The address of our own to come from, such as 127.0.0.2."""


@dataclass(frozen=True, slots=True)
class Ear:
    """Where what the ACS says is taken to be checked."""

    heard: Heard
    """Which collects it."""
    namespace: str
    """The one that the device speaks, and must be answered in."""


class Link:
    """Posts to the ACS; ``connection`` may be looked at, and set to one that several devices share (a proxy's pool)."""

    def __init__(self, place: Place, quirks: Quirks, login: Login | None, journal: Journal, ear: Ear) -> None:
        self._place = place
        self._quirks = quirks
        self.login = login
        self._journal = journal
        self._ear = ear
        self.connection: HttpConnection | None = None
        self.connections = 0
        self.cookies: dict[str, str] = {}
        self._left_behind: list[HttpConnection] = []

    async def post(self, body: bytes, name: str) -> Reply:
        """Post an envelope, or nothing; log in when asked to and the quirks allow it."""
        login, mode = self.login, self._quirks.authorization
        is_inform = name == "Inform"
        proves = mode == "every post" or (is_inform and mode in {"only with the Inform", "begin with empty post"})
        is_ready = login is not None and login.is_challenged and proves
        reply = await self._exchange(body, name, has_proof=is_ready)
        if login is None:
            return reply
        for _ in range(_MAX_LOGINS):
            if reply.status != 401 or not login.learn(reply.http.all("WWW-Authenticate")):
                break
            if self._quirks.reconnects_after_401 and self.connection is not None:
                self._left_behind.append(self.connection)
                self.connection = None
            if not is_inform and mode in {"only with the Inform", "begin with empty post"}:
                break
            reply = await self._exchange(body, name, has_proof=True)
        return reply

    async def open(self) -> HttpConnection:
        """The connection in use; a new one if there is none or the server has closed it."""
        if self.connection is not None and self.connection.is_closed_by_server:
            # The server's end has come; ours is still open.
            self.connection.drop()
            self.connection = None
        if self.connection is None:
            place = self._place
            self.connection = await HttpConnection.open(place.host, place.port, tls=place.tls, source=place.source)
            self.connections += 1
        return self.connection

    async def move(self, port: int) -> None:
        """Leave the connection; the next one goes to another port."""
        await self.close()
        self._place = replace(self._place, port=port)

    async def close(self) -> None:
        """Close in good order what is open; cookies stay."""
        for connection in (*self._left_behind, *([self.connection] if self.connection else [])):
            await connection.close()
        self.connection = None
        self._left_behind.clear()

    def drop(self, why: str) -> None:
        """Close at once."""
        if self.connection is not None:
            self.connection.drop()
            self.connection = None
            self._journal.add(Lost(self._journal.next(), self.connections, why))

    async def _exchange(self, body: bytes, name: str, *, has_proof: bool) -> Reply:
        connection, journal = await self.open(), self._journal
        journal.add(Sent(journal.next(), self.connections, name, body))
        octets = gzipped(body) if self._quirks.gzip and body else body
        try:
            http = await connection.post(
                octets,
                target=self._place.path,
                headers=self._headers(body, has_proof=has_proof),
                chunked=self._quirks.chunked and bool(body),
                expect_continue=self._quirks.expect_continue and bool(body),
            )
        except ClosedError as error:
            self.connection = None
            connection.drop()
            journal.add(Lost(journal.next(), self.connections, str(error)))
            raise
        message = read(http.body) if http.body and "xml" in (http.first("Content-Type") or "") else None
        method, its_id = (message.method, message.id) if message else ("", None)
        journal.add(Received(journal.next(), self.connections, http.status, method, its_id, http.body))
        without_id = self._quirks.ids in {"none", "empty"}
        self._ear.heard.add(http, message, namespace=self._ear.namespace, asked_without_id=without_id)
        self._remember_cookies(http.all("Set-Cookie"))
        if self._quirks.close_after_every_response or http.closes or connection.is_spent:
            self.connection = None
            await connection.close()
        return Reply(http, message)

    def _headers(self, body: bytes, *, has_proof: bool) -> list[tuple[str, str]]:
        quirks = self._quirks
        headers = [("User-Agent", "scripted-device"), *quirks.extra_headers]
        if body:
            headers += [("SOAPAction", ""), ("Content-Type", quirks.content_type)]
            if quirks.gzip:
                headers.append(("Content-Encoding", "gzip"))
        if self.cookies and quirks.cookies != "never":
            headers.append(("Cookie", self._cookie_header()))
        if has_proof and self.login is not None:
            headers.append(("Authorization", self.login.authorization("POST", self._place.path)))
        return headers

    def _cookie_header(self) -> str:
        pairs = list(self.cookies.items())
        match self._quirks.cookies:
            case "rfc2109":
                return '$Version="0"; ' + "; ".join(f"{name}={value};$Path=/" for name, value in pairs)
            case "quoted":
                return "; ".join(f'{name}="{value}"' for name, value in pairs)
            case "joined with another cookie by comma":
                return ",".join(("lang=en", *(f"{name}={value}" for name, value in pairs)))
            case _:
                return "; ".join(f"{name}={value}" for name, value in pairs)

    def _remember_cookies(self, headers: Sequence[str]) -> None:
        for header in headers:
            pair, *attributes = (part.strip() for part in header.split(";"))
            said = {attribute.lower() for attribute in attributes}
            if self._quirks.drops_http_only_cookies and "httponly" in said:
                continue
            if self._quirks.drops_cookies_without_root_path and "path=/" not in said:
                continue
            name, _, value = pair.partition("=")
            self.cookies[name] = value
