"""What goes out to the network for the services, made as the settings say."""

from contextlib import AsyncExitStack
from dataclasses import dataclass

from structlog.typing import FilteringBoundLogger

from acs.connection_request.http import HttpConnectionRequester
from acs.connection_request.probes import NetworkProbes
from acs.domain.delivery import Channel
from acs.keys import load_webhook_secret
from acs.services.ports import Chance, Clock, ConnectionRequester, Messenger, Probes
from acs.settings import Settings
from acs.settings.mail import read_smtp_url
from acs.webhooks.http import WebhookSender
from acs.webhooks.mail import MailSender


@dataclass(frozen=True, slots=True)
class Adapters:
    """Makes them."""

    settings: Settings
    """As the operator has set them."""
    clock: Clock
    """The time."""
    chance: Chance
    """The chance."""
    stack: AsyncExitStack
    """What is closed at the end."""

    def requester(self) -> ConnectionRequester:
        """What calls devices."""
        made = HttpConnectionRequester(
            allow_basic=self.settings.connection_request_basic,
            allowed_networks=self.settings.connection_request_networks,
            clock=self.clock.monotonic,
            chance=self.chance.octets,
            tries=self.settings.connection_request_timeouts,
        )
        self.stack.push_async_callback(made.close)
        return made

    def probes(self, log: FilteringBoundLogger) -> Probes:
        """What looks whether devices are there."""
        made = NetworkProbes(
            allowed_networks=self.settings.connection_request_networks,
            chance=self.chance.octets,
            on_missing=lambda what: log.warning("the status helper ping is not available", reason=what),
        )
        self.stack.push_async_callback(made.close)
        return made

    def messengers(self) -> dict[Channel, Messenger]:
        """What tells others of ends; mail is sent where a server for it is set."""
        settings = self.settings
        secret = settings.webhook_secret
        webhooks = WebhookSender(
            secret=load_webhook_secret(settings.webhook_secret_file, secret.get_secret_value() if secret else None),
            allowed_networks=settings.webhook_networks,
            wall=self.clock.wall,
            timeout=settings.notification_timeout,
        )
        self.stack.push_async_callback(webhooks.close)
        made: dict[Channel, Messenger] = {Channel.WEBHOOK: webhooks}
        if settings.smtp_url is not None and settings.smtp_from is not None:
            mail = MailSender(
                read_smtp_url(settings.smtp_url.get_secret_value()),
                settings.smtp_from,
                wall=self.clock.wall,
                timeout=settings.notification_timeout,
            )
            self.stack.push_async_callback(mail.close)
            made[Channel.EMAIL] = mail
        return made
