"""What a scripted device does with the RPCs of the ACS, and what it has to say about it in later sessions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from tests.e2e.envelopes import AcsMessage, Fault, Writer, struct, tag
from tests.e2e.journal import Event
from tests.e2e.model import METHODS, DataModel, Done

FIRMWARE: Final = "1 Firmware Upgrade Image"
_NOT_YET: Final = (
    "<Status>1</Status><StartTime>0001-01-01T00:00:00Z</StartTime><CompleteTime>0001-01-01T00:00:00Z</CompleteTime>"
)
_STATES: Final = {"InstallOpStruct": "Installed", "UpdateOpStruct": "Installed", "UninstallOpStruct": "Uninstalled"}


@dataclass(frozen=True, slots=True)
class Request:
    """A request of the device that waits for the ACS to acknowledge it."""

    message: str
    """Its name."""
    body: str = field(repr=False)
    """The message as XML."""
    command_key: str = ""
    """Its CommandKey."""


@dataclass(frozen=True, slots=True)
class Due:
    """Something to tell the ACS in the next session, and again until it is acknowledged."""

    events: tuple[Event, ...]
    """What the Inform says."""
    request: Request | None = None
    """What is told besides; then it is the response to this that acknowledges it (TR-069 3.7.1.5)."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """A Download, ScheduleDownload or Upload that is not done yet."""

    method: str
    """The name of the RPC."""
    command_key: str
    """The key to report it with."""
    file_type: str
    """Such as ``1 Firmware Upgrade Image``."""
    url: str
    """Where the file is or goes to."""
    username: str
    """For the file server."""
    password: str = field(repr=False)
    """For the file server."""
    file_size: str = "0"
    """In bytes."""


@dataclass(slots=True)
class TransferHabits:
    """How the device goes about transfers."""

    fetches: bool = False
    """Whether it really fetches what it is told to download."""
    new_version: str | None = None
    """The SoftwareVersion after a firmware download."""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """What it puts to the URL of an Upload, by file type; nothing is sent for other types."""
    fault: tuple[int, str] | None = None
    """What it reports whatever happened (Calix GigaSpire: 9011 though the file arrived); None for the truth."""
    reports: bool = True
    """Whether it sends a TransferComplete at all; many do not after a good download."""


class Behaviour:
    """Carries out RPCs; what has to be told later is in ``due``, what has to be transferred in ``transfers``."""

    def __init__(self, model: DataModel, writer: Writer, methods: Sequence[str] = METHODS) -> None:
        self._model = model
        self._writer = writer
        self._methods = tuple(methods)
        self.due: list[Due] = []
        self.transfers: list[Transfer] = []
        self._handlers: dict[str, Callable[[AcsMessage, Writer], Done | Fault]] = {
            **model.handlers(),
            "SetVouchers": lambda rpc, writer: Done(),
            "GetRPCMethods": self._get_methods,
            "Reboot": self._reboot,
            "FactoryReset": self._factory_reset,
            "Download": self._transfer,
            "ScheduleDownload": self._transfer,
            "Upload": self._transfer,
            "ScheduleInform": self._schedule_inform,
            "CancelTransfer": self._cancel,
            "GetQueuedTransfers": self._queued,
            "GetAllQueuedTransfers": self._all_queued,
            "ChangeDUState": self._change_units,
            "GetOptions": lambda rpc, writer: Done(writer.array("OptionList", "OptionStruct", 0, "")),
        }

    def carry_out(self, rpc: AcsMessage) -> Done | Fault:
        """Do what an RPC asks for; what the device does not have is fault 9000."""
        handler = self._handlers.get(rpc.method) if rpc.method in self._methods else None
        return Fault(9000, "Method not supported") if handler is None else handler(rpc, self._writer)

    def informed(self, events: Sequence[Event]) -> None:
        """The ACS has acknowledged an Inform: what only had to be said in it is said."""
        left = []
        for due in self.due:
            if due.request is not None:
                # The restart is told once; that the transfer is over, until the TransferCompleteResponse.
                rest = tuple(event for event in due.events if event[0] != "1 BOOT" or event not in events)
                left.append(Due(rest, due.request))
            elif not set(due.events) <= set(events):
                left.append(due)
        self.due = left

    def acknowledged(self, request: Request) -> None:
        """The ACS has acknowledged a request."""
        self.due = [due for due in self.due if due.request != request]

    def transferred(self, transfer: Transfer, fault: tuple[int, str], habits: TransferHabits, now: str) -> None:
        """A transfer is over: adopt what came with it and have it reported."""
        self.transfers.remove(transfer)
        restarts = transfer.file_type == FIRMWARE and transfer.method != "Upload" and fault[0] == 0
        if restarts and habits.new_version is not None:
            for name, parameter in self._model.parameters.items():
                if name.endswith(".DeviceInfo.SoftwareVersion"):
                    parameter.value = habits.new_version
        boot: tuple[Event, ...] = (("1 BOOT", ""),) if restarts else ()
        if not habits.reports:
            self.due += [Due(boot)] if boot else []
            return
        key = transfer.command_key
        body = self._writer.transfer_complete(key, habits.fault or fault, now)
        events = (*boot, ("7 TRANSFER COMPLETE", ""), (f"M {transfer.method}", key))
        self.due.append(Due(events, Request("TransferComplete", body, key)))

    def _get_methods(self, rpc: AcsMessage, writer: Writer) -> Done | Fault:
        names = "".join(tag("string", name) for name in self._methods)
        return Done(writer.array("MethodList", "string", len(self._methods), names))

    def _reboot(self, rpc: AcsMessage, writer: Writer) -> Done | Fault:
        self.due.append(Due((("1 BOOT", ""), ("M Reboot", rpc.text("CommandKey")))))
        return Done()

    def _factory_reset(self, rpc: AcsMessage, writer: Writer) -> Done | Fault:
        self._model.reset()
        self.due = [Due((("0 BOOTSTRAP", ""), ("1 BOOT", "")))]
        self.transfers.clear()
        return Done()

    def _transfer(self, rpc: AcsMessage, writer: Writer) -> Done | Fault:
        transfer = Transfer(
            rpc.method,
            command_key=rpc.text("CommandKey"),
            file_type=rpc.text("FileType"),
            url=rpc.text("URL"),
            username=rpc.text("Username"),
            password=rpc.text("Password"),
            file_size=rpc.text("FileSize") or "0",
        )
        self.transfers.append(transfer)
        return Done("" if rpc.method == "ScheduleDownload" else _NOT_YET, path=transfer.url)

    def _schedule_inform(self, rpc: AcsMessage, writer: Writer) -> Done | Fault:
        self.due.append(Due((("3 SCHEDULED", ""), ("M ScheduleInform", rpc.text("CommandKey")))))
        return Done()

    def _cancel(self, rpc: AcsMessage, writer: Writer) -> Done | Fault:
        key = rpc.text("CommandKey")
        left = [transfer for transfer in self.transfers if transfer.command_key != key]
        if len(left) == len(self.transfers):
            return Fault(9021, "Cancellation of file transfer not permitted in current transfer state")
        self.transfers = left
        return Done()

    def _queued(self, rpc: AcsMessage, writer: Writer) -> Done | Fault:
        content = "".join(
            struct("QueuedTransferStruct", tag("CommandKey", transfer.command_key), tag("State", "1"))
            for transfer in self.transfers
        )
        return Done(writer.array("TransferList", "QueuedTransferStruct", len(self.transfers), content))

    def _all_queued(self, rpc: AcsMessage, writer: Writer) -> Done | Fault:
        content = "".join(
            struct(
                "AllQueuedTransferStruct",
                tag("CommandKey", transfer.command_key),
                tag("State", "1"),
                tag("IsDownload", "0" if transfer.method == "Upload" else "1"),
                tag("FileType", transfer.file_type),
                tag("FileSize", transfer.file_size),
                tag("TargetFileName", ""),
            )
            for transfer in self.transfers
        )
        return Done(writer.array("TransferList", "AllQueuedTransferStruct", len(self.transfers), content))

    def _change_units(self, rpc: AcsMessage, writer: Writer) -> Done | Fault:
        key = rpc.text("CommandKey")
        results = [
            (wish.get("UUID") or f"00000000-0000-5000-8000-{number:012}", wish.get("Version") or "1.0", _STATES[kind])
            for number, (kind, wish) in enumerate(_operations(rpc), start=1)
        ]
        body = writer.du_state_change_complete(key, results, "2026-01-01T00:00:00Z")
        events = (("11 DU STATE CHANGE COMPLETE", ""), ("M ChangeDUState", key))
        self.due.append(Due(events, Request("DUStateChangeComplete", body, key)))
        return Done()


def _operations(rpc: AcsMessage) -> list[tuple[str, dict[str, str]]]:
    """The operations of a ChangeDUState with their kinds, which only xsi:type tells."""
    kinds = [
        next((text for name, text in element.attrib.items() if str(name).endswith("}type")), "").rpartition(":")[2]
        for element in rpc.element.iter("{*}Operations")
    ]
    return list(zip(kinds, rpc.structs("Operations"), strict=True))
