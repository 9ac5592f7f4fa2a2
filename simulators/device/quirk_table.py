"""The table of quirks: each with a name for scenario files, the device that has it, what it does and its switches."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from simulators.device.quirks import Prefixes

Group = Literal["http", "wire", "manners", "namespace"]


@dataclass(frozen=True, slots=True)
class NamedQuirk:
    """One misbehaviour that can be asked for."""

    name: str
    """As scenario files have it."""
    device: str
    """Who does it, by public reports."""
    sentence: str
    """What it does."""
    group: Group
    """The part of ``Quirks`` it changes."""
    changes: Mapping[str, Any]
    """The switches of that part."""
    settings: Mapping[str, bool | int | str] = field(default_factory=dict)
    """What the ACS has to know of such a type of device: settings of the type; ``{root}`` is its root object."""
    outcome: str = "ok"
    """How its sessions end: well, or with what an ACS does to such a device."""


def _http(
    name: str, device: str, sentence: str, *, settings: Mapping[str, Any] | None = None, **changes: object
) -> NamedQuirk:
    return NamedQuirk(name, device, sentence, "http", changes, settings or {})


def _wire(name: str, device: str, sentence: str, *, outcome: str = "ok", **changes: object) -> NamedQuirk:
    return NamedQuirk(name, device, sentence, "wire", changes, outcome=outcome)


def _manners(
    name: str, device: str, sentence: str, *, settings: Mapping[str, Any] | None = None, **changes: object
) -> NamedQuirk:
    return NamedQuirk(name, device, sentence, "manners", changes, settings or {})


_HTTP: Final = (
    _http(
        "closes-after-response",
        "ZyXEL, old Broadcom firmware",
        "opens a new connection for each post",
        close_after_every_response=True,
    ),
    _http(
        "reconnects-after-401",
        "FRITZ!Box",
        "answers a challenge on a new connection and leaves the old one open",
        reconnects_after_401=True,
    ),
    _http(
        "reconnects-instead-of-answering",
        "Nokia Beacon G6",
        "answers the first RPC with a new connection and a new Inform, and goes on there",
        reconnects_instead_of_answering=True,
    ),
    _http("no-cookie", "some", "sends no cookie back and relies on the connection", cookies="never"),
    _http(
        "rfc2109-cookie", "SpeedTouch", "sends cookies with $Version and $Path, as RFC 2109 had it", cookies="rfc2109"
    ),
    _http("quoted-cookie", "clients of the time of RFC 2109", "sends cookies in quotes", cookies="quoted"),
    _http(
        "comma-joined-cookie",
        "clients of the time of RFC 2965",
        "sends a cookie of its own before the ACS's, with a comma between them",
        cookies="comma-joined",
    ),
    _http(
        "needs-root-path-cookie",
        "AMIT AX-1122",
        "keeps a cookie only if it says Path=/",
        drops_cookies_without_root_path=True,
    ),
    _http(
        "drops-http-only-cookie",
        "some",
        "keeps no cookie that says HttpOnly",
        settings={"no_http_only_cookie": True},
        drops_http_only_cookies=True,
    ),
    _http(
        "authorization-only-with-inform",
        "embedded digest clients",
        "logs in with the Inform alone and answers no later challenge",
        authorization="only with the Inform",
    ),
    _http(
        "authorization-every-post", "easycwmp, by way of curl", "logs in with every post", authorization="every post"
    ),
    _http(
        "begins-with-empty-post",
        "Calix GigaSpire",
        "sends an empty post first, to collect the challenge",
        authorization="begin with empty post",
    ),
    _http(
        "remembers-nonce",
        "embedded digest clients",
        "logs in with the nonce of an earlier session until it is refused",
        remembers_nonce=True,
    ),
    _http("algorithm-md", "FRITZ!OS 7.12", "says algorithm=MD in its digest", digest_algorithm="MD"),
    _http("cuts-nonce", "an embedded client", "cuts nonces after 32 characters", nonce_limit=32),
    _http("chunked", "SpeedTouch", "sends chunked bodies, without a length", chunked=True),
    _http(
        "gzip", "gateways that inform with hundreds of parameters", "compresses bodies with gzip", compression="gzip"
    ),
    _http(
        "deflate",
        "gateways that inform with hundreds of parameters",
        "compresses bodies with deflate",
        compression="deflate",
    ),
    _http(
        "expect-continue", "easycwmp, by way of curl", "waits for 100 Continue before each body", expect_continue=True
    ),
    _http("text-html", "easycwmp", "says that its messages are text/html", content_type="text/html"),
    _http("no-content-type", "some", "does not say what its messages are", content_type=None),
    _http(
        "counts-characters",
        "some simulators and gateways",
        "says the length of a body in characters, which are fewer than its octets",
        counts_characters=True,
    ),
    _http("http-1.0", "old embedded stacks", "speaks HTTP 1.0", version="1.0"),
    _http("slow-writer", "small stacks on slow lines", "sends its posts in small pieces", piece=512, piece_pause=0.02),
    _http(
        "empty-post-first",
        "Calix GigaSpire",
        "sends an empty post before any Inform, with credentials if it is asked for them",
        empty_post_first=True,
    ),
    _http("three-empty-posts", "SpeedTouch 780", "goes on until it has sent three empty posts", empty_posts_at_end=3),
    _http(
        "extra-headers",
        "devices behind proxies",
        "sends headers that nobody asked for",
        extra_headers=(("X-Forwarded-For", "192.0.2.7"), ("Via", "1.0 cache"), ("Pragma", "no-cache")),
    ),
)

_WIRE: Final = (
    *(
        NamedQuirk(
            f"namespace-1-{minor}", device, f"speaks in the namespace cwmp-1-{minor}", "namespace", {"namespace": minor}
        )
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
)

_MANNERS: Final = (
    _manners(
        "refuses-empty-path",
        "Sagemcom F@st 2764",
        "refuses (9005) to read or list everything by the empty path",
        settings={"root_path": "{root}."},
        refuses_empty_path=True,
    ),
    _manners(
        "refuses-listed",
        "PPP CPEs, Calix 804Mesh",
        "refuses (9005) vendor's and PPP parameters that it lists itself",
        refuses_listed=("PPP", ".X_"),
    ),
    _manners(
        "small-batches-9004",
        "Cisco 867",
        "refuses (9004) more than 16 parameters at once",
        batch_limit=16,
        batch_fault=9004,
    ),
    _manners(
        "small-batches-9002",
        "Grandstream",
        "refuses (9002) more than 16 parameters at once",
        batch_limit=16,
        batch_fault=9002,
    ),
    _manners(
        "hangs-up-on-batches", "some", "hangs up on more than 16 parameters at once", batch_limit=16, batch_fault=0
    ),
    _manners(
        "at-most-256-values",
        "Huawei HN8145X6N",
        "answers with at most 256 values and leaves the rest out",
        settings={"answer_limit": 256},
        values_limit=256,
    ),
    _manners(
        "ignores-writes",
        "Huawei HN8145X6N",
        "says Status 0 to a new provisioning code and keeps the old one",
        ignores_writes=("ProvisioningCode",),
    ),
    _manners(
        "one-rpc-a-session",
        "SmartRG SR505N",
        "hangs up on the second RPC of a session",
        settings={"rpcs_per_session": 1},
        rpcs_per_session=1,
    ),
    _manners("asks-methods", "Calix GigaSpire", "asks for the ACS's methods in each session", asks_methods=True),
    _manners("fails-good-uploads", "Calix GigaSpire", "says 9011 though the upload arrived", fails_good_uploads=True),
    _manners("no-transfer-complete", "many", "says nothing after a good download", no_transfer_complete=True),
    _manners("forgets-command-key", "many", "says TransferComplete without a CommandKey", forgets_command_key=True),
    _manners("drops-query", "some", "asks for files without the query of their URL", drops_query=True),
    _manners("multipart-upload", "some", "posts uploads as a form", multipart_upload=True),
    _manners("null-udp-address", "Calix 844E", "says that its address for UDP is (null)", null_udp_address=True),
    _manners("secrets-read-empty", "Nokia Beacon G6", "reads all secrets back empty", secrets_read_empty=True),
    _manners(
        "secrets-told",
        "some",
        "reads secrets back as they are",
        settings={"read_back_secrets": True},
        secrets_told=True,
    ),
    _manners(
        "silent-after-wifi-write",
        "Nokia Beacon G6",
        "takes 150 seconds to answer a write to its WiFi",
        settings={"session_timeout": 240, "read_back": False},
        silent_after_wifi_write=150.0,
    ),
    _manners(
        "late-configuration",
        "Baicells eNB",
        "refuses (9001) to be configured for 600 seconds after it was switched on",
        settings={"config_delay": 600},
        config_delay=600.0,
    ),
    _manners(
        "slow-full-read",
        "Baicells eNB",
        "takes 168 seconds to read everything",
        settings={"session_timeout": 240},
        full_read_takes=168.0,
    ),
    _manners("no-parameter-key", "SpeedTouch 780", "has no ParameterKey", no_parameter_key=True),
    _manners(
        "no-bootstrap-after-config",
        "Zyxel VMG4927",
        "tells no bootstrap after a configuration file",
        no_bootstrap_after_config=True,
    ),
    _manners("reports-read-only", "many", "lists all its parameters as read-only", reports_read_only=True),
    *(
        NamedQuirk(
            f"serial-{serial}",
            "devices that were never given one",
            f"has the serial number {serial}, as others have",
            "manners",
            {"serial": serial},
            outcome="status 403",
        )
        for serial in ("0000", "001122334455", "99999")
    ),
    _manners(
        "spaces-in-product-class", "Technicolor TG784n", "has spaces in its product class", spaces_in_product_class=True
    ),
    _manners("numeric-booleans", "TP-Link W9970", "refuses (9007) booleans that are words", numeric_booleans=True),
    _manners(
        "wants-milliseconds",
        "some",
        "refuses (9007) times without milliseconds",
        settings={"milliseconds": True},
        wants_milliseconds=True,
    ),
    _manners(
        "hangs-up-on-namespace",
        "several",
        "hangs up on another CWMP namespace than its own",
        hangs_up_on_namespace=True,
    ),
    _manners("hangs-up-on-declaration", "two clients", "hangs up on an XML declaration", hangs_up_on_declaration=True),
    _manners("hangs-up-on-newlines", "one client", "hangs up on newlines between elements", hangs_up_on_newline=True),
)

REGISTRY: Final[Mapping[str, NamedQuirk]] = {each.name: each for each in (*_HTTP, *_WIRE, *_MANNERS)}
"""All of them, by name."""
