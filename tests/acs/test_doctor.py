"""The doctor: what it finds on this machine, that it changes nothing, and that it tells no secret."""

import socket
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from io import StringIO
from pathlib import Path

import pytest
from aiohttp import web
from pydantic import SecretStr
from rich.console import Console

from acs.doctor import Finding, State, examine, show
from acs.doctor.database import seal_findings, sqlite_findings
from acs.doctor.examination import RELEASED, clock_findings
from acs.doctor.files import folder_findings, key_findings, room_finding, webhook_secret_findings
from acs.doctor.listeners import open_file_findings, port_findings, public_url_findings
from acs.keys import load_keyring
from acs.settings import Settings
from acs.store.migrations import migrate
from acs.store.sqlite_files import served_alone

NOW = RELEASED + 1000.0
SECRET = "hunter2"


def settings_in(folder: Path, **values: object) -> Settings:
    defaults = {
        "database_url": SecretStr(f"sqlite:///{folder}/data/aioacs.db"),
        "secret_key_file": folder / "data" / "secret.keys",
        "webhook_secret_file": folder / "data" / "webhook.secret",
        "files_folder": folder / "data" / "files",
        "trace_folder": folder / "data" / "traces",
        "cwmp_port": 0,
        "api_port": 0,
    }
    return Settings.model_validate(defaults | values)


def states(findings: list[Finding], subject: str) -> list[State]:
    return [each.state for each in findings if each.subject == subject]


def only(findings: list[Finding], state: State) -> Finding:
    (found,) = findings
    assert found.state is state
    assert bool(found.advice) == (state is not State.OK)
    return found


def files_in(folder: Path) -> list[tuple[str, int]]:
    return sorted((str(each), each.stat().st_mtime_ns) for each in folder.rglob("*") if each.is_file())


def shown(findings: list[Finding]) -> str:
    return "\n".join(f"{each.state} {each.subject}: {each.sentence} {each.advice}" for each in findings)


async def test_a_fresh_machine_has_no_failure_and_stays_as_it_was(tmp_path: Path) -> None:
    findings = await examine(settings_in(tmp_path), now=NOW)
    assert {each.state for each in findings} <= {State.OK, State.WARNING}, shown(findings)
    assert files_in(tmp_path) == []


