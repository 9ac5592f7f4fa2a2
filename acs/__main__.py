"""The command ``aioacs``. What a command needs is imported when it runs, so that ``version`` starts fast."""
# ruff: noqa: PLC0415

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterable
from importlib.metadata import version as version_of
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn, TypeVar

import typer

from acs.domain.token import Role

if TYPE_CHECKING:
    from acs.settings import Settings
    from acs.token_desk import TokenDesk

T = TypeVar("T")

WORKER_OPTION: Final = "--worker"
"""What tells a process that it is one of several."""

FAILED: Final = 1
"""The status of a server that has ended with a sentence that says why."""

# What typer would print of an error by itself shows local variables, secrets among them.
app = typer.Typer(
    name="aioacs",
    help="A TR-069/CWMP auto-configuration server.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


tokens = typer.Typer(name="token", help="Make, list and take back tokens of the API.", no_args_is_help=True)
app.add_typer(tokens)

_RUN: Final = "What happens"
_DEVICES: Final = "The devices"
_LOAD: Final = "When they call"
_TLS: Final = "Encryption"
_REPORT: Final = "What is told"

_Json = Annotated[bool, typer.Option("--json", help="For programs.")]


def _show_version(*, wanted: bool) -> None:
    if wanted:
        version()
        raise typer.Exit


@app.callback()
def aioacs(
    *,
    _: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """A TR-069/CWMP auto-configuration server."""


@app.command()
def serve(*, worker: Annotated[bool, typer.Option(WORKER_OPTION, hidden=True)] = False) -> None:
    """Start the server; SIGTERM lets open sessions finish first."""
    settings = _settings()
    if settings.workers > 1 and not worker:
        from acs.workers import supervise

        raise typer.Exit(_run(supervise(settings)))
    from acs.keys import KeyFileError
    from acs.server import ListenError, ServerFailedError
    from acs.server import serve as run
    from acs.store.errors import MigrationError, StoreError
    from acs.tls import TlsFileError

    try:
        _run(run(settings, shares_ports=worker))
    except (KeyFileError, ListenError, MigrationError, ServerFailedError, StoreError, TlsFileError) as error:
        _fail([str(error)], FAILED)


@app.command()
def migrate() -> None:
    """Bring the database's tables up to date."""
    settings = _settings()
    from acs.store.errors import MigrationError, StoreError
    from acs.store.migrations import migrate as run

    try:
        applied = _run(run(settings.database_url.get_secret_value()))
    except (MigrationError, StoreError) as error:
        _fail([str(error)], 1)
    for name in applied:
        typer.echo(f"applied {name}")
    if not applied:
        typer.echo("already up to date")


@app.command()
def doctor() -> None:
    """Check settings, database, folders, keys, ports and limits; say what to do about what is wrong."""
    from rich.console import Console

    from acs.doctor import Finding, State, examine, show
    from acs.settings import SettingsError, load_settings

    try:
        findings = _run(examine(load_settings(), now=time.time()))
    except SettingsError as error:
        findings = [Finding("settings", State.FAILURE, each, "see docs/settings.md") for each in error.problems]
    show(findings, Console())
    if any(each.state is State.FAILURE for each in findings):
        raise typer.Exit(1)


@tokens.command("create")
def create_token(
    *,
    name: Annotated[str, typer.Option(help="What it is for.")],
    role: Annotated[Role, typer.Option(help="What it may do.")],
    organization: Annotated[
        list[str] | None,
        typer.Option(
            help="The name or the number of an organization whose devices it sees; several times for several."
        ),
    ] = None,
    expires: Annotated[
        str | None, typer.Option(help="From when on it is worth nothing: 2030-01-31, 2030-01-31T10:00:00Z.")
    ] = None,
    json: _Json = False,
) -> None:
    """Make a token; it is printed this once."""
    from acs.token_desk import NewTokenWish

    wish = NewTokenWish(name, role, tuple(organization or ()), expires)
    made = _at_desk(lambda desk: desk.create(wish))
    if json:
        _echo_json(made.shown)
        return
    typer.echo(made.text)
    typer.echo(f"aioacs: token {made.id} ({made.name}), shown this once", err=True)


@tokens.command("list")
def list_tokens(*, json: _Json = False) -> None:
    """List the tokens that were not taken back; none is shown itself."""
    found = _at_desk(lambda desk: desk.all())
    if json:
        _echo_json(found)
        return
    from acs.token_desk import table

    for line in table(found):
        typer.echo(line)


@tokens.command("revoke")
def revoke_token(number: Annotated[int, typer.Argument(help="The number of the token.", metavar="ID")]) -> None:
    """Take a token back: it is worth nothing from now on."""
    from acs.logs import printable

    typer.echo(f"revoked token {number} ({printable(_at_desk(lambda desk: desk.revoke(number)))})")


@app.command()
def simulate(
    *,
    acs_url: Annotated[
        str, typer.Option(metavar="URL", help="The ACS that the devices call.", rich_help_panel=_RUN)
    ] = "http://127.0.0.1:7547/",
    scenario: Annotated[
        str,
        typer.Option(metavar="NAME", help="A built-in scenario, or the path of a .toml file.", rich_help_panel=_RUN),
    ] = "steady",
    list_scenarios: Annotated[
        bool,
        typer.Option(
            "--list-scenarios", help="Show the built-in scenarios, and how long each takes.", rich_help_panel=_RUN
        ),
    ] = False,
    list_quirks: Annotated[
        bool,
        typer.Option("--list-quirks", help="Show the quirks that scenarios can give devices.", rich_help_panel=_RUN),
    ] = False,
    duration: Annotated[
        str | None, typer.Option(metavar="TIME", help="How long: 90, 90s, 15m, 2h.", rich_help_panel=_RUN)
    ] = None,
    seed: Annotated[int, typer.Option(help="From which all chance comes.", rich_help_panel=_RUN)] = 1,
    time_lapse: Annotated[
        bool | None,
        typer.Option(
            "--time-lapse/--real-time",
            help="Whether time leaps to the next moment at which a device does something.",
            rich_help_panel=_RUN,
        ),
    ] = None,
    api_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="The ACS's API, such as http://127.0.0.1:8080, for what scenarios do there; the token is read from "
            "SIMULATE_API_TOKEN.",
            rich_help_panel=_RUN,
        ),
    ] = None,
    devices: Annotated[
        int | None, typer.Option(metavar="N", help="How many devices.", rich_help_panel=_DEVICES)
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            metavar="KINDS",
            help="tr181, tr098, ont, enb, or the path of a capture (.csv); several with their shares: tr181:3,tr098:1.",
            rich_help_panel=_DEVICES,
        ),
    ] = None,
    serial_prefix: Annotated[
        str,
        typer.Option(
            metavar="TEXT",
            help="What serial numbers begin with; the same prefix means the same devices.",
            rich_help_panel=_DEVICES,
        ),
    ] = "SIM",
    known: Annotated[
        bool | None,
        typer.Option(
            "--known/--new",
            help="Whether the ACS has met them before; new ones tell a bootstrap.",
            rich_help_panel=_DEVICES,
        ),
    ] = None,
    username: Annotated[
        str,
        typer.Option(
            metavar="TEXT",
            help="How they log in; {serial} stands for the device's serial number.",
            rich_help_panel=_DEVICES,
        ),
    ] = "{serial}",
    password: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            help="Their password; others on this machine can see it here, but not in SIMULATE_PASSWORD or a file.",
            rich_help_panel=_DEVICES,
        ),
    ] = None,
    password_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A file with their password.", rich_help_panel=_DEVICES)
    ] = None,
    connection_requests: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT",
            help="Where they can be called, over UDP alone with udp: before it; off, or udp for a free port; if "
            "nothing is said, a free port of the address from which the ACS is reached.",
            rich_help_panel=_DEVICES,
        ),
    ] = None,
    interval: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="How long a device waits between two calls.", rich_help_panel=_LOAD),
    ] = None,
    arrival: Annotated[
        str | None,
        typer.Option(
            metavar="SHAPE", help="When devices call first: steady, storm, ramp or trace.", rich_help_panel=_LOAD
        ),
    ] = None,
    rate: Annotated[
        str | None,
        typer.Option(
            metavar="RATE",
            help="Calls a second of all devices together, in the place of --interval; of a ramp FROM:TO.",
            rich_help_panel=_LOAD,
        ),
    ] = None,
    trace: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Who calls when: lines of seconds[,serial[,event]].", rich_help_panel=_LOAD),
    ] = None,
    concurrency: Annotated[
        int | None, typer.Option(metavar="N", help="How many devices may call at once.", rich_help_panel=_LOAD)
    ] = None,
    ca: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Whose certificates to trust, in PEM.", rich_help_panel=_TLS),
    ] = None,
    insecure: Annotated[bool, typer.Option("--insecure", help="Trust any certificate.", rich_help_panel=_TLS)] = False,
    json: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write all that was counted there.", rich_help_panel=_REPORT)
    ] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a page for people there.", rich_help_panel=_REPORT)
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", help="Show nothing but what is wrong.", rich_help_panel=_REPORT)
    ] = False,
) -> None:
    """Be many routers that call an ACS, and report how it does.

    Ends with 0 if all went as the scenario demands, 1 if it did not or if no session succeeded, 2 if an option is
    wrong, and with 128 and the number of the signal if one ended it before its time.
    """
    given = dict(locals())
    from simulators.command import show_quirks, show_scenarios, simulate

    shows = {show_scenarios: given.pop("list_scenarios"), show_quirks: given.pop("list_quirks")}
    for show, is_wanted in shows.items():
        if is_wanted:
            show()
            raise typer.Exit
    raise typer.Exit(simulate(given, _run))


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(f"aioacs {version_of('aioacs')}")


