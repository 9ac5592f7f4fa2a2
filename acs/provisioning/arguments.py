"""RPCs from a method's name and plain arguments, and answers as plain data."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from acs.domain.operation import JSON, JSONObject
from acs.domain.secret_names import MASK, is_secret_name
from acs.provisioning.errors import PlanningError, Problem
from acs.provisioning.plain import from_plain, to_plain
from acs.provisioning.quoted import secrets_of
from cwmp_schemas.errors import EncodeError
from cwmp_schemas.messages import CODECS, AcsRequest, CpeResponse
from cwmp_schemas.rpc import vendor
from cwmp_schemas.rpc.parameters import GetParameterValuesResponse
from cwmp_schemas.rpc.vendor import VendorField, VendorMessage
from cwmp_schemas.style import DEFAULT_STYLE

MAX_COMMAND_KEY: Final = 32
"""How long a CommandKey may be (A.3.2.8)."""

_MAX_DEPTH: Final = 16
_REQUESTS: Final[dict[str, type]] = {cls.NAME: cls for cls in AcsRequest.__args__ if cls is not VendorMessage}


def request_from(method: str, arguments: JSONObject, command_key: str = "") -> AcsRequest:
    """The RPC a method and its arguments describe; PlanningError names every wrong argument.

    The command key stands in where the method has one and the arguments do not give it. Of a vendor's own method, whose
    name begins with ``X_``, the arguments are its elements: texts, numbers, objects, and lists for repeated elements.
    """
    if method.startswith("X_"):
        return _vendor_request(method, arguments)
    cls = _REQUESTS.get(method)
    if cls is None:
        known = ", ".join(sorted(_REQUESTS))
        what = f"{ascii(method)[:60]} is no method of a CPE; known are: {known}, and vendors' own that begin with X_"
        raise PlanningError([Problem("method", what)])
    if "command_key" in cls.__slots__ and not arguments.keys() & {"command_key", "CommandKey"}:  # type: ignore[attr-defined]
        arguments = {**arguments, "command_key": command_key}
    request: AcsRequest = from_plain(cls, arguments, PlanningError, "arguments")
    problems = [*_unsendable(request)]
    if problems:
        raise PlanningError(problems)
    return request


def answer_as_plain(answer: CpeResponse) -> dict[str, JSON]:
    """An answer as plain data, without secrets."""
    if isinstance(answer, VendorMessage):
        return _plain_fields(answer.fields)
    if isinstance(answer, GetParameterValuesResponse):
        shown = tuple(
            replace(each, value=MASK) if is_secret_name(each.name) else each for each in answer.parameter_list
        )
        return to_plain(replace(answer, parameter_list=shown), secrets=True)
    return to_plain(answer, secrets=False)


def _unsendable(request: AcsRequest) -> Iterator[Problem]:
    if MASK in secrets_of(request):
        # A client has sent back what it was shown.
        yield Problem("arguments", "hold the mask of a secret, which is none")
    command_key = getattr(request, "command_key", None) or ""
    if len(command_key) > MAX_COMMAND_KEY:
        yield Problem("arguments.command_key", f"is longer than {MAX_COMMAND_KEY} characters")
    try:
        if isinstance(request, VendorMessage):
            vendor.write(request, [])
        else:
            CODECS[request.NAME].write(request.NAME, request, [], DEFAULT_STYLE)
    except EncodeError as error:
        yield Problem("arguments", str(error))


def _vendor_request(method: str, arguments: JSONObject) -> VendorMessage:
    problems: list[Problem] = []
    request = VendorMessage(method, tuple(_fields(arguments, "arguments", problems, _MAX_DEPTH)))
    problems = problems or [*_unsendable(request)]
    if problems:
        raise PlanningError(problems)
    return request


def _fields(data: Mapping[str, JSON], where: str, problems: list[Problem], depth: int) -> Iterator[VendorField]:
    if not depth:
        problems.append(Problem(where, f"holds more than {_MAX_DEPTH} levels"))
        return
    for name, value in data.items():
        repeated = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
        for item in repeated:
            place = f"{where}.{name}"
            match item:
                case Mapping():
                    yield VendorField(name, tuple(_fields(item, place, problems, depth - 1)))
                case bool():
                    yield VendorField(name, "1" if item else "0")
                case str() | int() | float():
                    yield VendorField(name, str(item))
                case None:
                    yield VendorField(name)
                case _:
                    problems.append(Problem(place, "is a list within a list"))


def _plain_fields(fields: Sequence[VendorField]) -> dict[str, JSON]:
    plain: dict[str, list[JSON]] = {}
    for each in fields:
        value: JSON = MASK if is_secret_name(each.name) else each.value if isinstance(each.value, str) else None
        plain.setdefault(each.name, []).append(_plain_fields(each.value) if isinstance(each.value, tuple) else value)
    return {name: values[0] if len(values) == 1 else values for name, values in plain.items()}
