"""The document of the API, for programs and, as pages, for people. Nothing in it comes from another host."""

import asyncio
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Final

from swagger_ui_bundle import swagger_ui_path  # type: ignore[import-untyped]  # it has no annotations

from api.fields import NoQuery
from api.openapi import document, rendered
from api.openapi_3_0 import in_3_0
from api.problems import not_found
from api.routing import JSON, OCTETS, Answer, AnyRoute, Ask, Route

_TAG = "Document"
_OURS: Final = Path(str(files("api").joinpath("documentation")))
_PAGE: Final = (_OURS, "index.html", "text/html; charset=utf-8")
_FILES: Final = {
    "start.js": (_OURS, "start.js", "text/javascript; charset=utf-8"),
    "page.css": (_OURS, "page.css", "text/css; charset=utf-8"),
    "swagger-ui.css": (swagger_ui_path, "swagger-ui.css", "text/css; charset=utf-8"),
    "swagger-ui-bundle.js": (swagger_ui_path, "swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
    "favicon-32x32.png": (swagger_ui_path, "favicon-32x32.png", "image/png"),
}
"""All that is served: a name in a path never becomes a path of ours."""
_HEADERS: Final = {
    # Swagger UI brings its pictures as data: in its style sheet; everything else comes from here.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}


class Document:
    """The routes that tell what routes there are."""

    def __init__(self, others: Sequence[AnyRoute]) -> None:
        self._others = others
        self._rendered: tuple[bytes, bytes] | None = None

    @property
    def routes(self) -> Sequence[AnyRoute]:
        """All of them."""
        return [
            Route("GET", "/openapi.json", None, self.document, "Show this document", _TAG, answers={200: JSON}),
            Route("GET", "/openapi-3.0.json", None, self.older, "Show this document in the words of OpenAPI 3.0", _TAG,
                  answers={200: JSON}, description="For generators and other programs that do not know 3.1."),
            Route("GET", "/docs/", None, self.page, "Read this document", _TAG, answers={200: "text/html"}),
            Route("GET", "/docs/{file}", None, self.file, "What that page is made of", _TAG, answers={200: OCTETS},
                  is_document=False),
        ]  # fmt: skip

    async def document(self, ask: Ask[NoQuery, None]) -> Answer:
        """The document."""
        return Answer((await self._documents())[0])

    async def older(self, ask: Ask[NoQuery, None]) -> Answer:
        """The same in the words of 3.0."""
        return Answer((await self._documents())[1])

    async def page(self, ask: Ask[NoQuery, None]) -> Answer:
        """The page."""
        return await _file(*_PAGE)

    async def file(self, ask: Ask[NoQuery, None]) -> Answer:
        """What the page needs."""
        known = _FILES.get(ask.places["file"])
        if known is None:
            raise not_found("file")
        return await _file(*known)

    async def _documents(self) -> tuple[bytes, bytes]:
        """Both documents; made once, when the first wants one. Devices are not held up meanwhile."""
        if self._rendered is None:
            self._rendered = await asyncio.to_thread(self._made)
        return self._rendered

    def _made(self) -> tuple[bytes, bytes]:
        described = document([*self._others, *self.routes])
        return rendered(described), rendered(in_3_0(described))


async def _file(folder: Path, name: str, media_type: str) -> Answer:
    octets = await asyncio.to_thread((folder / name).read_bytes)
    return Answer(octets, headers={"Content-Type": media_type, "Cache-Control": "no-cache", **_HEADERS})
