"""Opening a session and asking what the other side can do (TR-069 A.3.1, A.3.3.1, A.4.2.1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar

from cwmp_schemas.binding import CommandKey, Token, UnsignedInt
from cwmp_schemas.codec import Name
from cwmp_schemas.rpc.parameters import ParameterList, ParameterValue


@dataclass(frozen=True, slots=True)
class DeviceId:
    """Who a device is. These strings are its identity and are never taken from a parameter."""

    TYPES: ClassVar = ("DeviceIdStruct",)

    manufacturer: Token
    """For people to read."""
    oui: Token
    """The manufacturer's organizationally unique identifier, six hex digits."""
    product_class: Token
    """The class of product within which serial numbers are unique; may be empty."""
    serial_number: Token
    """Unique within OUI and product class."""


@dataclass(frozen=True, slots=True)
class Event:
    """Why a session was opened."""

    TYPES: ClassVar = ("EventStruct",)

    event_code: Annotated[str, Name("EventCodeType")]
    """An open string; see ``cwmp_schemas.events``."""
    command_key: CommandKey = ""
    """The key of the request that caused it, for ``M ...`` events; else empty."""


@dataclass(frozen=True, slots=True)
class InformResponse:
    """The session is open."""

    NAME: ClassVar[str] = "InformResponse"

    max_envelopes: UnsignedInt = 1
    """How many envelopes one HTTP message may hold: always 1."""


@dataclass(frozen=True, slots=True)
class Inform:
    """A CPE opens a session (A.3.3.1)."""

    NAME: ClassVar[str] = "Inform"
    RESPONSE: ClassVar = InformResponse

    device_id: DeviceId
    """Who calls."""
    event: tuple[Event, ...]
    """Why."""
    max_envelopes: UnsignedInt
    """Ignored since version 1.1: 1."""
    current_time: datetime
    """The device's clock."""
    retry_count: UnsignedInt
    """How often this session was tried before."""
    parameter_list: Annotated[Sequence[ParameterValue], ParameterList()]
    """The forced parameters and those whose change is notified."""


@dataclass(frozen=True, slots=True)
class GetRPCMethodsResponse:
    """The methods a side answers."""

    NAME: ClassVar[str] = "GetRPCMethodsResponse"

    method_list: tuple[Token, ...]
    """Their names."""


@dataclass(frozen=True, slots=True)
class GetRPCMethods:
    """Either side asks which methods the other answers (A.3.1.1)."""

    NAME: ClassVar[str] = "GetRPCMethods"
    RESPONSE: ClassVar = GetRPCMethodsResponse


@dataclass(frozen=True, slots=True)
class KickedResponse:
    """Where the user's browser is to go."""

    NAME: ClassVar[str] = "KickedResponse"

    next_url: str
    """The page to show."""


@dataclass(frozen=True, slots=True)
class Kicked:
    """A user came to the CPE by a kick URL (A.4.2.1)."""

    NAME: ClassVar[str] = "Kicked"
    RESPONSE: ClassVar = KickedResponse

    command: str
    """What to do."""
    referer: str
    """The page the user came from."""
    arg: str
    """What it is to be done with."""
    next: str
    """The page the user is to see next."""
