"""Faults inside a SOAP body: found wherever a device puts them, written as TR-069 3.5 wants them."""

import re
from collections.abc import Iterable
from typing import Final

from lxml.etree import _Element as Element

from cwmp_schemas.errors import EncodeError
from cwmp_schemas.faults import Fault, ParameterFault
from cwmp_schemas.oddities import Oddity
from cwmp_schemas.xml import escaped, local_name, unfolded

_PARAMETER: Final = "SetParameterValuesFault"
_CODE: Final = re.compile(r"\b[0-9]{4}\b", re.ASCII)
_MAX_CODE: Final = 9999


def holds_fault_code(element: Element) -> bool:
    """Whether an element has the fields of a CWMP fault directly within."""
    return any(local_name(child.tag) == "FaultCode" for child in element)


def read_fault(element: Element, oddities: set[Oddity]) -> Fault:
    """The fault that an element is, or holds somewhere below."""
    refused = tuple(
        ParameterFault(unfolded(_text_of(e, "ParameterName")), _code_of(e, oddities), _text_of(e, "FaultString"))
        for e in element.iter()
        if local_name(e.tag) == _PARAMETER
    )
    holders = [e for e in element.iter() if local_name(e.tag) != _PARAMETER and holds_fault_code(e)]
    if not holders:
        oddities.add(Oddity.FAULT_WITHOUT_DETAIL)
        said = _text_of(element.iter(), "faultstring") or element.text or ""
        return Fault(_code_in(_text_of(element.iter(), "faultcode")), said.strip(), refused)
    # Some put one of their own beside the fault of the standard.
    detail = next((e for e in holders if local_name(e.tag) == "Fault"), holders[0])
    return Fault(_code_of(detail, oddities), _text_of(detail, "FaultString"), refused)


def write_fault(fault: Fault, out: list[str]) -> None:
    """Append the SOAP fault."""
    out.append(
        f"<soap-env:Fault><faultcode>{fault.soap_code}</faultcode><faultstring>CWMP fault</faultstring>"
        f"<detail><cwmp:Fault>{_fields(fault.code, fault.string)}"
    )
    out.extend(
        f"<{_PARAMETER}><ParameterName>{escaped(parameter.name, 'ParameterName')}</ParameterName>"
        f"{_fields(parameter.code, parameter.string)}</{_PARAMETER}>"
        for parameter in fault.parameters
    )
    out.append("</cwmp:Fault></detail></soap-env:Fault>")


def _fields(code: int, string: str) -> str:
    if not 0 <= code <= _MAX_CODE:
        raise EncodeError(f"{code} is not a fault code", "FaultCode")
    return f"<FaultCode>{code}</FaultCode><FaultString>{escaped(string, 'FaultString')}</FaultString>"


def _text_of(elements: Iterable[Element], name: str) -> str:
    return next((element.text or "" for element in elements if local_name(element.tag) == name), "")


def _code_of(element: Element, oddities: set[Oddity]) -> int:
    text = _text_of(element, "FaultCode").strip()
    if text.isascii() and text.isdigit() and len(text) <= 4:
        return int(text)
    oddities.add(Oddity.BAD_NUMBER)
    return _code_in(text)


def _code_in(text: str) -> int:
    """The code that stands somewhere in a text, as in ``cwmp:9005``; 0 if there is none."""
    found = _CODE.search(text)
    return int(found[0]) if found else 0