async def test_a_machine_that_has_served_has_no_failure_and_stays_as_it_was(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    load_keyring(settings.secret_key_file)
    await migrate(settings.database_url.get_secret_value())
    before = files_in(tmp_path)
    findings = await examine(settings, now=NOW)
    assert states(findings, "database") == states(findings, "migrations") == states(findings, "keys") == [State.OK]
    assert files_in(tmp_path) == before


async def test_a_check_that_breaks_down_hides_no_other(tmp_path: Path) -> None:
    settings = settings_in(tmp_path).model_copy(update={"files_folder": SECRET})
    findings = await examine(settings, now=NOW)
    assert "the check itself broke down (AttributeError)" in shown(findings)
    assert SECRET not in shown(findings)
    assert states(findings, "keys") == [State.OK]


def test_a_clock_from_before_the_release_cannot_be_right() -> None:
    assert only(clock_findings(0.0), State.FAILURE).sentence.startswith("it shows 1970-01-01 00:00:00")
    only(clock_findings(NOW), State.OK)


def test_the_database_of_another_program_is_told(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE customer (name TEXT)")
    (finding,) = (each for each in sqlite_findings(path) if each.subject == "migrations")
    assert finding.state is State.FAILURE
    assert "holds a table customer and no aioacs" in finding.sentence


def test_a_database_that_was_removed_under_a_running_server_is_told(tmp_path: Path) -> None:
    path = tmp_path / "aioacs.db"
    with served_alone(path, lambda _: None):
        finding = only(list(sqlite_findings(path)), State.FAILURE)
    assert "a server runs, and its" in finding.sentence
    only(list(sqlite_findings(path)), State.OK)


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    path = tmp_path / "aioacs.db"
    path.write_bytes(b"no database " * 1000)
    assert "file is not a database" in only(list(sqlite_findings(path)), State.FAILURE).sentence


async def test_a_damaged_database_is_told(tmp_path: Path) -> None:
    path = tmp_path / "aioacs.db"
    await migrate(f"sqlite:///{path}")
    octets = bytearray(path.read_bytes())
    octets[8192:-4096] = b"\xff" * (len(octets) - 4096 - 8192)
    path.write_bytes(octets)
    findings = list(sqlite_findings(path))
    assert findings[0].state is State.FAILURE
    assert "restore" in findings[0].advice


def test_a_database_whose_rows_break_its_rules_is_told(tmp_path: Path) -> None:
    path = tmp_path / "aioacs.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            "CREATE TABLE t (x); INSERT INTO t VALUES (NULL); PRAGMA writable_schema = ON;"
            "UPDATE sqlite_schema SET sql = 'CREATE TABLE t (x NOT NULL)';"
        )
    first = next(sqlite_findings(path))
    assert (first.state, "is damaged: NULL value in t.x" in first.sentence) == (State.FAILURE, True)


async def test_a_database_that_is_in_use_is_read_beside_its_writer(tmp_path: Path) -> None:
    path = tmp_path / "aioacs.db"
    await migrate(f"sqlite:///{path}")
    with closing(sqlite3.connect(path)) as writer:
        writer.execute("DELETE FROM migration")
        writer.commit()
        assert [each.state for each in sqlite_findings(path)] == [State.OK, State.WARNING]


async def test_pending_and_newer_migrations_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "aioacs.db"
    await migrate(f"sqlite:///{path}")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM migration WHERE number = 1")
        connection.commit()
    pending = list(sqlite_findings(path))[1]
    assert (pending.state, pending.sentence[:24]) == (State.WARNING, "not applied yet: 0001 fi")
    assert "aioacs migrate" in pending.advice
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("INSERT INTO migration VALUES (9999, 'wonders', 0)")
        connection.commit()
    newer = list(sqlite_findings(path))[1]
    assert newer.state is State.FAILURE
    assert "newer aioacs: it has 9999 wonders" in newer.sentence


async def test_a_database_that_others_can_read_is_told(tmp_path: Path) -> None:
    path = tmp_path / "data" / "aioacs.db"
    await migrate(f"sqlite:///{path}")
    path.chmod(0o644)
    assert [each.state for each in sqlite_findings(path)] == [State.OK, State.OK], "nobody comes through its folder"
    path.parent.chmod(0o755)
    told = list(sqlite_findings(path))[1]
    assert (told.state, "can be read by others (mode 0644)" in told.sentence) == (State.WARNING, True)
    path.chmod(0o600)
    assert [each.state for each in sqlite_findings(path)] == [State.OK, State.OK]


async def test_a_database_without_wal_is_told(tmp_path: Path) -> None:
    path = tmp_path / "aioacs.db"
    await migrate(f"sqlite:///{path}")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    first = next(sqlite_findings(path))
    assert (first.state, "not in WAL mode" in first.sentence) == (State.WARNING, True)


def test_a_key_file_open_to_others_is_told(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    load_keyring(settings.secret_key_file)
    only(list(key_findings(settings)), State.OK)
    settings.secret_key_file.chmod(0o644)
    assert "chmod 600" in only(list(key_findings(settings)), State.FAILURE).sentence


def test_a_damaged_key_file_is_told_and_not_quoted(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, secret_key_file=tmp_path / "keys")
    settings.secret_key_file.write_text(f"1 {SECRET}\n")
    settings.secret_key_file.chmod(0o600)
    assert SECRET not in shown([only(list(key_findings(settings)), State.FAILURE)])


def test_missing_keys_beside_a_database_are_told(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    only(list(key_findings(settings)), State.OK)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "aioacs.db").touch()
    only(list(key_findings(settings)), State.WARNING)


def test_passwords_without_the_keys_that_sealed_them_are_a_failure() -> None:
    sealed = [("uuid", "sealed:AAAA")]
    assert only(list(seal_findings(None, sealed)), State.FAILURE).subject == "keys"
    assert list(seal_findings(None, [])) == []


def test_a_secret_for_webhooks_that_cannot_be_used_is_told_and_not_quoted(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, webhook_secret_file=tmp_path / "webhook.secret")
    only(list(webhook_secret_findings(settings)), State.OK)
    settings.webhook_secret_file.write_text(f"{SECRET}\n")
    settings.webhook_secret_file.chmod(0o600)
    assert SECRET not in shown([only(list(webhook_secret_findings(settings)), State.FAILURE)])
    settings.webhook_secret_file.write_text("a-secret-that-is-long-enough\n")
    only(list(webhook_secret_findings(settings)), State.OK)
    settings.webhook_secret_file.chmod(0o640)
    assert "chmod 600" in only(list(webhook_secret_findings(settings)), State.FAILURE).sentence


def test_a_folder_that_cannot_be_written_to_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    findings = [each for each in folder_findings(settings_in(tmp_path)) if each.subject == "folders"]
    assert {each.state for each in findings} == {State.FAILURE}
    assert "Not a directory" in findings[0].sentence


def test_a_folder_is_told_by_its_own_name_with_advice_for_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    files = next(each for each in folder_findings(settings_in(tmp_path)) if "data/files" in each.sentence)
    assert files.sentence.startswith(f"{tmp_path}/data/files cannot be made in {tmp_path}/data: ")
    assert "a file stands where a folder should be" in files.advice


async def test_a_place_that_must_not_be_looked_at_is_told_and_breaks_no_check(tmp_path: Path) -> None:
    # A name that is too long fails as one below a closed folder does, for root as well.
    closed = tmp_path / ("long" * 100)
    findings = await examine(settings_in(tmp_path, database_url=SecretStr(f"sqlite:///{closed}/a.db")), now=NOW)
    assert "broke down" not in shown(findings)
    assert states(findings, "database") == [State.FAILURE]


def test_little_room_on_the_disk_is_told() -> None:
    assert room_finding(Path("/data"), 50 << 20).state is State.FAILURE
    assert room_finding(Path("/data"), 500 << 20).state is State.WARNING
    assert room_finding(Path("/data"), 5000 << 20).state is State.OK


@asynccontextmanager
async def listening(status: int, **headers: str) -> AsyncIterator[int]:
    """A server that answers everything in this way, and its port."""

    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=status, headers={name.replace("_", "-"): text for name, text in headers.items()})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def port_states(tmp_path: Path, **values: object) -> list[Finding]:
    settings = settings_in(tmp_path, **({"cwmp_host": "127.0.0.1"} | values))
    return [each async for each in port_findings(settings) if each.subject != "port 0"]


def no_doubt(what: str) -> None:
    raise AssertionError(what)


async def test_a_port_held_by_the_running_aioacs_is_noted(tmp_path: Path) -> None:
    with served_alone(tmp_path / "data" / "aioacs.db", no_doubt):
        async with listening(401, WWW_Authenticate='Digest realm="aioacs", nonce="x"') as port:
            finding = only(await port_states(tmp_path, cwmp_port=port), State.NOTE)
            assert finding.sentence == "it is taken by the running aioacs of this database (CWMP)"
            only(await port_states(tmp_path, api_port=port), State.FAILURE)
        async with listening(200) as port:
            only(await port_states(tmp_path, api_port=port), State.NOTE)


async def test_a_port_held_by_an_aioacs_that_serves_something_else_is_told(tmp_path: Path) -> None:
    async with listening(401, WWW_Authenticate='Digest realm="aioacs", nonce="x"') as port:
        finding = only(await port_states(tmp_path, cwmp_port=port), State.FAILURE)
        assert finding.sentence == "an aioacs that serves another database holds it (CWMP)"
        assert finding.advice == "stop that one, or set AIOACS_CWMP_PORT"
        # Which databases servers of PostgreSQL serve cannot be seen from here.
        elsewhere = SecretStr("postgresql://a:b@127.0.0.1:1/a")
        finding = only(await port_states(tmp_path, cwmp_port=port, database_url=elsewhere), State.NOTE)
        assert finding.sentence == "it is taken by a running aioacs (CWMP)"
    assert files_in(tmp_path) == []


async def test_a_port_held_by_another_program_is_told(tmp_path: Path) -> None:
    async with listening(200) as port:
        finding = only(await port_states(tmp_path, cwmp_port=port), State.FAILURE)
        assert finding.sentence == "another program holds it (CWMP)"
        assert finding.advice == "stop that program, or set AIOACS_CWMP_PORT"
    async with listening(401, WWW_Authenticate='Digest realm="other"') as port:
        only(await port_states(tmp_path, cwmp_port=port), State.FAILURE)


async def test_a_free_port_and_a_port_of_the_kernel_are_as_they_should_be(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert "it is free for API" in only(await port_states(tmp_path, api_port=port), State.OK).sentence
    settings = settings_in(tmp_path)
    assert all(each.state is State.OK for each in [each async for each in port_findings(settings)])


async def test_an_address_of_another_machine_is_told_with_its_setting(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, api_host="192.0.2.1")
    (finding,) = [each async for each in port_findings(settings) if each.state is State.FAILURE]
    assert "192.0.2.1 cannot be listened on for API" in finding.sentence
    assert finding.advice == "set AIOACS_API_HOST to an address of this machine"


@pytest.mark.parametrize(
    ("url", "state"),
    [
        (None, State.OK),
        ("http://acs.example.net:7547", State.OK),
        ("http://[2001:db8::1]:7547", State.OK),
        ("http://acs.example.net", State.WARNING),
        ("https://acs.example.net:7547", State.WARNING),
        ("http://127.0.0.1:7547", State.FAILURE),
        ("http://localhost:7547", State.FAILURE),
        ("http://[::1]:7547", State.FAILURE),
        ("http://0.0.0.0:7547", State.FAILURE),
    ],
)
def test_a_public_url_that_devices_cannot_reach_is_told(url: str | None, state: State) -> None:
    only(list(public_url_findings(Settings(cwmp_public_url=url))), state)


def test_a_public_url_may_mean_this_machine_when_devices_are_on_it() -> None:
    settings = Settings(cwmp_public_url="http://localhost:7547", cwmp_host="127.0.0.1")
    only(list(public_url_findings(settings)), State.OK)


def test_a_public_url_may_mean_a_proxy() -> None:
    settings = Settings.model_validate({"cwmp_public_url": "https://acs.example.net", "trusted_proxies": "10.0.0.1"})
    only(list(public_url_findings(settings)), State.OK)


def test_a_limit_on_open_files_below_what_the_settings_promise_is_told_with_what_is_borne() -> None:
    settings = Settings(max_connections=10_000)
    only(list(open_file_findings(settings, (20_000, 20_000))), State.OK)
    assert "raises to 11536" in only(list(open_file_findings(settings, (1024, 20_000))), State.OK).sentence
    finding = only(list(open_file_findings(settings, (1024, 4096))), State.WARNING)
    assert "11536 open files may be needed, but the limit is 4096: only 2670 connections of devices" in finding.sentence
    assert "LimitNOFILE=11536" in finding.advice
    only(list(open_file_findings(settings, (-1, -1))), State.OK)


FINDINGS = [
    Finding("[bold]port[/]", State.OK, "it is [free]"),
    Finding("clock", State.FAILURE, "it is wrong " * 20, "set it"),
]


def test_anywhere_but_on_a_terminal_each_finding_is_one_plain_line() -> None:
    out = StringIO()
    show(FINDINGS, Console(file=out, width=40))
    assert out.getvalue().splitlines() == [
        "ok      [bold]port[/]: it is [free]",
        f"failure clock: {'it is wrong ' * 20} (set it)",
    ]


@pytest.mark.parametrize("is_terminal", [False, True])
def test_no_word_of_a_strange_database_steers_the_terminal(tmp_path: Path, is_terminal: bool) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as other:
        other.execute('CREATE TABLE "odd\x1b]0;owned\x07name" (a)')
    console = Console(file=StringIO(), force_terminal=is_terminal, color_system=None, width=500)
    show(list(sqlite_findings(path)), console)
    assert isinstance(console.file, StringIO)
    written = console.file.getvalue()
    assert r"odd\x1b]0;owned\x07name" in written
    assert not {"\x1b", "\x07"} & set(written)


def test_on_a_terminal_there_is_a_table() -> None:
    out = StringIO()
    show(FINDINGS, Console(file=out, force_terminal=True, width=100))
    assert "┃" in out.getvalue()
    assert "[bold]port[/]" in out.getvalue()
