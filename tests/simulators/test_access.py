"""The ACS's API, asked by a scenario: whatever it answers, a sentence says what is wrong."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from simulators.access import Access, AccessError, Api


@asynccontextmanager
async def answering(*answers: web.Response) -> AsyncIterator[Api]:
    """An API that answers so, one after the other."""
    waiting = list(answers)

    async def answer(_: web.Request) -> web.StreamResponse:
        return waiting.pop(0)

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(application)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        async with aiohttp.ClientSession() as session:
            yield Api(session, f"http://{host}:{port}")
    finally:
        await runner.cleanup()


async def test_an_api_that_asks_for_patience_is_asked_again() -> None:
    async with answering(web.Response(status=429, headers={"Retry-After": "0"}), web.json_response({"id": 1})) as api:
        assert await api.ask("GET", "/a/") == {"id": 1}


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (
            web.json_response({"title": "No", "detail": "not you", "request_id": "1"}, status=403),
            "PATCH a: 403 not you",
        ),
        (web.json_response({"title": "No"}, status=404), "PATCH a: 404 No"),
        (web.Response(status=502, text="<b>\x1b[31mbad"), "PATCH a: 502 <b> [31mbad"),
        (web.Response(text="<html>"), "PATCH a: the answer is no JSON"),
    ],
)
async def test_a_refusal_is_told_without_what_differs_each_time(answer: web.Response, sentence: str) -> None:
    async with answering(answer) as api:
        with pytest.raises(AccessError) as caught:
            await api.ask("PATCH", "/a/SIM000001/?b=c", {})
    assert str(caught.value) == sentence


async def test_an_api_that_is_not_there_is_told() -> None:
    async with aiohttp.ClientSession() as session:
        with pytest.raises(AccessError, match="GET a: "):
            await Api(session, "http://127.0.0.1:1").ask("GET", "/a/")


def test_a_token_is_in_no_representation() -> None:
    assert "sesame" not in repr(Access("http://127.0.0.1:8080", "sesame"))
