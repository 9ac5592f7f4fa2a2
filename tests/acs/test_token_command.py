"""``aioacs token``: as an operator uses it, in a process of its own, and what it says to what it cannot do."""

import asyncio
import json
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from acs.__main__ import app
from acs.domain.inventory import OrganizationDetails
from acs.domain.token import Role
from acs.settings import Settings
from acs.token_desk import NewTokenWish, TokenDesk, TokenDeskError, at_token_desk, table
from tests.acs.test_command import aioacs
from tests.api.conftest import Api, api  # noqa: F401  the fixture
from tests.contract.opened import OpenStore


async def token(api: Api, folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":  # noqa: F811
    """The command on the server's database, while that serves."""
    url = api.served.server.services.tools.settings.database_url.get_secret_value()
    return await asyncio.to_thread(aioacs, folder, "token", *arguments, DATABASE_URL=url)


async def test_a_token_is_made_beside_a_running_server_and_taken_back(api: Api, tmp_path: Path) -> None:  # noqa: F811
    organization = await api.organization("Example Telecom")
    made = await token(
        api, tmp_path, "create", "--name", "NOC", "--role", "viewer", "--organization", "Example Telecom"
    )
    assert made.returncode == 0, made.stderr
    assert re.fullmatch(r"aioacs_[a-z2-7]{52}\n", made.stdout)
    number = re.fullmatch(r"aioacs: token (\d+) \(NOC\), shown this once\n", made.stderr)
    assert number is not None
    client = api.client.as_(made.stdout.strip())
    assert [each["id"] for each in (await client.get("/organization/")).json["results"]] == [organization]
    listed = await token(api, tmp_path, "list", "--json")
    assert listed.returncode == 0
    shown = {each["name"]: each for each in json.loads(listed.stdout)}
    assert (shown["NOC"]["role"], shown["NOC"]["organizations"]) == ("viewer", [organization])
    assert made.stdout.strip() not in listed.stdout
    revoked = await token(api, tmp_path, "revoke", number[1])
    assert (revoked.returncode, revoked.stdout) == (0, f"revoked token {number[1]} (NOC)\n")
    assert (await client.get("/organization/")).status == 401
    log = (await api.client.get("/audit_log/?actor=command%20line")).json["results"]
    assert [(each["action"], each["resource_id"], each["organization_id"]) for each in log] == [
        ("revoke", number[1], organization),
        ("create", number[1], organization),
    ]


def test_what_is_wrong_is_said_in_a_sentence_with_a_status(tmp_path: Path) -> None:
    done = aioacs(tmp_path, "token", "list")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "aioacs: there is no database data/aioacs.db yet: start the server, or run aioacs migrate\n"
    assert list(tmp_path.iterdir()) == [], "nothing is made"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("create", "--name", "x", "--role", "root"), "'root' is not one of"),
        (("revoke", "first"), "Invalid value for 'ID'"),
    ],
    ids=str,
)
def test_what_is_no_command_ends_with_status_2(arguments: tuple[str, ...], said: str) -> None:
    done = CliRunner().invoke(app, ["token", *arguments])
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr


@pytest.fixture
def settings(store: OpenStore) -> Settings:
    return Settings(database_url=store.url)  # type: ignore[arg-type]


async def make(settings: Settings, *organizations: str, **said: Any) -> dict[str, Any]:
    """A token, as the API shows it."""
    wish = NewTokenWish(**{"name": "x", "role": Role.VIEWER, "organizations": organizations, "expires": None} | said)
    made = await at_token_desk(settings, lambda desk: desk.create(wish))
    return dict(made.shown)


async def test_organizations_are_named_or_numbered(store: OpenStore, settings: Settings) -> None:
    one = await store.organizations.create(OrganizationDetails("one"), 0.0)
    two = await store.organizations.create(OrganizationDetails("two"), 0.0)
    assert (await make(settings, "two", str(one), "two"))["organizations"] == [two, one]
    assert (await make(settings))["organizations"] is None
    await store.organizations.create(OrganizationDetails(str(one)), 0.0)
    for wrong, said in (
        (str(one), f"{one} is the number of one organization and the name of another"),
        ("three", "there is no organization three"),
        ("9" * 30, "there is no organization 9"),
    ):
        with pytest.raises(TokenDeskError, match=said):
            await make(settings, wrong)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"name": ""}, "--name must be 1 to 255 printable characters"),
        ({"name": "a\nb"}, "--name must be 1 to 255 printable characters"),
        ({"name": "x" * 256}, "--name must be 1 to 255 printable characters"),
        ({"expires": "soon"}, "--expires must be a time such as 2030-01-31T10:00:00Z"),
        ({"expires": "2001-01-01"}, "--expires must be in the future"),
    ],
    ids=str,
)
async def test_what_is_given_wrongly_ends_with_status_2(
    settings: Settings, said: dict[str, str], sentence: str
) -> None:
    with pytest.raises(TokenDeskError, match=sentence) as raised:
        await make(settings, **said)
    assert raised.value.status == 2
    assert await at_token_desk(settings, TokenDesk.all) == []


async def test_an_expiry_is_kept(store: OpenStore, settings: Settings) -> None:
    made = await make(settings, expires="2999-01-31")
    assert made["expires_at"] == "2999-01-31T00:00:00Z"
    known = await store.tokens.by_id(made["id"])
    assert known is not None
    assert known.is_good(time.time())


async def test_a_token_is_taken_back_once(settings: Settings) -> None:
    number = (await make(settings))["id"]
    assert await at_token_desk(settings, lambda desk: desk.revoke(number)) == "x"
    for wrong, said in (
        (number, f"token {number} \\(x\\) was revoked before"),
        (2**70, "there is no token"),
        (-1, "there is no token -1"),
    ):
        with pytest.raises(TokenDeskError, match=said) as raised:
            await at_token_desk(settings, lambda desk, wrong=wrong: desk.revoke(wrong))  # type: ignore[misc]
        assert raised.value.status == 1
    assert await at_token_desk(settings, TokenDesk.all) == []


async def test_tokens_are_shown_in_columns(settings: Settings) -> None:
    await make(settings, name="a longer name", role=Role.OPERATOR, expires="2999-01-31")
    head, row = table(await at_token_desk(settings, TokenDesk.all))
    assert head.split() == ["id", "name", "role", "organizations", "expires_at", "last_used"]
    assert row[head.index("role") :].split() == ["operator", "all", "2999-01-31T00:00:00Z", "never"]


async def test_the_name_of_a_token_steers_no_terminal(api: Api, tmp_path: Path) -> None:  # noqa: F811
    said = await api.client.post("/token/", {"name": "a\u009b2Jb\u202ec", "role": "viewer"})
    assert said.status == 201
    for arguments in (("list",), ("revoke", str(said.json["id"]))):
        done = await token(api, tmp_path, *arguments)
        assert r"a\x9b2Jb\u202ec" in done.stdout, done.stderr
        assert done.stdout.replace("\n", "").isprintable()


async def test_a_database_without_tables_is_told(empty_url: str, tmp_path: Path) -> None:
    (tmp_path / "aioacs.db").touch()
    said = {"AIOACS_DATABASE_URL": empty_url}
    done = await asyncio.to_thread(CliRunner().invoke, app, ["token", "list"], env=said)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == "aioacs: the database has no tables yet: start the server, or run aioacs migrate\n"
