"""How the services are made and joined to each other."""

import random
import secrets
import time
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Final

from acs.adapters import Adapters
from acs.auth.authenticator import Authenticator
from acs.auth.digest import Algorithm
from acs.auth.nonces import NonceSigner, NonceWindow
from acs.auth.sealing import Keyring
from acs.cwmp_http.connections import Handler
from acs.cwmp_http.endpoint import Endpoint
from acs.cwmp_http.listener import FileHandler
from acs.cwmp_http.requests import Budget
from acs.files.addresses import FileAddresses
from acs.files.intake import FileIntake
from acs.files.limits import FileLimits
from acs.files.server import FileServer
from acs.files.store import FileFolder
from acs.logs import Throttle, get_logger
from acs.metrics import Metrics
from acs.services.briefing import DeviceBriefing
from acs.services.bulk_checks import BulkChecks
from acs.services.bulk_runner import BulkRunner
from acs.services.bulks import Bulks
from acs.services.clock_watch import ClockWatch
from acs.services.device_settings import DeviceSettings
from acs.services.device_types import DeviceTypes
from acs.services.endings import Endings
from acs.services.enrol import Enrolment
from acs.services.expiry import Expiry
from acs.services.finding import DeviceFinder
from acs.services.firmware import FirmwareShelf
from acs.services.inventory import Inventory
from acs.services.live import LiveSession
from acs.services.login import Door
from acs.services.logins import DeviceLogins
from acs.services.management import Management
from acs.services.notifications import Notifications
from acs.services.opening import Opening
from acs.services.operations import Operations
from acs.services.ports import Chance, Clock, ConnectionRequester, FileDesk
from acs.services.readiness import Readiness
from acs.services.recording import Recorder
from acs.services.registration import References
from acs.services.requests import CpeRequests
from acs.services.run_session import Sessions
from acs.services.status_helpers import StatusHelpers
from acs.services.sweep import Sweeper
from acs.services.tools import Tools
from acs.services.trace import WAITING, Trace
from acs.services.transfers import Transfers
from acs.services.values import ValueKeeper
from acs.services.variables import Variables
from acs.services.vault import Vault
from acs.services.wake import Waker
from acs.services.wanted import WantedSettings
from acs.services.work import Work
from acs.settings import Settings
from acs.settings.values import LoginScheme
from acs.store.audit import AuditStore
from acs.store.bulk_targets import TargetStore
from acs.store.bulks import BulkStore
from acs.store.contacts import ContactStore
from acs.store.deliveries import DeliveryStore
from acs.store.device_changes import DeviceChanges
from acs.store.device_list import DeviceList
from acs.store.device_types import DeviceTypeStore
from acs.store.devices import DeviceStore
from acs.store.firmware_images import FirmwareImageStore
from acs.store.idempotency import IdempotencyStore
from acs.store.late import LateStore
from acs.store.locations import LocationStore
from acs.store.opening import AnyDatabase
from acs.store.operation_list import OperationListStore
from acs.store.operations import OperationStore
from acs.store.organizations import OrganizationStore
from acs.store.parameters import ParameterStore
from acs.store.setting_changes import SettingChangeStore
from acs.store.settings import SettingStore
from acs.store.signals import WAITING as SIGNALS_WAITING
from acs.store.signals import Signals
from acs.store.statements import Dialect
from acs.store.tokens import TokenStore
from acs.store.transfers import TransferStore
from acs.store.type_changes import TypeChangeStore
from acs.store.writer import GroupWriter

_REALM: Final = "aioacs"
_NONCES: Final = 65_536
_POOL: Final = 4_096


class SystemClock:
    """The time of this machine."""

    monotonic = staticmethod(time.monotonic)
    wall = staticmethod(time.time)


class SystemChance:
    """The chance of this machine, asked for in larger pieces: each question is a call of the system."""

    between = staticmethod(random.uniform)

    def __init__(self) -> None:
        self._pool = b""
        self._used = 0

    def octets(self, count: int) -> bytes:
        """See ``Chance``. No octet is given out twice."""
        if self._used + count > len(self._pool):
            self._pool, self._used = secrets.token_bytes(max(count, _POOL)), 0
        start, self._used = self._used, self._used + count
        return self._pool[start : self._used]


