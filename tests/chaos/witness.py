"""Devices that remember what the ACS acknowledged and what they did for it: the judge knows nothing else to be true."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from cwmp_schemas.messages import AcsRequest, CpeResponse, Message
from cwmp_schemas.rpc.control import AddObject, AddObjectResponse, DeleteObject, Reboot, ScheduleInform
from cwmp_schemas.rpc.parameters import SetParameterValues
from cwmp_schemas.rpc.session import Event
from cwmp_schemas.rpc.transfers import Download, TransferComplete
from simulators.device.cpe import Cpe
from simulators.device.pending import OwnRequest

CODE: Final = "Device.DeviceInfo.ProvisioningCode"
"""What is set and read."""
_KEYED: Final = (Download, Reboot, ScheduleInform)


@dataclass(slots=True)
class Memory:
    """What one device knows."""

    tried: Counter[str] = field(default_factory=Counter)
    """The Informs that it has sent, by their events."""
    acknowledged: Counter[str] = field(default_factory=Counter)
    """Those that were answered."""
    completed: Counter[str] = field(default_factory=Counter)
    """The transfers of which the ACS has acknowledged the end, by CommandKey."""
    done: Counter[tuple[str, str]] = field(default_factory=Counter)
    """What it did that must not be done twice: the method, and the CommandKey or the object."""
    made: list[int] = field(default_factory=list)
    """The instances that it has made."""
    added: list[int] = field(default_factory=list)
    """Those of them that nobody has wanted deleted yet."""
    codes: list[str] = field(default_factory=lambda: [""])
    """All values that ``CODE`` has had, the latest last."""
    requests: int = 0
    """How many RPCs it has answered."""


class WitnessedCpe(Cpe):
    """A device with such a memory."""

    __slots__ = ("memory",)

    def __init__(self, *given: Any, **ways: Any) -> None:
        self.memory = Memory()
        super().__init__(*given, **ways)

    def inform(self, message_id: str, now: float) -> bytes:
        """See ``Cpe``."""
        post = super().inform(message_id, now)
        self.memory.tried[self._told()] += 1
        return post

    def informed(self, now: float) -> list[Event]:
        """See ``Cpe``."""
        self.memory.acknowledged[self._told()] += 1
        return super().informed(now)

    def acknowledged(self, request: OwnRequest, answer: Message, now: float) -> list[Event]:
        """See ``Cpe``."""
        if isinstance(request.message, TransferComplete):
            self.memory.completed[request.message.command_key] += 1
        return super().acknowledged(request, answer, now)

    def carry_out(self, rpc: AcsRequest, now: float) -> CpeResponse:
        """See ``Cpe``."""
        answer = super().carry_out(rpc, now)
        memory = self.memory
        memory.requests += 1
        if isinstance(rpc, _KEYED):
            memory.done[type(rpc).__name__, rpc.command_key] += 1
        elif isinstance(rpc, DeleteObject):
            memory.done["DeleteObject", rpc.object_name] += 1
        elif isinstance(rpc, AddObject) and isinstance(answer, AddObjectResponse):
            memory.made.append(answer.instance_number)
            memory.added.append(answer.instance_number)
        elif isinstance(rpc, SetParameterValues):
            memory.codes += [str(each.value) for each in rpc.parameter_list if each.name == CODE]
        return answer

    def _told(self) -> str:
        return ", ".join(event.event_code for event in self._informing.told)
