"""The texts of the document that no route brings: places, tags, headers, and an example of each problem."""

from collections.abc import Mapping
from typing import Any, Final

from api.problems import Kind
from api.routing import Place

ABOUT: Final = """\
Everything that operators and their programs do with an aioacs server.

**Tokens.** Send `Authorization: Bearer <token>`. A token has a role (`viewer` reads; `operator` also works on devices;
`admin` does everything) and may be bound to organizations: it sees their devices and nothing else.

**Problems.** Whatever is wrong is answered as `application/problem+json`; `type` says what for programs, `detail` for
people, `errors` names all fields that are wrong. A path that is there answers 405 with `Allow` to a method that is not.

**Lists** come in pages: `limit`, `offset`, and `next`/`previous` to follow, or `cursor` for what is far behind.

**Requests sent again.** A POST with an `Idempotency-Key` is done once, however often it is sent.

Every answer carries `X-Request-ID`; a request may bring its own (letters, digits, `.`, `-`, `_`; at most 64).
"""

PLACES: Final[Mapping[str, Place]] = {
    "id": Place("Its number", {"type": "integer", "minimum": 1}),
    "key": Place("What whoever asked calls it"),
    "name": Place("The name of the device, percent-encoded"),
    "serial_number": Place("The serial number of the device"),
    "parent_id": Place("The number of the device", {"type": "integer", "minimum": 1}),
    "parent__name": Place("The name of the device, percent-encoded"),
    "parent__serial_number": Place("The serial number of the device"),
}
"""What stands in the places of paths where a route says nothing else."""

TAGS: Final[Mapping[str, str]] = {
    "Devices": "The inventory: by name, by number or by serial number, over the same devices.",
    "Operations on one device": "Reboots, resets and the like, of a device that is Up.",
    "Server": "Whether the server is up and can work, and its figures.",
    "Document": "This document, for programs and for people.",
    "Audit log": "Who changed what, when, and from where.",
    "Firmware images": "Files that devices are told to fetch.",
    "Locations": "Where devices stand.",
    "Types": "What many devices have in common: how they come in, what they are to have, how they are spoken to.",
    "Tokens": "Who may use the API, and for what.",
    "Headless operations": "What devices are asked to do, now or later: asked for, looked at, cancelled, tried again.",
    "Variables": "What devices say about their parameters; setting them, once.",
    "Settings": "What devices are to have: pushed in their next session, and again when they drift.",
    "Webhooks": "Who was told of the ends of operations, and how that went.",
    "Organizations": "Whose devices are. A token may be bound to some organizations.",
}
"""What stands under each tag."""

HEADERS: Final[Mapping[str, str]] = {
    "X-Request-ID": "What the request is called in the log",
    "X-Ignored-Fields": "Names of fields of the body that were passed over",
    "X-Status-Not-Reached": "How many devices could not be looked at in time: their status is what it was",
    "X-Total-Count": "How many there are in all, where the answer is a bare array",
    "X-Fresh": "With `force_update`: whether the device has answered in time",
    "X-Operation-ID": "With `force_update`: the operation that asks the device",
    "Link": "Where the next page is, where the answer is a bare array",
    "Idempotent-Replay": "`true` where this is the answer to an earlier request with the same key",
    "Retry-After": "After how many seconds it may be tried again",
    "WWW-Authenticate": "How to show a token",
    "Content-Disposition": "What the file is called",
}
"""What headers of answers mean."""

PROBLEMS: Final[Mapping[Kind, tuple[str, Mapping[str, Any]]]] = {
    Kind.MALFORMED: ("the body is not JSON: Expecting value (line 1, column 1)", {}),
    Kind.INVALID: ("name: is required", {"errors": {"name": ["is required"]}}),
    Kind.UNAUTHORIZED: ("a token is needed: Authorization: Bearer <token>", {}),
    Kind.FORBIDDEN: ("this needs the role admin; the token's is viewer", {}),
    Kind.NOT_FOUND: ("there is no such device", {}),
    Kind.METHOD_NOT_ALLOWED: ("This cannot be done here", {}),
    Kind.NOT_ACCEPTABLE: ("this answers text/event-stream and nothing else", {}),
    Kind.TIMEOUT: ("the body did not arrive in time", {}),
    Kind.CONFLICT: ("another device has the same name", {"errors": {"name": ["another device has the same name"]}}),
    Kind.AMBIGUOUS: ("several devices have this serial number", {"ids": [17, 42]}),
    Kind.KEY_REUSED: ("this Idempotency-Key was used for another request", {}),
    Kind.KEY_PENDING: ("the first request with this key has no answer yet", {}),
    Kind.TOO_LARGE: ("the body has more than 1048576 octets", {}),
    Kind.UNSUPPORTED: ("the body must be application/json", {}),
    Kind.IMPOSSIBLE: ("no device is meant", {"errors": {"device_filters": ["mean no device"]}}),
    Kind.TOO_MANY: ("more than 50 requests a second; come again in 1 s", {}),
    Kind.INTERNAL: ("the log says more, by the request_id", {}),
    Kind.UNAVAILABLE: ("the database cannot be used now", {}),
}
"""An example of each problem: its detail and what else its body holds."""