class Addresses:
    """Addresses of files, for wherever a device has found us."""

    def __init__(self, keys: tuple[bytes, ...]) -> None:
        self._keys = keys

    def download_url(self, base_url: str, transfer_id: int, file_name: str) -> str:
        """See ``FileAddressBook``."""
        return FileAddresses(base_url, self._keys).download_url(transfer_id, file_name)

    def upload_url(self, base_url: str, transfer_id: int, file_name: str) -> str:
        """See ``FileAddressBook``."""
        return FileAddresses(base_url, self._keys).upload_url(transfer_id, file_name)


@dataclass(frozen=True, slots=True)
class Services:
    """What the management side may use."""

    tools: Tools
    operations: Operations
    wanted: WantedSettings
    sessions: Sessions
    waker: Waker
    sweeper: Sweeper
    logins: DeviceLogins
    management: Management


@dataclass(frozen=True, slots=True)
class Parts:
    """What the process brings."""

    settings: Settings
    """As the operator has set them."""
    clock: Clock
    """Its time."""
    chance: Chance
    """Its chance."""
    requester: ConnectionRequester | None
    """What calls devices; None: over HTTP."""
    signals: Signals
    """Word between processes."""
    stack: AsyncExitStack
    """What is closed at the end."""
    run: Callable[[str, Coroutine[Any, Any, None]], None]
    """Runs something until the end."""
    connections: Callable[[], float]
    """How many connections are open."""


@dataclass(frozen=True, slots=True)
class Front:
    """What a listener needs."""

    handler: Handler
    """Answers what devices ask."""
    files: FileHandler
    """Answers those that ask for files."""
    budget: Budget
    """What bodies may hold."""


def make_tools(parts: Parts, keyring: Keyring, database: AnyDatabase, writer: GroupWriter, metrics: Metrics) -> Tools:
    """The tool belt."""
    return Tools(
        settings=parts.settings,
        clock=parts.clock,
        chance=parts.chance,
        vault=Vault(keyring, parts.chance),
        metrics=metrics,
        endings=Endings(metrics),
        log=get_logger(),
        throttle=Throttle(),
        contacts=ContactStore(database, writer),
        devices=DeviceStore(database, writer),
        operations=OperationStore(database, writer),
        parameters=ParameterStore(database, writer),
        wanted=SettingStore(database, writer),
        wishes=SettingChangeStore(writer),
        transfers=TransferStore(database, writer),
        images=FirmwareImageStore(database, writer),
        type_changes=TypeChangeStore(database, writer),
        is_shared=database.dialect is Dialect.POSTGRESQL,
    )


def make_management(
    tools: Tools,
    database: AnyDatabase,
    writer: GroupWriter,
    *,
    operations: Operations,
    bulks: Bulks,
    wanted: WantedSettings,
    waker: Waker,
    helpers: StatusHelpers,
    notifications: Notifications,
    files: FileDesk,
    is_draining: Callable[[], bool],
) -> Management:
    """What the management API works with."""
    organizations, locations = OrganizationStore(database, writer), LocationStore(database, writer)
    types = DeviceTypeStore(database, writer)
    settings = DeviceSettings(tools, wanted)
    references = References(tools, organizations, locations, types)
    return Management(
        tools=tools,
        database=database,
        organizations=organizations,
        locations=locations,
        types=DeviceTypes(tools, types, wanted),
        firmware=FirmwareShelf(tools, files),
        tokens=TokenStore(database, writer),
        audit=AuditStore(database, writer),
        idempotency=IdempotencyStore(database, writer),
        operations=operations,
        bulks=bulks,
        operation_list=OperationListStore(database),
        wanted=wanted,
        settings=settings,
        variables=Variables(tools, operations, settings),
        waker=waker,
        helpers=helpers,
        notifications=notifications,
        finder=DeviceFinder(tools.devices),
        inventory=Inventory(tools, operations, DeviceList(database), DeviceChanges(writer), references),
        readiness=Readiness(database, writer, is_draining=is_draining),
    )


