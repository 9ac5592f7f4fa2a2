"""Parts of bodies that ask for work: who is to be told of its end, and how often it is tried."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, Strict, StrictInt, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from acs.domain.notification import Recipients, read_recipients
from acs.domain.targets import MAX_URL_LENGTH, Refusal, read_url
from api.fields import Body, Flag, Shown, json_schema_example
from api.masking import masked

_LONGEST_ADDRESS: Final = 254
_LONGEST_LOCAL_PART: Final = 64
_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
# The addresses that people have (RFC 5321 section 4.1.2, without quoted names and address literals).
_EMAIL: Final = re.compile(rf"(?P<local>{_ATOM}(?:\.{_ATOM})*)@{_LABEL}(?:\.{_LABEL})*", re.ASCII)


def _webhook_url(text: str) -> str:
    read = read_url(text)
    if not text.strip() or text != text.strip():
        raise PydanticCustomError("webhook_url", "must be an http or https URL")
    if isinstance(read, Refusal):
        raise PydanticCustomError("webhook_url", "must be an http or https URL: {why}", {"why": read.detail})
    return text


def _email(text: str) -> str:
    found = _EMAIL.fullmatch(text)
    if found is None or len(found["local"]) > _LONGEST_LOCAL_PART:
        raise PydanticCustomError("email", "must be one address such as noc@example.net")
    return text


WebhookUrl = Annotated[
    str,
    StringConstraints(strict=True, max_length=MAX_URL_LENGTH),
    AfterValidator(_webhook_url),
    WithJsonSchema({"type": "string", "format": "uri", "maxLength": MAX_URL_LENGTH}),
]
"""Where a program wants to be told. Whether it may be called is judged when it is."""
Email = Annotated[
    str,
    StringConstraints(strict=True, max_length=_LONGEST_ADDRESS),
    AfterValidator(_email),
    WithJsonSchema({"type": "string", "format": "email", "maxLength": _LONGEST_ADDRESS}),
]
"""The address of a person."""


class Notification(Body):
    """Who is to be told of an end: a program, a person or both; of good ends, of the others or of all."""

    model_config = json_schema_example(
        {"on_completion": True, "on_failure": True, "webhook_url": "https://noc.example.net/hook"}
    )

    on_completion: Flag = True
    on_failure: Flag = True
    webhook_url: WebhookUrl | None = None
    email: Email | None = None


class RetryPolicy(Body):
    """How often something is tried, and how long after the first try it is tried again."""

    model_config = json_schema_example({"max_attempts": 3, "retry_delay_minutes": 5})

    max_attempts: Annotated[StrictInt, Field(ge=1, le=100)] | None = None
    retry_delay_minutes: Annotated[float, Strict(), Field(gt=0, le=10_080, allow_inf_nan=False)] | None = None


class NotificationShown(Shown):
    """Who is told of an end."""

    on_completion: bool
    on_failure: bool
    webhook_url: str | None
    email: str | None


def retry_terms(policy: RetryPolicy | None) -> tuple[int | None, float | None]:
    """The attempts and the seconds before the second one, as ``Terms`` takes them; None: as the settings say."""
    if policy is None:
        return None, None
    minutes = policy.retry_delay_minutes
    return policy.max_attempts, None if minutes is None else 60 * minutes


def notification_text(notification: Notification | None) -> str:
    """As it is kept with an operation; empty if nobody is to be told."""
    if notification is None:
        return ""
    told = notification
    return Recipients(told.on_completion, told.on_failure, told.webhook_url, told.email).text


def notification_shown(text: str, *, is_own: bool = True) -> NotificationShown | None:
    """What was kept, for an answer: to whoever has sent it, or to somebody else."""
    if not text:
        return None
    told = read_recipients(text)
    url = told.webhook_url
    return NotificationShown(
        on_completion=told.on_completion,
        on_failure=told.on_failure,
        webhook_url=url if is_own or url is None else origin_of(url),
        email=told.email,
    )


def origin_of(url: str) -> str:
    """A URL as others see it: without its path, which may be a secret."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/"


def noted(document: Mapping[str, Any]) -> dict[str, Any]:
    """A checked request as the audit log keeps it, for others to see."""
    shown: dict[str, Any] = masked(document)
    notification = shown.get("notification")
    if notification and notification.get("webhook_url"):
        shown["notification"] = notification | {"webhook_url": origin_of(notification["webhook_url"])}
    return shown
