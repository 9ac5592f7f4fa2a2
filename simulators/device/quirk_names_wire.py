"""The quirks of how a device spells, by name: the device that has it, what it does, and its switches."""

from functools import partial
from typing import Final

from simulators.device.quirk_entry import entry
from simulators.device.quirks import Prefixes

_wire: Final = partial(entry, "wire")

WIRE: Final = (
    *(
        entry("namespace", f"namespace-1-{minor}", device, f"speaks in the namespace cwmp-1-{minor}", namespace=minor)
        for minor, device in (
            (0, "most of TR-098"),
            (1, "some"),
            (3, "devices of CWMP 1.3"),
            (4, "devices of CWMP 1.4"),
        )
    ),
    _wire(
        "upper-case-prefixes",
        "gSOAP",
        "has the prefixes SOAP-ENV and SOAP-ENC",
        prefixes=Prefixes("SOAP-ENV", "SOAP-ENC"),
    ),
    _wire("short-prefixes", "Java stacks", "has prefixes of one letter", prefixes=Prefixes("s", "e", "x", "i", "c")),
    _wire(
        "default-soap-namespace",
        "some",
        "has the envelope in the default namespace, without a prefix",
        prefixes=Prefixes(soap=""),
    ),
    _wire(
        "default-namespace",
        ".NET",
        "has the message and its fields in the default namespace",
        message="default namespace",
    ),
    _wire("no-namespace", "home-made XML writers", "has the message in no namespace", message="no namespace"),
    _wire(
        "undeclared-prefix",
        "home-made XML writers",
        "does not declare the prefix of its messages",
        message="undeclared prefix",
    ),
    _wire(
        "prefixed-children", "old Thomson, simulators", "has a prefix on the fields, too", message="prefixed children"
    ),
    _wire("declaration", "many", "begins with an XML declaration", declaration="double quotes"),
    _wire(
        "single-quoted-declaration",
        "some",
        "begins with an XML declaration in single quotes",
        declaration="single quotes",
    ),
    _wire("newlines", "gSOAP", "has newlines between elements", layout="newlines"),
    _wire("indented", "simulators", "indents its messages", layout="indented"),
    _wire("folded-names", "pretty printers", "has names on lines of their own", layout="folded"),
    _wire("empty-id", "old Thomson, simulators", "has an empty cwmp:ID", ids="empty"),
    _wire("no-id", "old Thomson, simulators", "has no cwmp:ID", ids="none"),
    _wire("invented-id", "iPhotonix", "answers under an ID of its own", ids="invented"),
    _wire("wrong-counts", "iPhotonix", "counts one too many in its arrays", counts="wrong"),
    _wire("padded-counts", "iPhotonix", "writes the counts of its arrays as [03]", counts="padded"),
    _wire("no-counts", "some", "has arrays without arrayType", counts="none"),
    _wire("no-types", "some", "has values without a type", types="none"),
    _wire("nameless-types", "Audiocodes MP500", "says of all values that they are xsd:", types="no name"),
    _wire("misspelt-types", "some", "says xsd:signedInt and the like", types="misspelt"),
    _wire("unknown-types", "some", "says of all values that they are of a type nobody knows", types="unknown"),
    _wire("unprefixed-types", "some", "has types without a prefix", types="no prefix"),
    _wire("no-empty-values", "Cisco SPA122", "leaves out the Value of what is empty", drops_empty_values=True),
    _wire("empty-name", "BCSKV630 ONT", "informs with a parameter that has no name", empty_name=True),
    _wire("double-dot", "Technicolor TG784n", "informs with a name that has two dots in a row", double_dot=True),
    _wire("cdata", "Java stacks", "has values in CDATA", cdata=True),
    _wire("control-characters", "some", "ends values in a control character", control_characters=True),
    _wire("raw-ampersand", "home-made XML writers", "does not escape ampersands", raw_ampersand=True),
    _wire("latin-1", "SpeedTouch", "writes ISO-8859-1 and says so", charset="latin-1"),
    _wire("latin-1-as-utf-8", "some", "writes ISO-8859-1 and says UTF-8", charset="latin-1 labelled utf-8"),
    _wire("cp437-as-utf-8", "some", "writes as a DOS console and says UTF-8", charset="cp437 labelled utf-8"),
    _wire("trailing-nulls", "firmware in C", "sends NUL characters behind its messages", trailing_nulls=2),
    _wire("repeated-envelope", "some", "sends each message twice in one post", repeats_envelope=True),
    _wire("no-parameter-list", "some", "informs without ParameterList", lacks=("ParameterList",)),
    _wire("no-event", "some", "informs without Event", lacks=("Event",)),
    _wire("no-max-envelopes", "some", "informs without MaxEnvelopes", lacks=("MaxEnvelopes",)),
    _wire("no-retry-count", "some", "informs without RetryCount", lacks=("RetryCount",)),
    _wire("no-current-time", "some", "informs without CurrentTime", lacks=("CurrentTime",)),
    _wire(
        "no-serial-number",
        "devices that were never given one",
        "informs without SerialNumber",
        outcome="status 400",
        lacks=("SerialNumber",),
    ),
    _wire("time-without-zone", "Huawei B310", "tells times without a zone", times="no zone"),
    _wire("time-with-milliseconds", "some", "tells times with milliseconds", times="milliseconds"),
    _wire("time-with-offset", "some", "tells times with +00:00", times="offset"),
    _wire("unknown-time", "devices without a clock", "tells the unknown time", times="unknown"),
    _wire("garbage-time", "some", "tells times as C's ctime writes them", times="garbage"),
    _wire("fault-in-body", "some", "has the fields of a fault right in the Body", faults="in the Body"),
    _wire("fault-in-answer", "some", "has the fields of a fault in the answer", faults="in the answer"),
    _wire("fault-without-detail", "some", "has faults without a detail", faults="no detail"),
    _wire("says-versions", "devices of CWMP 1.3 and later", "says which versions it knows", says_versions=True),
    _wire(
        "says-no-more-requests",
        "devices of CWMP 1.0",
        "says NoMoreRequests with its Inform",
        says_no_more_requests=True,
    ),
    _wire(
        "asks-for-timeout",
        "devices of CWMP 1.3 and later",
        "asks for a SessionTimeout of 120 seconds",
        session_timeout=120,
    ),
)
"""All of them."""
