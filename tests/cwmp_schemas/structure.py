"""What every envelope we emit must be like, checked without the official schemas and without our own parser."""

import re
from xml.etree import ElementTree

from cwmp_schemas.xml import SOAP_ENCODING, SOAP_ENVELOPE, XML_SCHEMA_INSTANCE

_DECLARED = re.compile(rb'xmlns:([a-z\-]+)="')
_WHITE_BETWEEN_TAGS = re.compile(rb"<(?:soap-env|cwmp):[^>]*>\s+<|\s+</(?:soap-env|cwmp):")


def structure_problems(envelope: bytes) -> list[str]:
    """Everything that is wrong with an envelope; empty when it is right."""
    found = []
    if not envelope.startswith(b"<soap-env:Envelope xmlns:soap-env="):
        found.append("does not start with <soap-env:Envelope")
    start = envelope[: envelope.index(b">")]
    prefixes = {match.decode() for match in _DECLARED.findall(start)}
    if prefixes != {"soap-env", "soap-enc", "xsd", "xsi", "cwmp"}:
        found.append(f"declares {sorted(prefixes)} on the Envelope")
    if b"xmlns" in envelope[len(start) :].replace(b"&lt;", b""):
        texts = ElementTree.fromstring(envelope).itertext()
        if not any("xmlns" in text for text in texts):
            found.append("declares a namespace below the Envelope")
    if _WHITE_BETWEEN_TAGS.search(envelope):
        found.append("white space between elements")
    root = ElementTree.fromstring(envelope)
    header, body = root.find(f"{{{SOAP_ENVELOPE}}}Header"), root.find(f"{{{SOAP_ENVELOPE}}}Body")
    if header is None or body is None or len(body) != 1:
        return [*found, "needs a Header and a Body with one child"]
    found += [
        f"header {child.tag} must be understood or not, and does not say"
        for child in header
        if child.tag.rpartition("}")[2] in {"ID", "HoldRequests", "UseCWMPVersion"}
        and child.get(f"{{{SOAP_ENVELOPE}}}mustUnderstand") != "1"
    ]
    for element in body.iter():
        found += _element_problems(element, prefixes)
    return found


def _element_problems(element: ElementTree.Element, prefixes: set[str]) -> list[str]:
    found = []
    array_type = element.get(f"{{{SOAP_ENCODING}}}arrayType")
    if array_type is not None:
        match = re.fullmatch(r"([a-z\-]+):[A-Za-z0-9]+\[(\d+)\]", array_type)
        if match is None or match[1] not in prefixes or int(match[2]) != len(element):
            found.append(f"{element.tag}: arrayType {array_type} with {len(element)} items")
    kind = element.get(f"{{{XML_SCHEMA_INSTANCE}}}type")
    if kind is not None and kind.partition(":")[0] not in prefixes:
        found.append(f"{element.tag}: the prefix of {kind} is not declared")
    if element.tag == "ParameterValueStruct":
        value = element.find("Value")
        if value is None or value.get(f"{{{XML_SCHEMA_INSTANCE}}}type") is None:
            found.append("a ParameterValueStruct without a typed Value")
    return found
