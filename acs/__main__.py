"""The command ``aioacs``. What a command needs is imported when it runs, so that ``version`` starts fast."""
# ruff: noqa: PLC0415

import asyncio
import time
from collections.abc import Coroutine, Iterable
from importlib.metadata import version as version_of
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn, TypeVar

import typer

if TYPE_CHECKING:
    from acs.settings import Settings

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


def _fail(sentences: Iterable[str], status: int) -> NoReturn:
    for sentence in sentences:
        typer.echo(f"aioacs: {sentence}", err=True)
    raise typer.Exit(status)


def _run(work: Coroutine[Any, Any, T]) -> T:
    try:
        import uvloop
    except ImportError:
        return asyncio.run(work)
    return uvloop.run(work)


if __name__ == "__main__":
    main()
