"""The composition root: makes every part, joins them, runs them, and lets them end in order."""

import asyncio
import gc
import os
import signal
import ssl
import sys
from collections.abc import Callable, Coroutine
from contextlib import AbstractContextManager, AsyncExitStack, nullcontext
from importlib.metadata import version
from typing import Any, Final, Self

from acs.composition import Front, Parts, Services, SystemChance, SystemClock, join, make_tools
from acs.cwmp_http.listener import Listener
from acs.cwmp_http.patience import Patience
from acs.cwmp_http.queues import Queues
from acs.doctor.files import writable_finding
from acs.doctor.findings import State
from acs.keys import keyring_of
from acs.logs import configure, get_logger
from acs.metrics import Metrics
from acs.open_files import make_room
from acs.services.first_token import make_first_token
from acs.services.ports import Chance, Clock, ConnectionRequester
from acs.settings import Settings
from acs.settings.values import sqlite_path
from acs.store.migrations import apply_migrations, migrations
from acs.store.opening import AnyDatabase, open_database
from acs.store.postgresql import PostgresqlDatabase
from acs.store.signals import NoSignals, PostgresqlSignals
from acs.store.sqlite_files import served_alone
from acs.store.writer import Committed, GroupWriter
from acs.tls import api_tls_context, cwmp_tls_context, tell_failures
from api.app import Application
from api.listener import ApiListener
from api.routes import routes
from cwmp_schemas import datamodel

BACKLOG: Final = 2048
"""aiohttp's 128 overflow when 200 devices call at once."""
_IDLE_MARGIN: Final = 30.0
_LAG_EVERY: Final = 1.0
_FLUSH_EVERY: Final = 0.2
_COLLECTION: Final = (50_000, 20, 50)


class ServerFailedError(Exception):
    """A part that must run has ended; the log says which and why."""


class ListenError(Exception):
    """Devices cannot be listened to; says where and why."""

    def __init__(self, where: str, error: OSError) -> None:
        # What asyncio says names the place a second time. Name resolution has numbers of its own, below zero.
        why = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or str(error)
        super().__init__(f"cannot listen on {where}: {why}; aioacs doctor says more")


