"""The application: every request goes through the same doors to its handler, and every answer has the same form.

Request id, route, token, rate, role, body, query, idempotency key, handler: the first that finds something wrong
answers.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeVar

from aiohttp import web
from pydantic import TypeAdapter

from acs.domain.access import Principal
from acs.domain.request_key import RequestKey
from acs.services.management import Management
from acs.store.errors import RecordError, StoreError
from api.bodies import Bodies, go_ahead, note_expectation
from api.doors import Doors
from api.fields import is_carriable
from api.problems import MEDIA_TYPE, Kind, Problem, of_store, unavailable
from api.reading import checked, checked_query, passed_over, read_json, together
from api.repeats import Rendered, Repeats
from api.routing import BASE, JSON, KEY_HEADER, OCTETS, Answer, AnyRoute, Ask, Made, Streamed
from api.turnstile import Turnstile

R = TypeVar("R", bound=web.StreamResponse)

REQUEST_ID: Final = web.RequestKey("request_id", str)
"""What a request is called in its answer and in the log."""
_TOKEN_ID: Final = web.RequestKey("token_id", int)
_REQUEST_ID: Final = re.compile(r"[\w.\-]{1,64}", re.ASCII)
_FIELD_NAME: Final = re.compile(r"[\w.\-\[\]]{1,64}", re.ASCII)
_HOST: Final = re.compile(r"(?:[\w.\-]{1,253}|\[[0-9a-fA-F:.%]{2,60}\])(?::\d{1,5})?", re.ASCII)
_OWN_METHOD: Final = re.compile(r"[^A-Z]")
_MOST_IGNORED: Final = 50
_LARGE: Final = 64 * 1024
_ALWAYS: Final = {
    "Cache-Control": "no-store",
    # Which program it is in which version is nobody's business.
    "Server": "aioacs",
    "X-Content-Type-Options": "nosniff",
}
_adapters: Final[dict[object, TypeAdapter[Any]]] = {}
_OF_AIOHTTP: Final = {
    404: Kind.NOT_FOUND,
    405: Kind.METHOD_NOT_ALLOWED,
    408: Kind.TIMEOUT,
    413: Kind.TOO_LARGE,
}


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A route with what is made of it once."""

    route: AnyRoute
    query: TypeAdapter[Any]
    body: TypeAdapter[Any] | None
    answers: Mapping[int, TypeAdapter[Any] | None]


