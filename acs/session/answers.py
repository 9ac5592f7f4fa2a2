"""What we answer to a CPE's own requests; pure functions of the request (TR-069 3.7.2.2)."""

import re
from collections.abc import Sequence
from typing import Final, TypeGuard

from cwmp_schemas.faults import AcsFault, Fault
from cwmp_schemas.messages import CPE_REQUESTS, CpeRequest, CpeResponse, Message, method_of
from cwmp_schemas.rpc.session import GetRPCMethods, GetRPCMethodsResponse, Kicked, KickedResponse
from cwmp_schemas.rpc.vendor import VendorMessage

# Every method of CPE_REQUESTS is answered; the union gives them an order that does not change (A.3.1.1).
_METHODS: Final = GetRPCMethodsResponse(tuple(cls.NAME for cls in CpeRequest.__args__ if cls in CPE_REQUESTS))
_ACKNOWLEDGEMENTS: Final[dict[type, Message]] = {
    cls: cls.RESPONSE() for cls in CPE_REQUESTS - {GetRPCMethods, Kicked}
} | {GetRPCMethods: _METHODS}
_ANSWERS: Final = frozenset(CpeResponse.__args__) - {VendorMessage} | {Fault}

_SHOWN: Final = 128
_LONGEST_URL: Final = 1024
_VERSIONS: Final = ("1.4", "1.3", "1.2", "1.1", "1.0")
_VERSION: Final = re.compile(r"\d+\.\d+", re.ASCII)


def is_answer(message: Message) -> TypeGuard[CpeResponse | Fault]:
    """Whether a message from a CPE answers, rather than asks."""
    return message.is_response if isinstance(message, VendorMessage) else type(message) in _ANSWERS


def is_served(message: Message) -> TypeGuard[CpeRequest]:
    """Whether a message is a request that we answer with more than fault 8000."""
    return type(message) in CPE_REQUESTS


def answer_to(message: Message) -> Message:
    """The answer to a message that is no answer; fault 8000 if it is none of the ACS's methods (A.5.1)."""
    if isinstance(message, Kicked):
        if len(message.next) > _LONGEST_URL:
            return Fault(AcsFault.INVALID_ARGUMENTS, f"Next has more than {_LONGEST_URL} characters")
        return KickedResponse(next_url=message.next)
    acknowledgement = _ACKNOWLEDGEMENTS.get(type(message))
    if acknowledgement is not None:
        return acknowledgement
    return Fault(AcsFault.METHOD_NOT_SUPPORTED, f"Method not supported: {shown_name(message)}")


def shown_name(message: Message) -> str:
    """The name of a message for people; a vendor's own may be of any length."""
    return method_of(message)[:_SHOWN]


def readable_versions(offered: Sequence[str]) -> frozenset[str]:
    """What a header SupportedCWMPVersions names, as far as it can be read."""
    return frozenset(version for text in offered if _VERSION.fullmatch(version := text.strip()))


def highest_common_version(offered: frozenset[str]) -> str | None:
    """The version to use: the highest that both sides know (TR-069 3.7.4); None if there is none."""
    return next((version for version in _VERSIONS if version in offered), None)


def no_common_version(offered: frozenset[str]) -> Fault:
    """What a CPE hears that knows no version of ours (TR-069 3.7.4, A.5.1)."""
    theirs = ", ".join(sorted(offered))[:_SHOWN]
    return Fault(AcsFault.INCOMPATIBLE_VERSION, f"ACS version incompatible with CPE: none of {theirs} is known")