def main() -> None:
    """Run the command line."""
    app()


def _settings() -> "Settings":
    """The settings, or all that is wrong with them and the end."""
    from acs.settings import SettingsError, load_settings

    try:
        return load_settings()
    except SettingsError as error:
        _fail(error.problems, 2)


def _at_desk(ask: "Callable[[TokenDesk], Coroutine[Any, Any, T]]") -> T:
    """What the desk for tokens answers, or a sentence and the end."""
    from acs.store.errors import MigrationError, StoreError
    from acs.token_desk import TokenDeskError, at_token_desk

    try:
        return _run(at_token_desk(_settings(), ask))
    except TokenDeskError as error:
        _fail([str(error)], error.status)
    except (MigrationError, StoreError) as error:
        _fail([str(error)], 1)


def _echo_json(document: object) -> None:
    import json

    typer.echo(json.dumps(document, indent=2))


def _fail(sentences: Iterable[str], status: int) -> NoReturn:
    from acs.logs import printable

    for sentence in sentences:
        typer.echo(f"aioacs: {printable(sentence)}", err=True)
    raise typer.Exit(status)


def _run(work: Coroutine[Any, Any, T]) -> T:
    try:
        import uvloop
    except ImportError:
        return asyncio.run(work)
    return uvloop.run(work)


if __name__ == "__main__":
    main()