class Application:
    """Serves routes."""

    def __init__(self, management: Management, routes: Sequence[AnyRoute]) -> None:
        self._tools = management.tools
        self._doors = Doors(management)
        self._repeats = Repeats(management)
        self._bodies = Bodies(management.tools)
        self._turnstile = Turnstile()
        tools = management.tools
        tools.metrics.memories.watch(
            "requests that wait to begin", tools.settings.max_api_connections, lambda: len(self._turnstile)
        )
        self.web = web.Application(
            middlewares=[self._outermost], client_max_size=int(management.tools.settings.max_api_body)
        )
        for route in routes:
            self._add(route)

    def _add(self, route: AnyRoute) -> None:
        prepared = _Prepared(
            route,
            _adapter(route.query),
            None if route.body is None else _adapter(route.body),
            {
                status: None if shown is None or isinstance(shown, str) else _adapter(shown)
                for status, shown in route.answers.items()
            },
        )

        async def handle(request: web.Request) -> web.StreamResponse:
            return await self._handle(prepared, request)

        # aiohttp's own places do not take braces.
        path = re.sub(r"\{(\w+)\}", r"{\1:[^/]+}", BASE + route.path)
        for method in ("GET", "HEAD") if route.method == "GET" else (route.method,):
            self.web.router.add_route(method, path, handle, expect_handler=note_expectation)

    @web.middleware
    async def _outermost(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """The one place where errors become answers."""
        said = request.headers.get("X-Request-ID", "")
        request_id = said if _REQUEST_ID.fullmatch(said) else self._tools.chance.octets(8).hex()
        request[REQUEST_ID] = request_id
        started = self._tools.clock.monotonic()
        await self._turnstile.passed()
        try:
            response = await handler(request)
        except Problem as problem:
            response = _problem(problem, request_id)
        except web.HTTPException as error:
            response = await self._of_aiohttp(request, error)
        except StoreError as error:
            if not isinstance(error, RecordError):
                self._tools.complain("api store", "the database failed", request=request_id, reason=str(error))
            response = _problem(of_store(error), request_id)
        except (ConnectionError, asyncio.CancelledError):
            raise
        except MemoryError:
            self._tools.complain("api memory", "there was no memory for a request", request=request_id)
            response = _problem(unavailable("there is no memory for it now"), request_id)
        except Exception:
            self._tools.log.exception("a request failed", request=request_id, route=_route_name(request))
            response = _problem(Problem(Kind.INTERNAL, "the log says more, by the request_id"), request_id)
        if not response.prepared:
            _with_what_all_have(response, request_id)
        self._tools.metrics.api_requests.inc(request.method, response.status)
        self._tell(request, response.status, self._tools.clock.monotonic() - started)
        return response

    async def _handle(self, prepared: _Prepared, request: web.Request) -> web.StreamResponse:
        _refuse_nul(request)
        principal = await self._doors.principal(request, prepared.route.role)
        request[_TOKEN_ID] = principal.token.id
        if prepared.body is not None:
            async with self._bodies.json_of(request) as octets:
                return await self._answer(prepared, request, principal, octets)
        if prepared.route.streams:
            await go_ahead(request)
        else:
            await self._bodies.refuse(request)
        return await self._answer(prepared, request, principal, b"")

    async def _answer(
        self, prepared: _Prepared, request: web.Request, principal: Principal, octets: bytes
    ) -> web.StreamResponse:
        route, pairs = prepared.route, list(request.query.items())
        if len(octets) < _LARGE:
            query, body, document = _read(prepared, pairs, octets)
        else:
            # Devices are not held up meanwhile.
            query, body, document = await asyncio.to_thread(_read, prepared, pairs, octets)

        key = _key_of(request, principal)

        async def rendered(work: Callable[[], Awaitable[Answer]]) -> Rendered:
            return _rendered(prepared, await work(), ask.ignored)

        async def again(made: Made) -> Rendered:
            assert route.again is not None  # noqa: S101  every route with POST says how
            return await rendered(partial(route.again, ask, made))

        async def once(identity: bytes, work: Callable[[], Awaitable[Answer]]) -> Answer:
            named = f"{request.method} {request.rel_url.raw_path}\n".encode() + identity
            return Answer(await self._repeats.once(key, named, partial(rendered, work), again))

        ask: Ask[Any, Any] = Ask(
            principal,
            query,
            body,
            dict(request.match_info),
            self._tools.clock.wall,
            self._tools.clock.wall(),
            f"{self._doors.scheme(request)}://{_host(request)}",
            request,
            passed_over(route.body, document) if route.takes_unknown and route.body is not None else [],
            once,
            key,
            partial(self._repeats.check_in_time, key),
            partial(self._repeats.secret, key),
            document,
        )
        do = partial(route.handler, ask)

        if route.method == "POST" and not route.streams:
            identity = f"{request.method} {request.rel_url.raw_path_qs}\n".encode() + octets
            found = await self._repeats.once(key, identity, partial(rendered, do), again)
        else:
            answer = await do()
            if isinstance(answer.content, Streamed):
                return await self._stream(request, answer, answer.content)
            found = _rendered(prepared, answer, ask.ignored)
        return web.Response(status=found.status, body=found.body, headers=found.headers)

    async def _stream(self, request: web.Request, answer: Answer, body: Streamed) -> web.StreamResponse:
        """Send what comes piece by piece, to whoever takes each piece in time."""
        response = web.StreamResponse(status=answer.status, headers=answer.headers)
        _with_what_all_have(response, request[REQUEST_ID])
        response.content_type = OCTETS
        response.content_length = body.length
        async with body.open() as pieces:
            await response.prepare(request)
            try:
                if request.method != "HEAD":
                    async for piece in pieces:
                        async with asyncio.timeout(self._tools.settings.body_timeout):
                            await response.write(piece)
            except Exception as error:
                # The head is out: all that can be said is that this is not the whole of it.
                self._tools.complain("api stream", "an answer was cut", reason=str(error), request=request[REQUEST_ID])
                if request.transport is not None:
                    request.transport.abort()
                raise ConnectionResetError("the answer was cut") from error
        return response

    async def _of_aiohttp(self, request: web.Request, error: web.HTTPException) -> web.StreamResponse:
        kind = _OF_AIOHTTP.get(error.status, Kind.MALFORMED)
        details = {
            Kind.NOT_FOUND: f"there is nothing here: {BASE}/docs/ shows what there is",
            Kind.METHOD_NOT_ALLOWED: f"{_OWN_METHOD.sub('', request.method)} is not among what can be done here",
            Kind.MALFORMED: "the request cannot be understood",
        }
        headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
        if kind is Kind.NOT_FOUND and await self._is_there_with_a_slash(request):
            if request.method in {"GET", "HEAD"}:
                # The same path on the same host, whatever the Host header says.
                return web.Response(status=308, headers={"Location": _with_a_slash(request)})
            details[kind] = "there is nothing here: paths end with a slash"
        return _problem(Problem(kind, details.get(kind, kind.title), headers=headers), request[REQUEST_ID])

    async def _is_there_with_a_slash(self, request: web.Request) -> bool:
        if request.path.endswith("/") or not request.path.startswith(f"{BASE}/"):
            return False
        match = await self.web.router.resolve(request.clone(rel_url=_with_a_slash(request)))
        return match.http_exception is None

    def of_the_edge(self, address: str, status: int, error: BaseException | None) -> web.Response:
        """The answer where there is no request: what came is no HTTP, or an answer could not be written."""
        request_id = self._tools.chance.octets(8).hex()
        if status >= 500:
            self._tools.log.error("an answer could not be written", request=request_id, exc_info=error)
            problem = Problem(Kind.INTERNAL, "the log says more, by the request_id")
        else:
            reason = type(error).__name__
            self._tools.remark(f"api http {address}", "api", address=address, request=request_id, reason=reason)
            problem = Problem(Kind.MALFORMED, "what came is no HTTP that can be understood")
        self._tools.metrics.api_requests.inc("", problem.kind.status)
        return _with_what_all_have(_problem(problem, request_id), request_id)

    def refusal(self) -> bytes:
        """The answer, head and all, to a connection too many."""
        request_id = self._tools.chance.octets(8).hex()
        problem = unavailable("there are too many connections")
        body = problem.body(request_id)
        self._tools.metrics.api_requests.inc("", problem.kind.status)
        head = {
            "Content-Type": MEDIA_TYPE,
            "Content-Length": str(len(body)),
            "X-Request-ID": request_id,
            "Connection": "close",
            **problem.headers,
            **_ALWAYS,
        }
        lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
        return f"HTTP/1.1 503 Service Unavailable\r\n{lines}\r\n".encode("ascii") + body

    def _tell(self, request: web.Request, status: int, seconds: float) -> None:
        """One line for each change and each refusal; the text of a request is in none of them."""
        if request.method in {"GET", "HEAD"} and status < 400:
            return
        token, address = request.get(_TOKEN_ID), self._doors.address(request)
        self._tools.remark(
            f"api {address} {token} {status // 100}",
            "api",
            method=request.method,
            route=_route_name(request),
            status=status,
            # A field that names a token would be masked.
            caller=None if token is None else f"token {token}",
            address=address,
            request=request[REQUEST_ID],
            seconds=round(seconds, 3),
        )


def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    """Routes share them, and so do the servers of one process."""
    if kind not in _adapters:
        _adapters[kind] = TypeAdapter(kind)
    return _adapters[kind]


def _read(prepared: _Prepared, pairs: Sequence[tuple[str, str]], octets: bytes) -> tuple[Any, Any, Any]:
    """The query, the body, and the body as it came; a Problem that names all that is wrong with either."""
    document = None if prepared.body is None else read_json(octets)
    query, body = together(
        lambda: checked_query(prepared.query, pairs),
        lambda: None if prepared.body is None else checked(prepared.body, document),
    )
    return query, body, document


def _key_of(request: web.Request, principal: Principal) -> RequestKey | None:
    """By what a request names itself, if it makes something; None: it does not."""
    key = request.headers.get(KEY_HEADER) if request.method == "POST" else None
    return None if key is None else RequestKey(str(principal.token.id), key)


def _rendered(prepared: _Prepared, answer: Answer, ignored: Sequence[str]) -> Rendered:
    if isinstance(answer.content, Rendered):
        return answer.content
    shown = prepared.route.answers[answer.status]
    headers = dict(answer.headers)
    if ignored:
        headers["X-Ignored-Fields"] = ", ".join(_field_name(name) for name in ignored[:_MOST_IGNORED])
    if shown is None:
        return Rendered(answer.status, b"", headers)
    if isinstance(shown, str):
        headers.setdefault("Content-Type", shown)
        return Rendered(answer.status, answer.content, headers)
    adapter = prepared.answers[answer.status]
    assert adapter is not None  # noqa: S101  made of the same mapping
    headers["Content-Type"] = JSON
    return Rendered(answer.status, adapter.dump_json(answer.content, by_alias=True), headers)


def _problem(problem: Problem, request_id: str) -> web.Response:
    return web.Response(
        status=problem.kind.status,
        body=problem.body(request_id),
        content_type=MEDIA_TYPE,
        headers=dict(problem.headers),
    )


def _with_what_all_have(response: R, request_id: str) -> R:
    response.headers["X-Request-ID"] = request_id
    for name, value in _ALWAYS.items():
        response.headers.setdefault(name, value)
    return response


def _with_a_slash(request: web.Request) -> str:
    query = request.rel_url.raw_query_string
    return f"{request.rel_url.raw_path}/{'?' if query else ''}{query}"


def _field_name(name: str) -> str:
    """A name as a header can carry it; the client wrote it."""
    return name if _FIELD_NAME.fullmatch(name) else "(unprintable)"


def _refuse_nul(request: web.Request) -> None:
    if not all(map(is_carriable, request.match_info.values())):
        raise Problem(Kind.MALFORMED, "the path must be UTF-8 without NUL characters")


def _host(request: web.Request) -> str:
    host = request.headers.get("Host", "")
    if not _HOST.fullmatch(host):
        raise Problem(Kind.MALFORMED, "the Host header is no host")
    return host


def _route_name(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return "" if resource is None else re.sub(r":\[\^/\]\+", "", resource.canonical)
