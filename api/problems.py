"""Everything that can be wrong with a request, as RFC 9457 problems. Errors become HTTP here and nowhere else.

Problem    raised by whoever finds something wrong; it becomes the answer
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from acs.store.errors import ConflictError, RecordError, ReferredError, StoreError

MEDIA_TYPE: Final = "application/problem+json"
"""Of every answer that is a problem."""
_NAMESPACE: Final = "urn:aioacs:problem:"
_COME_AGAIN: Final = "5"


class Kind(Enum):
    """The types of problems: a name, a status and a title each. ``docs/rest/problems.md`` explains them."""

    MALFORMED = ("malformed", 400, "The request is not well-formed")
    INVALID = ("invalid", 400, "Some fields are wrong")
    UNAUTHORIZED = ("unauthorized", 401, "A good token is needed")
    FORBIDDEN = ("forbidden", 403, "The token may not do this")
    NOT_FOUND = ("not-found", 404, "There is no such thing")
    METHOD_NOT_ALLOWED = ("method-not-allowed", 405, "This cannot be done here")
    NOT_ACCEPTABLE = ("not-acceptable", 406, "There is no such form of the answer")
    TIMEOUT = ("timeout", 408, "The request took too long to arrive")
    CONFLICT = ("conflict", 409, "It does not go together with what is there")
    AMBIGUOUS = ("ambiguous", 409, "Several things are meant")
    KEY_REUSED = ("key-reused", 409, "The idempotency key was used for another request")
    KEY_PENDING = ("key-pending", 409, "The request with this idempotency key has no answer yet")
    TOO_LARGE = ("too-large", 413, "The body is too large")
    UNSUPPORTED = ("unsupported-media-type", 415, "The body is of another media type")
    IMPOSSIBLE = ("impossible", 422, "It is understood and cannot be done")
    TOO_MANY = ("too-many-requests", 429, "Too many requests")
    INTERNAL = ("internal", 500, "The server has failed")
    UNAVAILABLE = ("unavailable", 503, "The server cannot do this now")

    def __init__(self, name: str, status: int, title: str) -> None:
        self.word = name
        """Its name."""
        self.uri = _NAMESPACE + name
        """What ``type`` says."""
        self.status = status
        """The HTTP status."""
        self.title = title
        """The same for all of its kind."""


FieldErrors = Mapping[str, Sequence[str]]
"""What is wrong with which field: ``variables[0].value`` and sentences."""


@dataclass(frozen=True, slots=True)
class _Extras:
    errors: FieldErrors
    headers: Mapping[str, str]
    members: Mapping[str, object]


class Problem(Exception):  # noqa: N818  as it is called on the wire
    """Something is wrong with a request, and this is the answer."""

    def __init__(
        self,
        kind: Kind,
        detail: str,
        *,
        errors: FieldErrors | None = None,
        headers: Mapping[str, str] | None = None,
        **members: object,
    ) -> None:
        """``detail`` is for people; further members are for programs."""
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.extras = _Extras(errors or {}, headers or {}, members)

    @property
    def headers(self) -> Mapping[str, str]:
        """What the answer's head says beside."""
        return self.extras.headers

    def body(self, request_id: str) -> bytes:
        """The answer's body."""
        content: dict[str, object] = {
            "type": self.kind.uri,
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": self.detail,
            "request_id": request_id,
        }
        if self.extras.errors:
            content["errors"] = {name: list(sentences) for name, sentences in self.extras.errors.items()}
        return json.dumps(content | dict(self.extras.members)).encode("ascii")


def invalid(errors: FieldErrors) -> Problem:
    """Some fields are wrong: all of them are named."""
    first = [f"{name}: {sentences[0]}" for name, sentences in errors.items()]
    more = f" (and {len(first) - 3} more)" if len(first) > 3 else ""
    return Problem(Kind.INVALID, f"{'; '.join(first[:3])}{more}", errors=errors)


def not_found(what: str) -> Problem:
    """There is no such thing, or none that the token sees."""
    return Problem(Kind.NOT_FOUND, f"there is no such {what}")


def forbidden(why: str) -> Problem:
    """The token may not do this."""
    return Problem(Kind.FORBIDDEN, why)


def unavailable(why: str, **members: Any) -> Problem:  # noqa: ANN401  as for Problem
    """The server cannot do this now, and may be able to soon."""
    return Problem(Kind.UNAVAILABLE, why, headers={"Retry-After": _COME_AGAIN}, **members)


def of_store(error: StoreError) -> Problem:
    """What the store could not keep."""
    match error:
        case ConflictError():
            columns = [column.removesuffix("_id") for column in error.columns]
            words = f"another {error.table.replace('_', ' ')} has the same {' and '.join(columns)}"
            return Problem(Kind.CONFLICT, words, errors={name: [words] for name in columns})
        case ReferredError():
            return Problem(Kind.CONFLICT, str(error))
        case RecordError():
            return Problem(Kind.INVALID, "the database does not take these values")
        case _:
            return unavailable("the database cannot be used now")
