"""Mail, in real conversations with a mail server."""

import json
import ssl
from collections.abc import Mapping
from pathlib import Path

import pytest

from acs.domain.delivery import Channel, Sent, SentKind
from acs.settings.mail import SmtpServer
from acs.webhooks.mail import MailSender
from tests.acs.webhooks.authority import authority
from tests.acs.webhooks.receiver import delivery
from tests.acs.webhooks.smtp import MailServer, mail_server

NOW = 1_800_000_000.0
PASSWORD = "hunter2hunter2"
PAYLOAD = {
    "event": "operation.failed",
    "id": "op_1",
    "operation": "set",
    "device_name": "Gerät 7",
    "fault": {"code": 9005, "string": "no such name"},
    "status": "failed",
}


async def sent(
    server: MailServer | int,
    *,
    payload: Mapping[str, object] = PAYLOAD,
    is_secure: bool = False,
    username: str = "",
    host: str = "127.0.0.1",
    tls: ssl.SSLContext | None = None,
    within: float = 20.0,
) -> Sent:
    port = server if isinstance(server, int) else server.port
    place = SmtpServer(host, port, is_secure, username, PASSWORD if username else "")
    sender = MailSender(place, "acs@example.net", wall=lambda: NOW, timeout=within, tls=tls)
    try:
        return await sender.send(delivery("noc@example.org", channel=Channel.EMAIL, payload=json.dumps(payload)))
    finally:
        await sender.close()


async def test_a_person_is_told_in_words() -> None:
    async with mail_server() as server:
        assert await sent(server) == Sent(SentKind.TAKEN)
    (mail,) = server.mails
    assert (mail["From"], mail["To"]) == ("acs@example.net", "noc@example.org")
    assert mail["Subject"] == "aioacs: set on Gerät 7 failed"
    assert mail["Date"] == "Fri, 15 Jan 2027 08:00:00 +0000"
    assert mail["Message-ID"] == "<dlv_1@example.net>"
    assert mail["Auto-Submitted"] == "auto-generated"
    text = mail.get_content().replace("\r\n", "\n")
    assert "device name: Gerät 7\n" in text
    assert '"no such name"' in text
    assert "mail FROM:<acs@example.net>" in server.commands[1]
    assert server.commands[-1] == "QUIT"


async def test_no_value_becomes_a_second_line_of_the_head() -> None:
    payload = PAYLOAD | {"device_name": "a\r\nBcc: other@example.net\r\n\r\nb"}
    async with mail_server() as server:
        assert (await sent(server, payload=payload)).kind is SentKind.TAKEN
    (mail,) = server.mails
    assert mail["Bcc"] is None
    assert mail["Subject"] == "aioacs: set on a  Bcc: other@example.net    b failed"
    assert [line for line in server.commands if line.startswith("rcpt")] == ["rcpt TO:<noc@example.org>"]


@pytest.mark.parametrize(
    ("replies", "expected"),
    [
        ({"RCPT": "550 no such user"}, (SentKind.REFUSED, "the mail server does not take the recipient (status 550)")),
        ({"RCPT": "450 later"}, (SentKind.FAILED, "the mail server does not take the recipient (status 450)")),
        ({"MAIL": "550 not you"}, (SentKind.FAILED, "the mail server does not take the sender (status 550)")),
        ({".": "554 spam"}, (SentKind.REFUSED, "the mail server does not take the message (status 554)")),
        ({".": "452 full"}, (SentKind.FAILED, "the mail server does not take the message (status 452)")),
        ({"": "554 go away"}, (SentKind.FAILED, "the mail server broke the conversation off")),
    ],
)
async def test_what_the_server_says_decides_whether_it_is_tried_again(
    replies: Mapping[str, str], expected: tuple[SentKind, str]
) -> None:
    async with mail_server(replies) as server:
        assert await sent(server) == Sent(*expected)


async def test_a_silent_server_is_given_up() -> None:
    async with mail_server({"MAIL": ""}) as server:
        found = await sent(server, within=0.3)
    assert found.kind is SentKind.FAILED


async def test_where_no_server_listens_it_is_tried_again() -> None:
    async with mail_server() as server:
        pass
    assert await sent(server) == Sent(SentKind.FAILED, "the mail server takes no connection")


async def test_a_password_never_goes_out_in_clear() -> None:
    async with mail_server(extensions="250-AUTH PLAIN LOGIN\r\n") as server:
        found = await sent(server, username="acs")
    assert found == Sent(SentKind.FAILED, "the mail server offers no TLS, and the password needs it")
    assert not any(line.startswith("AUTH") for line in server.commands)
    assert server.mails == []


async def test_tls_is_used_when_it_is_offered_and_the_password_goes_out_within(tmp_path: Path) -> None:
    shown, believing = authority(tmp_path, "localhost")
    offered = {"STARTTLS": "220 go on", "AUTH": "235 welcome"}
    async with mail_server(offered, tls=shown, extensions="250-STARTTLS\r\n250-AUTH PLAIN\r\n") as server:
        assert await sent(server, username="acs", host="localhost", tls=believing) == Sent(SentKind.TAKEN)
    words = [line.split(" ")[0] for line in server.commands]
    assert words[:4] == ["ehlo", "STARTTLS", "ehlo", "AUTH"]


async def test_a_server_can_speak_tls_from_the_first_octet(tmp_path: Path) -> None:
    shown, believing = authority(tmp_path, "localhost")
    async with mail_server(tls=shown, is_secure=True) as server:
        assert await sent(server, is_secure=True, host="localhost", tls=believing) == Sent(SentKind.TAKEN)


@pytest.mark.parametrize("is_secure", [True, False])
async def test_a_server_whose_certificate_is_not_good_gets_nothing(tmp_path: Path, is_secure: bool) -> None:
    shown, _ = authority(tmp_path, "localhost")
    replies = {"STARTTLS": "220 go on"}
    async with mail_server(replies, tls=shown, is_secure=is_secure, extensions="250-STARTTLS\r\n") as server:
        found = await sent(server, is_secure=is_secure, host="localhost")
    assert found == Sent(SentKind.FAILED, "TLS with the mail server did not come about")
    assert server.mails == []


async def test_a_login_that_is_not_taken_is_tried_again_for_it_may_be_mended(tmp_path: Path) -> None:
    shown, believing = authority(tmp_path, "localhost")
    replies = {"AUTH": "535 no"}
    async with mail_server(replies, tls=shown, is_secure=True, extensions="250-AUTH PLAIN\r\n") as server:
        found = await sent(server, username="acs", is_secure=True, host="localhost", tls=believing)
    assert found == Sent(SentKind.FAILED, "the mail server does not take the login")
    assert PASSWORD not in found.detail