class Server:
    """One process of the server: ``async with Server(settings) as server`` runs it, leaving the block drains it."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock | None = None,
        chance: Chance | None = None,
        requester: ConnectionRequester | None = None,
        sweeps: bool = True,
        shares_ports: bool = False,
    ) -> None:
        """``sweeps=False`` leaves it to the caller when time passes; several processes may share their ports."""
        self._settings = settings
        self._clock = clock or SystemClock()
        self._chance = chance or SystemChance()
        self._requester = requester
        self._sweeps = sweeps
        self._shares_ports = shares_ports
        self._stack = AsyncExitStack()
        self._listeners: list[Listener] = []
        self._sockets: list[asyncio.Server] = []
        self._api: list[tuple[str, int]] = []
        self.failed: asyncio.Future[None] | None = None
        """Done when a part that must run has ended."""
        self.first_token: str | None = None
        """The first admin token, if this start has made one; whoever started the server is told it once."""
        self.is_hurried = False
        """Whether the open sessions are not waited for."""

    @property
    def services(self) -> Services:
        """The services, once it runs."""
        return self._services

    @property
    def ports(self) -> list[int]:
        """The ports it listens on: plain first, then TLS."""
        return [int(server.sockets[0].getsockname()[1]) for server in self._sockets]

    @property
    def api_ports(self) -> list[int]:
        """The ports of the API: plain first, then TLS."""
        return list(dict.fromkeys(port for _, port in self._api))

    @property
    def places(self) -> dict[str, str]:
        """The addresses it listens on: plain, and with TLS if it does. A name may stand for several."""
        shown = [", ".join(_place(each.getsockname()) for each in server.sockets) for server in self._sockets]
        api = ", ".join(_place(each) for each in self._api)
        return dict(zip(("cwmp", "cwmp_tls"), shown, strict=False)) | {"api": api}

    @property
    def has_failed(self) -> bool:
        """Whether a part that must run has ended."""
        return self.failed is not None and self.failed.done()

    async def __aenter__(self) -> Self:
        """Open the database, bring it up to date, and listen."""
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Take no new sessions, let the open ones end, and close."""
        try:
            await self.drain()
        finally:
            await self._stack.aclose()

    def on_failure(self, call: Callable[[], None]) -> None:
        """Call this once a part that must run has ended."""
        if self.failed is not None:
            self.failed.add_done_callback(lambda _: call())

    async def drain(self) -> None:
        """No new sessions; those that are open may end, within bounds."""
        sessions = self._services.sessions
        sessions.is_draining = True
        for server in self._sockets:
            server.close()
        deadline = self._clock.monotonic() + self._settings.drain_timeout
        while len(sessions) and self._clock.monotonic() < deadline and not self.is_hurried:
            await asyncio.sleep(0.05)
            await sessions.closing.end_overdue()
        await sessions.closing.leave_all()
        # Whoever waits for an operation is told how it stands, before the API ends.
        self._services.tools.endings.stop()
        for listener in self._listeners:
            await listener.shutdown(1.0)

    async def _start(self) -> None:
        settings, loop = self._settings, asyncio.get_running_loop()
        self.failed = loop.create_future()
        # Later there may be no descriptor left to read it with.
        datamodel.load()
        database = await open_database(settings.database_url.get_secret_value(), pool_size=settings.postgres_pool_size)
        self._stack.push_async_callback(database.close)
        await apply_migrations(database, migrations())
        keyring = await keyring_of(settings, database)
        metrics = Metrics(settings, version("aioacs"))
        writer = self._writer(database, metrics)
        parts = Parts(
            settings=settings,
            clock=self._clock,
            chance=self._chance,
            requester=self._requester,
            signals=PostgresqlSignals(database.url) if isinstance(database, PostgresqlDatabase) else NoSignals(),
            stack=self._stack,
            run=self._run,
            connections=self._connections,
        )
        _warn_of_folders(settings)
        self._services, front = join(
            parts, make_tools(parts, keyring, database, writer, metrics), keyring, database, writer
        )
        await self._listen(front)
        await self._listen_for_operators()
        if self._sweeps:
            self._run("sweep", self._services.sweeper.run())
            self._run("deadlines", self._watch(metrics))

    def _writer(self, database: AnyDatabase, metrics: Metrics) -> GroupWriter:
        def committed(commit: Committed) -> None:
            metrics.commit_batch.observe(commit.units)
            metrics.commit_seconds.observe(commit.seconds)
            if commit.failed:
                metrics.commit_failures.inc()

        writer = GroupWriter(database, capacity=self._settings.store_queue, on_commit=committed)
        metrics.store_queue.watch(lambda: len(writer))
        task = asyncio.create_task(writer.run(), name="writer")
        task.add_done_callback(self._ended)

        async def stop() -> None:
            writer.stop()
            await asyncio.gather(task, return_exceptions=True)

        self._stack.push_async_callback(stop)
        return writer

    async def _listen(self, front: Front) -> None:
        settings, loop = self._settings, asyncio.get_running_loop()
        tls = cwmp_tls_context(settings)
        if tls is not None:
            tell_failures(tls, self._tls_failed)
        self._services.sessions.is_overrun = Queues(self._sockets).are_half_full
        places: list[tuple[int, ssl.SSLContext | None]] = [(settings.cwmp_port, None)]
        if settings.cwmp_tls_port is not None:
            places.append((settings.cwmp_tls_port, tls))
        patience = Patience(
            settings.first_byte_timeout,
            settings.header_timeout,
            settings.body_timeout,
            max(600.0, settings.idle_timeout) + _IDLE_MARGIN,
        )
        for port, context in places:
            listener = Listener(
                front.handler,
                front.files,
                front.budget,
                patience,
                is_full=lambda: self._connections() >= settings.max_connections,
                come_later=lambda: self._services.sessions.come_later("connections"),
                on_nonsense=lambda address, what: self._services.tools.complain(
                    f"http {address}", "what came is no HTTP", address=address, reason=what
                ),
                is_secure=context is not None,
            )
            try:
                server = await loop.create_server(
                    listener,
                    settings.cwmp_host,
                    port,
                    ssl=context,
                    # Until then it is no connection of the listener's, which has the other deadlines.
                    ssl_handshake_timeout=settings.header_timeout if context else None,
                    backlog=BACKLOG,
                    reuse_port=self._shares_ports or None,
                )
            except OSError as error:
                raise ListenError(f"port {port} of {settings.cwmp_host}", error) from None
            self._listeners.append(listener)
            self._sockets.append(server)
            self._stack.callback(server.close)

    async def _listen_for_operators(self) -> None:
        settings, management = self._settings, self._services.management
        ports: list[tuple[int, ssl.SSLContext | None]] = [(settings.api_port, None)]
        if settings.api_tls_port is not None:
            ports.append((settings.api_tls_port, api_tls_context(settings)))
        listener = ApiListener(management.tools, Application(management, routes(management)))
        self._stack.push_async_callback(listener.stop)
        if settings.bootstrap_token is not None:
            # Whoever has set it asks as soon as there is somebody to be asked.
            await make_first_token(management.tools, management.tokens)
        try:
            self._api = await listener.start(settings.api_host, ports, shares_ports=self._shares_ports)
        except OSError as error:
            raise ListenError(f"port {settings.api_port} of {settings.api_host}", error) from None
        if settings.bootstrap_token is None:
            # Only now: one that was made by a start that failed would be told to nobody.
            self.first_token = await make_first_token(management.tools, management.tokens)

    def _tls_failed(self, reason: str) -> None:
        tools = self._services.tools
        tools.metrics.tls_failures.inc()
        tools.complain("tls", "a TLS handshake failed", reason=reason)

    def _connections(self) -> int:
        return sum(len(listener.connections) for listener in self._listeners)

    async def _watch(self, metrics: Metrics) -> None:
        """Close slow connections, and see how late the loop is."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + _LAG_EVERY
            await asyncio.sleep(_LAG_EVERY)
            metrics.loop_lag.observe(max(0.0, loop.time() - due))
            for listener in self._listeners:
                listener.close_overdue()

    def _run(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Something that goes on until the end."""
        task = asyncio.create_task(work, name=name)
        task.add_done_callback(self._ended)

        async def stop() -> None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        self._stack.push_async_callback(stop)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """A part that must run has ended: the process cannot keep its promises any more."""
        if self.failed is None or self.failed.done() or task.cancelled():
            return
        error = task.exception()
        if error is not None:
            get_logger().error("a part of the server has failed", part=task.get_name(), exc_info=error)
            self.failed.set_result(None)


