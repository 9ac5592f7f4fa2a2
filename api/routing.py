"""What a route is: everything that the server, its document and its tests need to know of it, said once."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from typing import Any, Final, Generic, TypeVar

from aiohttp import web

from acs.domain.access import Principal
from acs.domain.audit import AuditEntry
from acs.domain.request_key import RequestKey
from acs.domain.token import Role
from acs.store.idempotency import AnswerSecret
from api.fields import LARGEST, NoQuery, Query
from api.problems import Kind, forbidden, not_found

Q_co = TypeVar("Q_co", bound=Query, covariant=True)
B_co = TypeVar("B_co", covariant=True)
Q = TypeVar("Q", bound=Query)
B = TypeVar("B")

BASE: Final = "/api/v1"
"""What every path begins with."""
JSON: Final = "application/json"
KEY_HEADER: Final = "Idempotency-Key"
"""Names a request."""
OCTETS: Final = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Streamed:
    """Octets that go out as they come."""

    open: Callable[[], AbstractAsyncContextManager[AsyncIterator[bytes]]]
    """Opens where they come from; a Problem that it raises is the answer."""
    length: int
    """How many there are."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back."""

    content: Any = None
    """A model or models of the kind that the route shows, or octets, or what streams them; or an answer of before."""
    status: int = 200
    """The HTTP status."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """What the head says beside."""


Once = Callable[[bytes, Callable[[], Awaitable[Answer]]], Awaitable[Answer]]
"""Does something, or gives the answer that it gave before."""


@dataclass(frozen=True, slots=True)
class Made:
    """What a request with a key has made, and whose answer was lost with the process that was to give it."""

    id: str
    """Which thing, as the audit log calls it."""
    secret: str = field(default="", repr=False)
    """What only the answer was to tell; empty for most."""


@dataclass(frozen=True, slots=True)
class Ask(Generic[Q_co, B_co]):
    """A request that has come through all doors: who asks, what for, and what with."""

    principal: Principal
    """Who asks. On routes that need no token: nobody's name and no rights."""
    query: Q_co
    """The query."""
    body: B_co
    """The body."""
    places: Mapping[str, str]
    """What stands in the places of the path."""
    now: Callable[[], float]
    """Tells the time."""
    at: float
    """When it came."""
    base_url: str
    """Scheme and host by which the API was found, for absolute URLs."""
    request: web.Request
    """The rest of it, for routes that stream."""
    ignored: list[str]
    """Names of fields that the handler passed over; they go into a header."""
    once: Once
    """Does something once for each idempotency key, for routes that read the body by themselves; octets of their choice
    tell requests apart."""
    key: RequestKey | None = None
    """By what the request names itself; None: it does not."""
    check_in_time: Callable[[], None] = lambda: None
    """A Problem if it is too late to change something."""
    secret: Callable[[str], AnswerSecret | None] = lambda _: None
    """What only the answer tells, sealed, to be kept by the commit of the change; None without an idempotency key."""
    document: Any = None
    """The body as it came, for answers that echo it; secrets are masked first."""

    def number(self, place: str, what: str) -> int:
        """The number in a place of the path; there is nothing under another text."""
        text = self.places[place]
        if not (text.isascii() and text.isdigit() and len(text) <= 19) or int(text) > LARGEST:
            raise not_found(what)
        return int(text)

    def check_unbound(self, what: str) -> None:
        """A Problem if the token is bound to organizations: it changes nothing that is everybody's."""
        if self.principal.is_bound:
            raise forbidden(f"the token is bound to organizations: {what} are everybody's")

    def entry(
        self,
        action: str,
        resource: str,
        resource_id: int | str = "",
        *,
        organization_id: int | None = None,
        before: str = "",
        after: str = "",
        found_by: str = "",
    ) -> AuditEntry:
        """What the audit log is to say of a change; it goes into the commit of the change."""
        self.check_in_time()
        # Not when it came: it may have waited for its turn, and the log is in the order of the changes.
        return AuditEntry(
            self.now(),
            self.principal.actor,
            self.principal.address,
            action,
            resource,
            str(resource_id),
            organization_id,
            before,
            after,
            found_by,
            "" if self.key is None else str(self.key),
        )


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a path."""

    words: str
    """What stands there."""
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "string", "minLength": 1})
    """What it may hold."""


Handler = Callable[[Ask[Q, B]], Awaitable[Answer]]
"""Does what a route is for."""


Again = Callable[[Ask[Q, B], Made], Awaitable[Answer]]
"""Gives the answer to a request of before that has made something; a Problem if that is no longer there."""


def shown_again(get: Callable[[Ask[Any, Any]], Awaitable[Answer]], status: int = 201) -> Again[Any, Any]:
    """The answer of a POST that shows what GET does."""

    async def again(ask: Ask[Any, Any], made: Made) -> Answer:
        return replace(await get(replace(ask, places={"id": made.id})), status=status)

    return again


@dataclass(frozen=True, slots=True)
class Route(Generic[Q, B]):
    """One method of one path."""

    method: str
    """GET, POST, ..."""
    path: str
    """Below the base, with ``{places}``; each place takes any text without a slash, percent-encoded or not."""
    role: Role | None
    """What a token must be good for; None: no token is needed."""
    handler: Handler[Q, B]
    """What does it."""
    summary: str
    """What it does, in a few words."""
    tag: str
    """Where it stands in the document."""
    query: type[Q] = NoQuery  # type: ignore[assignment]
    """The query that it takes."""
    body: type[B] | None = None
    """The JSON body that it takes; None: none, or one that the handler reads by itself."""
    answers: Mapping[int, Any] = field(default_factory=dict)
    """By status what it shows: a type, or None for an empty body, or a media type for octets."""
    problems: tuple[Kind, ...] = ()
    """What can be wrong beyond what can be wrong everywhere."""
    description: str = ""
    """What else there is to know, in Markdown."""
    streams: str = ""
    """The media type of a body that the handler reads by itself."""
    form: Any = None
    """A model of such a body, for the document; None: octets."""
    headers: tuple[str, ...] = ()
    """Headers of good answers, beside those that every answer has; ``api.told`` says what they mean."""
    places: Mapping[str, Place] = field(default_factory=dict)
    """What stands in the places of the path, where they are not what ``api.told`` says."""
    takes_unknown: bool = False
    """Whether the body's unknown keys are passed over and named in X-Ignored-Fields."""
    again: Again[Q, B] | None = None
    """Of a POST: what gives its answer where it was done, and the server stopped before it could answer."""
    is_document: bool = True
    """Whether it stands in the document of the API."""


AnyRoute = Route[Any, Any]
"""Whatever it takes."""
