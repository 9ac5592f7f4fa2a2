"""The page that shows the document: all of it comes from here."""

import re

from tests.api.conftest import Api


async def test_the_page_is_made_of_files_that_are_served_here(sqlite_api: Api) -> None:
    nobody = sqlite_api.client.as_(None)
    page = await nobody.get("/docs/")
    assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    named = re.findall(r'(?:src|href)="([^"]+)"', page.octets.decode())
    assert len(named) == 6
    for each in named:
        got = await nobody.get("/openapi.json" if each == "../openapi.json" else f"/docs/{each}")
        assert got.status == 200, each
        assert got.headers["X-Content-Type-Options"] == "nosniff"
    started = (await nobody.get("/docs/start.js")).octets.decode()
    assert re.findall(r'url: "([^"]+)"', started) == ["../openapi-3.0.json"]


async def test_nothing_of_the_page_asks_another_host_or_runs_what_was_not_served(sqlite_api: Api) -> None:
    page = await sqlite_api.client.as_(None).get("/docs/")
    rules = dict(each.strip().partition(" ")[::2] for each in page.headers["Content-Security-Policy"].split(";"))
    assert rules == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    text = page.octets.decode()
    assert "//" not in text
    assert not re.search(r"<script>|<style|\bon\w+=|style=", text)


async def test_no_name_leads_out_of_the_folder(sqlite_api: Api) -> None:
    nobody = sqlite_api.client.as_(None)
    for name in ("index.j2", "..%2fapp.py", "%2e%2e%2fapp.py", "..", "swagger-ui.css.map", "%00", "a%2fb"):
        assert (await nobody.get(f"/docs/{name}")).status in {400, 404}, name
