"""A mail server on a real socket, as little of one as a conversation needs."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage


@dataclass
class MailServer:
    """What listens, and what was said to it."""

    port: int = 0
    commands: list[str] = field(default_factory=list)
    mails: list[EmailMessage] = field(default_factory=list)
    come: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    async def next(self) -> EmailMessage:
        """Wait for the next mail."""
        async with asyncio.timeout(20):
            await self.come.acquire()
        return self.mails[-1]


@asynccontextmanager
async def mail_server(
    replies: Mapping[str, str] | None = None,
    *,
    tls: ssl.SSLContext | None = None,
    is_secure: bool = False,
    extensions: str = "",
) -> AsyncIterator[MailServer]:
    """A mail server until the end of the block; ``replies`` by command in the place of its own, "" for silence."""
    server = MailServer()
    said = {"EHLO": f"250-mail\r\n{extensions}250 HELP", "DATA": "354 go on", "QUIT": "221 bye", **(replies or {})}
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(f"{said.get('', '220 mail ready')}\r\n".encode())
        try:
            while line := await reader.readline():
                command = line.decode().strip()
                server.commands.append(command)
                word = command.split(" ")[0].split(":")[0].upper()
                reply = said.get(word, "250 good")
                if reply:
                    writer.write(f"{reply}\r\n".encode())
                await writer.drain()
                if word == "STARTTLS" and reply.startswith("220") and tls is not None:
                    await writer.start_tls(tls)
                elif reply.startswith("354"):
                    text = (await reader.readuntil(b"\r\n.\r\n"))[:-5]
                    server.mails.append(message_from_bytes(text, _class=EmailMessage, policy=policy.SMTP))
                    writer.write(f"{said.get('.', '250 taken')}\r\n".encode())
                    server.come.release()
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            return
        finally:
            writer.close()

    def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.create_task(serve(reader, writer)))

    listening = await asyncio.start_server(accepted, "127.0.0.1", 0, ssl=tls if is_secure else None)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await listening.wait_closed()
