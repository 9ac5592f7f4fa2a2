"""Devices that can be called, on real sockets, and names that lead to them."""

import asyncio
import contextlib
import datetime
import itertools
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from acs.auth.digest import Algorithm, Password, verify_response
from acs.auth.headers import DigestCredentials, parse_credentials
from acs.domain.targets import Address

OK: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
NO_CONTENT: Final = b"HTTP/1.1 204 No Content\r\n\r\n"
USERNAME: Final = "acs-name"
PASSWORD: Final = "acs-password"


@dataclass(frozen=True)
class Request:
    """A request as it came."""

    connection: int
    request_line: str
    headers: dict[str, str]

    @property
    def authorization(self) -> str | None:
        return self.headers.get("authorization")


@dataclass(frozen=True)
class Reply:
    """What the device does: say something, and then perhaps close, or go on for ever."""

    octets: bytes
    close: bool = False
    endlessly: bytes = b""


# None: say nothing.
Answering = Callable[[Request], Reply | None]


@dataclass
class Device:
    """A device that listens."""

    port: int = 0
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    server_names: list[str | None] = field(default_factory=list)

    @property
    def authorizations(self) -> list[str]:
        return [request.authorization for request in self.requests if request.authorization is not None]


@contextlib.asynccontextmanager
async def listening(
    answering: Answering, *, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> AsyncIterator[Device]:
    """A device until the end of the block; then every connection must have been given up by its caller."""
    device = Device()
    tasks: list[asyncio.Task[None]] = []

    def note_name(_socket: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> None:
        device.server_names.append(name)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        device.connections += 1
        number = device.connections
        try:
            while True:
                request = _parsed(number, await reader.readuntil(b"\r\n\r\n"))
                device.requests.append(request)
                device.asked.set()
                reply = answering(request)
                if reply is None:
                    await reader.read()
                    return
                writer.write(reply.octets)
                while reply.endlessly:
                    writer.write(reply.endlessly)
                    await writer.drain()
                await writer.drain()
                if reply.close:
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.append(asyncio.create_task(serve(reader, writer)))

    if tls is not None:
        tls.sni_callback = note_name
    server = await asyncio.start_server(accepted, host, 0, ssl=tls)
    device.port = server.sockets[0].getsockname()[1]
    try:
        yield device
    finally:
        server.close()
        await asyncio.gather(*tasks)
        await server.wait_closed()


def always(octets: bytes, *, close: bool = False) -> Answering:
    return lambda request: Reply(octets, close=close)


def challenge(nonce: str, *, algorithm: str | None = None, qop: str | None = "auth", stale: bool = False) -> str:
    text = f'Digest realm="device", nonce="{nonce}", opaque="o"'
    text += f', qop="{qop}"' if qop is not None else ""
    text += f", algorithm={algorithm}" if algorithm is not None else ""
    return text + (", stale=true" if stale else "")


def unauthorized(*challenges: str, headers: str = "", body: bytes = b"") -> bytes:
    lines = "".join(f"WWW-Authenticate: {text}\r\n" for text in challenges)
    return f"HTTP/1.1 401 Unauthorized\r\n{lines}{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body


def credentials_of(request: Request) -> DigestCredentials:
    assert request.authorization is not None
    credentials = parse_credentials(request.authorization)
    assert isinstance(credentials, DigestCredentials)
    return credentials


def proves(request: Request) -> bool:
    """Whether the digest of a request is right, for the very target it was sent to."""
    method, target, _ = request.request_line.split(" ")
    return verify_response(
        credentials_of(request),
        Password(PASSWORD),
        method=method,
        target=target,
        realm="device",
        offered=tuple(Algorithm),
    )


def guarded(
    then: bytes = OK,
    *,
    algorithm: str | None = None,
    qop: str | None = "auth",
    headers: str = "",
    close: bool = False,
) -> Answering:
    """A device that asks for a digest and takes each nonce once."""
    numbers = itertools.count(1)
    open_nonces: set[str] = set()

    def answer(request: Request) -> Reply:
        if request.authorization is not None and credentials_of(request).nonce in open_nonces and proves(request):
            open_nonces.discard(credentials_of(request).nonce)
            return Reply(then, close=True)
        nonce = f"nonce-{next(numbers)}"
        open_nonces.add(nonce)
        body = b"<html>no</html>"
        return Reply(
            unauthorized(challenge(nonce, algorithm=algorithm, qop=qop), headers=headers, body=body), close=close
        )

    return answer


@dataclass
class Names:
    """Names and their addresses; each further question gets the next answer, and the last one stays."""

    answers: list[Sequence[str]]
    asked: list[str] = field(default_factory=list)
    closed: bool = False

    async def resolve(self, name: str) -> Sequence[Address]:
        self.asked.append(name)
        answer = self.answers[min(len(self.asked), len(self.answers)) - 1]
        return [ip_address(text) for text in answer]

    def close(self) -> None:
        self.closed = True


def self_signed(folder: Path) -> ssl.SSLContext:
    """The context of a device that has signed its certificate itself, for another name, long ago."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "router")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.datetime(2001, 1, 1, tzinfo=datetime.UTC))
        .not_valid_after(datetime.datetime(2002, 1, 1, tzinfo=datetime.UTC))
        .sign(key, hashes.SHA256())
    )
    file = folder / "device.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def _parsed(connection: int, head: bytes) -> Request:
    request_line, *lines = head.decode().strip().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    assert len(headers) == len(lines), "a header came twice"
    return Request(connection, request_line, headers)
