"""The ACS's side of a session in a test: it acknowledges what the device says, and asks what the test wants asked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache

from cwmp_schemas.decode import decode
from cwmp_schemas.encode import encode
from cwmp_schemas.envelope import Envelope
from cwmp_schemas.faults import Fault
from cwmp_schemas.messages import AcsRequest, Message, method_of
from cwmp_schemas.rpc.session import (
    GetRPCMethods,
    GetRPCMethodsResponse,
    Inform,
    InformResponse,
    Kicked,
    KickedResponse,
)
from simulators.device.calling import ACCEPT_ALL, CallPolicy
from simulators.device.capture import read_capture
from simulators.device.chance import Chance
from simulators.device.cpe import Cpe
from simulators.device.identity import Identity
from simulators.device.model import Model
from simulators.device.quirks import PLAIN, Quirks
from simulators.device.timing import AT_ONCE
from tests.simulators.emitted import EMITTED

START = 1_700_000_000.0
"""When the tests begin."""

SMALL = """\
Parameter,Object,Writable,Value,Value type
DeviceID.Manufacturer,false,false,Acme,xsd:string
DeviceID.OUI,false,false,00A0F1,xsd:string
DeviceID.ProductClass,false,false,Box,xsd:string
DeviceID.SerialNumber,false,false,S1,xsd:string
Device.RootDataModelVersion,false,false,2.17,xsd:string
Device.DeviceInfo.HardwareVersion,false,false,A1,xsd:string
Device.DeviceInfo.SoftwareVersion,false,false,1.0,xsd:string
Device.DeviceInfo.ProvisioningCode,false,true,,xsd:string
Device.DeviceInfo.UpTime,false,false,0,xsd:unsignedInt
Device.ManagementServer.URL,false,true,http://127.0.0.1:7547/,xsd:string
Device.ManagementServer.Username,false,true,acs-{serial},xsd:string
Device.ManagementServer.Password,false,true,secret,xsd:string
Device.ManagementServer.ParameterKey,false,false,,xsd:string
Device.ManagementServer.PeriodicInformEnable,false,true,true,xsd:boolean
Device.ManagementServer.PeriodicInformInterval,false,true,300,xsd:unsignedInt
Device.ManagementServer.ConnectionRequestURL,false,false,http://127.0.0.1:7548/{serial},xsd:string
Device.ManagementServer.CWMPRetryMinimumWaitInterval,false,true,5,xsd:unsignedInt
Device.ManagementServer.CWMPRetryIntervalMultiplier,false,true,2000,xsd:unsignedInt
Device.NAT.PortMapping,true,true,,
Device.NAT.PortMapping.1,true,true,,
Device.NAT.PortMapping.1.Enable,false,true,true,xsd:boolean
Device.NAT.PortMapping.1.Alias,false,true,cpe-1,xsd:string
Device.NAT.PortMapping.1.ExternalPort,false,true,8080,xsd:unsignedInt
Device.NAT.PortMapping.1.Protocol,false,true,TCP,xsd:string
Device.NAT.PortMappingNumberOfEntries,false,false,1,xsd:unsignedInt
"""


@cache
def small_model() -> Model:
    """A router with few parameters."""
    return read_capture(SMALL.splitlines())


def device(
    model: Model | None = None,
    *,
    is_known: bool = True,
    seed: int = 1,
    quirks: Quirks = PLAIN,
    calls: CallPolicy = ACCEPT_ALL,
) -> Cpe:
    """A router that is on; one that is known has nothing to tell but that its interval is over."""
    kind = model or small_model()
    return Cpe(
        kind,
        Identity(kind.device_id, 1),
        chance=Chance(seed),
        now=START,
        quirks=quirks,
        timing=AT_ONCE,
        is_known=is_known,
        calls=calls,
    )


@dataclass
class Conversation:
    """What was said in one session."""

    said: list[Envelope] = field(default_factory=list)
    """All that the device said, the Inform first; empty posts are left out."""
    posts: list[bytes] = field(default_factory=list)
    """All its posts to the letter."""

    @property
    def inform(self) -> Inform:
        """What it opened the session with."""
        message = self.said[0].message
        assert isinstance(message, Inform)
        return message

    @property
    def events(self) -> list[tuple[str, str]]:
        """The events of the Inform."""
        return [(event.event_code, event.command_key) for event in self.inform.event]

    @property
    def answers(self) -> list[Message]:
        """What it answered to the RPCs, in order."""
        return [envelope.message for envelope in self.said if (envelope.id or "").startswith("acs-")]

    @property
    def requests(self) -> list[Message]:
        """Its own requests after the Inform."""
        return [envelope.message for envelope in self.said[1:] if not (envelope.id or "").startswith("acs-")]


def acknowledgement(message: Message) -> Message:
    """What an ACS answers to a request of a device."""
    if isinstance(message, Inform):
        return InformResponse()
    if isinstance(message, GetRPCMethods):
        return GetRPCMethodsResponse(("Inform",))
    if isinstance(message, Kicked):
        return KickedResponse("http://acs.example/")
    response = type(message).RESPONSE  # type: ignore[union-attr]
    assert isinstance(response, type)
    return response()  # type: ignore[no-any-return]


def converse(
    cpe: Cpe,
    now: float,
    *rpcs: AcsRequest,
    acknowledge: Callable[[Message], Message] = acknowledgement,
    minor: int = 2,
) -> Conversation:
    """A whole session that the device wants at this moment: it must want one."""
    assert cpe.advance(now), "the device wants no session"
    heard, waiting = Conversation(), list(enumerate(rpcs))
    session = cpe.open(now)
    post: bytes | None = session.begin(now)
    while post is not None:
        heard.posts.append(post)
        if cpe.quirks is PLAIN:
            EMITTED.add(post)
        reply = b""
        if post:
            envelope = decode(post).envelope
            heard.said.append(envelope)
            if not (envelope.id or "").startswith("acs-"):
                reply = encode(Envelope(envelope.id, acknowledge(envelope.message), minor))
        if not reply and waiting:
            number, rpc = waiting.pop(0)
            reply = encode(Envelope(f"acs-{number}", rpc, minor))
        post = session.receive(reply, now)
    cpe.session_over(now)
    assert not waiting, f"never asked: {[method_of(rpc) for _, rpc in waiting]}"
    return heard


def ask(cpe: Cpe, now: float, *rpcs: AcsRequest) -> list[Message]:
    """What the device answers, after a connection request."""
    cpe.advance(now)
    cpe.called(now)
    return converse(cpe, now, *rpcs).answers


def fault_of(messages: Sequence[Message]) -> Fault:
    """The only answer, which is a fault."""
    (message,) = messages
    assert isinstance(message, Fault)
    return message