def join(
    parts: Parts, tools: Tools, keyring: Keyring, database: AnyDatabase, writer: GroupWriter
) -> tuple[Services, Front]:
    """Every service, joined to the others, and what stands before them."""
    settings = parts.settings
    file_keys = keyring.derive("files")
    keeper = ValueKeeper(tools)
    wanted, logins = WantedSettings(tools), DeviceLogins(tools)
    transfers = Transfers(tools, Addresses(file_keys))
    briefing = DeviceBriefing(tools, keeper, wanted, logins, transfers)
    door = Door(tools, _authenticator(parts, keyring, tools))
    enrolment = Enrolment(tools, door)
    adapters = Adapters(settings, parts.clock, parts.chance, parts.stack)
    requester = parts.requester or adapters.requester()
    # Sessions call devices again, and devices in a session are not called: one of the two is made later.
    waker = Waker(tools, logins, requester, lambda device_id: sessions.tell_of_wishes(device_id))  # noqa: PLW0108
    parts.stack.push_async_callback(waker.stop)

    def new_work(session: LiveSession) -> Work:
        return Work(tools, briefing, session, waker.wake)

    trace = Trace(
        settings.trace_folder,
        most_per_device=settings.max_device_trace,
        most=settings.max_traces,
        on_error=lambda what: tools.complain("trace", what),
    )
    parts.run("trace", trace.run())
    tools.metrics.memories.watch("messages to be traced", WAITING, lambda: trace.waiting)
    tools.metrics.memories.watch("words to other processes", SIGNALS_WAITING, lambda: parts.signals.waiting)
    sessions = Sessions(
        tools,
        door=door,
        enrolment=enrolment,
        opening=Opening(tools, enrolment, keeper, transfers, new_work),
        recorder=Recorder(tools, CpeRequests(tools, transfers)),
        trace=trace,
    )
    folder = FileFolder(parts.settings.files_folder)
    parts.stack.push_async_callback(folder.close)
    notifications = Notifications(tools, DeliveryStore(database, writer), adapters.messengers())
    parts.stack.push_async_callback(notifications.stop)
    operations = Operations(tools, notify=sessions.notify, announce=parts.signals.announce, wake=waker.wake)
    helpers = StatusHelpers(tools, waker, adapters.probes(tools.log), sessions.is_in_session)
    checks = BulkChecks(helpers, waker, sessions.is_in_session)
    runner = BulkRunner(tools, operations, BulkStore(database, writer), TargetStore(database), checks)
    parts.stack.push_async_callback(runner.stop)
    parts.run("bulks", runner.run())
    sweeper = Sweeper(
        tools,
        sessions=sessions,
        expiry=Expiry(tools, briefing),
        waker=waker,
        transfers=transfers,
        files=folder,
        signals=parts.signals,
        audit=AuditStore(database, writer),
        idempotency=IdempotencyStore(database, writer),
        notifications=notifications,
        bulks=runner,
        clock_watch=ClockWatch(tools, LateStore(database, writer), runner),
    )
    parts.run("signals", parts.signals.run(sessions.notify))
    budget = Budget(settings.body_budget)
    files = _file_server(parts, transfers, file_keys, tools, folder)
    tools.metrics.sessions_open.watch(lambda: len(sessions))
    tools.metrics.body_bytes.watch(lambda: budget.used)
    tools.metrics.downloads_in_flight.watch(lambda: files.sending)
    tools.metrics.connections.watch(parts.connections)
    management = make_management(
        tools,
        database,
        writer,
        operations=operations,
        bulks=Bulks(tools, BulkStore(database, writer), TargetStore(database), runner),
        wanted=wanted,
        waker=waker,
        helpers=helpers,
        notifications=notifications,
        files=FileIntake(folder, settings.body_timeout),
        is_draining=lambda: sessions.is_draining,
    )
    services = Services(tools, operations, wanted, sessions, waker, sweeper, logins, management)
    return services, Front(Endpoint(tools, sessions), files.handle, budget)


def _authenticator(parts: Parts, keyring: Keyring, tools: Tools) -> Authenticator:
    schemes = parts.settings.cwmp_authentication
    named = {LoginScheme.DIGEST_MD5: Algorithm.MD5, LoginScheme.DIGEST_SHA_256: Algorithm.SHA_256}
    signer = NonceSigner(keyring.derive("nonces"))
    window = NonceWindow(lifetime=signer.lifetime, capacity=_NONCES, floor=parts.clock.wall())
    tools.metrics.nonce_evictions.set_function(lambda: window.evicted)
    tools.metrics.memories.watch("used nonces", _NONCES, lambda: len(window))
    return Authenticator(
        _REALM,
        signer,
        window,
        tuple(named[each] for each in schemes if each in named),
        LoginScheme.BASIC in schemes,
    )


def _file_server(
    parts: Parts, transfers: Transfers, keys: tuple[bytes, ...], tools: Tools, folder: FileFolder
) -> FileServer:
    return FileServer(
        FileAddresses("http://localhost", keys),
        transfers,
        folder,
        chance=lambda: parts.chance.between(0.0, 0.999999),
        limits=FileLimits(downloads=parts.settings.max_downloads),
        on_event=lambda event, octets: tools.log.debug("file", what=str(event), octets=octets),
    )
