"""Mail, by way of one mail server. The standard library speaks with it, in threads of our own."""

import asyncio
import json
import smtplib
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

from acs.connecting import system_trust
from acs.domain.delivery import Delivery, Sent, SentKind
from acs.settings.mail import SmtpServer

_THREADS: Final = 4
_PERMANENT: Final = range(500, 600)
_LONGEST_SUBJECT: Final = 200


class MailSender:
    """Sends mail."""

    def __init__(
        self,
        server: SmtpServer,
        sender: str,
        *,
        wall: Callable[[], float],
        timeout: float,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """``timeout`` is for each step of the conversation, in seconds; ``wall`` gives the time."""
        self._server = server
        self._sender = sender
        self._wall = wall
        self._timeout = timeout
        self._tls = tls
        self._threads = ThreadPoolExecutor(_THREADS, "mail")

    async def send(self, delivery: Delivery) -> Sent:
        """See ``Messenger``."""
        message = letter(delivery, self._sender, self._wall())
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._send, message)

    async def close(self) -> None:
        """Begin no further conversation."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _send(self, message: EmailMessage) -> Sent:
        try:
            with self._connected() as connection:
                if self._server.username:
                    if not self._is_private(connection):
                        return Sent(SentKind.FAILED, "the mail server offers no TLS, and the password needs it")
                    connection.login(self._server.username, self._server.password)
                connection.send_message(message)
        except (smtplib.SMTPException, OSError, UnicodeError) as error:
            return _failure(error)
        return Sent(SentKind.TAKEN)

    def _connected(self) -> smtplib.SMTP:
        server = self._server
        if server.is_secure:
            return smtplib.SMTP_SSL(
                server.host, server.port, timeout=self._timeout, context=self._tls or system_trust()
            )
        connection = smtplib.SMTP(server.host, server.port, timeout=self._timeout)
        try:
            connection.ehlo_or_helo_if_needed()
            if connection.has_extn("starttls"):
                connection.starttls(context=self._tls or system_trust())
        except BaseException:
            connection.close()
            raise
        return connection

    @staticmethod
    def _is_private(connection: smtplib.SMTP) -> bool:
        return isinstance(connection.sock, ssl.SSLSocket)


def letter(delivery: Delivery, sender: str, at: float) -> EmailMessage:
    """The mail for a piece of news. Its header is made by a library that lets no value become a second line."""
    news = delivery.news
    told = json.loads(news.payload)
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = news.target
    message["Subject"] = _subject(told)
    message["Date"] = format_datetime(datetime.fromtimestamp(at, UTC))
    message["Message-ID"] = f"<{news.public_id}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content("".join(f"{name.replace('_', ' ')}: {_shown(value)}\n" for name, value in told.items()))
    return message


def _subject(told: dict[str, object]) -> str:
    words = [str(told[name]) for name in ("operation", "operation_type") if told.get(name)]
    place = [f"on {told['device_name']}"] if told.get("device_name") else []
    text = " ".join(["aioacs:", *words, *place, str(told["status"])])
    return "".join(each if each.isprintable() else " " for each in text)[:_LONGEST_SUBJECT]


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _failure(error: Exception) -> Sent:
    """What went wrong, without the server's words: they may quote what we sent."""
    match error:
        case smtplib.SMTPRecipientsRefused():
            codes = [code for code, _ in error.recipients.values()]
            return _refused("the mail server does not take the recipient", codes[0] if codes else 0)
        case smtplib.SMTPAuthenticationError():
            return Sent(SentKind.FAILED, "the mail server does not take the login")
        case smtplib.SMTPSenderRefused():
            return Sent(SentKind.FAILED, f"the mail server does not take the sender (status {error.smtp_code})")
        case smtplib.SMTPDataError():
            return _refused("the mail server does not take the message", error.smtp_code)
        case ssl.SSLError():
            return Sent(SentKind.FAILED, "TLS with the mail server did not come about")
        case TimeoutError():
            return Sent(SentKind.FAILED, "the mail server did not answer in time")
        case smtplib.SMTPException():
            return Sent(SentKind.FAILED, "the mail server broke the conversation off")
        case _:
            return Sent(SentKind.FAILED, "the mail server takes no connection")


def _refused(what: str, code: int) -> Sent:
    return Sent(SentKind.REFUSED if code in _PERMANENT else SentKind.FAILED, f"{what} (status {code})")