def _warn_of_folders(settings: Settings) -> None:
    """Say at once what would else be said with the first file: devices are served all the same."""
    for folder in (settings.files_folder, settings.trace_folder):
        finding = writable_finding(folder)
        if finding.state is State.FAILURE:
            get_logger().warning("a folder cannot be used", reason=finding.sentence, advice=finding.advice)


def _place(address: tuple[Any, ...]) -> str:
    host, port, *_ = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


async def serve(settings: Settings, *, shares_ports: bool = False) -> None:
    """Serve until SIGTERM or SIGINT; then drain and return."""
    flusher = configure(settings.log_level.value, settings.log_format.value)
    log = get_logger()
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    settings, room = make_room(settings)
    if not room.is_enough and not shares_ports:
        log.warning("there are few open files", reason=room.sentence, advice=room.advice)
    server = Server(settings, shares_ports=shares_ports)

    def interrupted() -> None:
        # A terminal's Ctrl-C comes to a worker beside the SIGTERM of what watches over it: that is still one wish.
        loop.add_signal_handler(signal.SIGINT, hurry)
        stopped.set()

    def hurry() -> None:
        server.is_hurried = True

    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    loop.add_signal_handler(signal.SIGINT, interrupted)
    if shares_ports:

        def left_alone() -> None:
            loop.remove_reader(sys.stdin)
            log.error("what watched over this worker is gone")
            stopped.set()

        # A worker that is left alone would share the ports with those of the next start, on settings of old.
        loop.add_reader(sys.stdin, left_alone)
    with _served_alone(settings):
        async with server:
            # What stands now stands until the end: the collector need not look at it again and again. Its full rounds
            # made the p99 of a session more than twice as long.
            gc.collect()
            gc.freeze()
            gc.set_threshold(*_COLLECTION)
            log.info("listening", **server.places, database=settings.shown()["database_url"])
            if server.first_token is not None:
                # Not a line of the log: logs are kept.
                sys.stderr.write(f"the first admin token, shown this once: {server.first_token}\n")
                sys.stderr.flush()
            if shares_ports:
                # All that is ever said there, to what watches over this worker.
                sys.stdout.write("listening\n")
                sys.stdout.flush()
            server.on_failure(stopped.set)
            flusher.take_over()
            while not stopped.is_set():
                try:
                    async with asyncio.timeout(_FLUSH_EVERY):
                        await stopped.wait()
                except TimeoutError:
                    flusher.flush()
            flusher.give_back()
            log.info("stopping", sessions=len(server.services.sessions), seconds_at_most=settings.drain_timeout)
            has_failed = server.has_failed
    log.info("stopped")
    if has_failed:
        raise ServerFailedError("the server has stopped because a part of it failed; the log says which")


def _served_alone(settings: Settings) -> AbstractContextManager[None]:
    """SQLite bears one server; PostgreSQL any number."""
    path = sqlite_path(settings.database_url)
    if path is None:
        return nullcontext()
    return served_alone(
        path, lambda what: get_logger().warning("nothing keeps another server off the database", reason=what)
    )
