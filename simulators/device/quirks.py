"""The ways of real devices, as switches in three groups: how it speaks HTTP, how it spells, how it behaves.

Each says who has it; ``quirk_names`` gives them names for scenario files.
"""

from dataclasses import dataclass
from typing import Final, Literal

Cookies = Literal["normal", "never", "rfc2109", "quoted", "comma-joined"]
Authorization = Literal["when challenged", "only with the Inform", "every post", "begin with empty post"]
Compression = Literal["none", "gzip", "deflate"]
Ids = Literal["normal", "empty", "invented", "none"]
Layout = Literal["none", "newlines", "indented", "folded"]
Message = Literal["prefixed", "default namespace", "no namespace", "undeclared prefix", "prefixed children"]
Counts = Literal["right", "wrong", "padded", "none"]
Types = Literal["right", "none", "no name", "misspelt", "unknown", "no prefix"]
Charset = Literal["utf-8", "latin-1", "latin-1 labelled utf-8", "cp437 labelled utf-8"]
Times = Literal["normal", "no zone", "milliseconds", "offset", "unknown", "garbage"]
Faults = Literal["normal", "in the Body", "in the answer", "no detail"]


@dataclass(frozen=True, slots=True)
class HttpQuirks:
    """How a device departs from HTTP as others speak it; as it stands, it does not."""

    close_after_every_response: bool = False
    """A new connection for each post: embedded HTTP clients without keep-alive (ZyXEL, old Broadcom firmware)."""
    reconnects_after_401: bool = False
    """A new connection after the 401, the old one stays behind (FRITZ!Box)."""
    reconnects_instead_of_answering: bool = False
    """The first RPC gets no answer but a new connection with a new Inform; in that session it answers (Nokia Beacon
    G6). It does so in every other session."""
    cookies: Cookies = "normal"
    """``rfc2109`` is SpeedTouch's ``$Version="0"; ID=..;$Path=/``; ``never`` is some that rely on the connection;
    ``quoted`` and comma-joined (with a cookie of the device's own) ones come from clients of RFC 2109 and 2965."""
    drops_cookies_without_root_path: bool = False
    """A cookie is kept only with ``Path=/`` (AMIT AX-1122)."""
    drops_http_only_cookies: bool = False
    """A cookie with HttpOnly is not kept (public reports do not name the device)."""
    authorization: Authorization = "when challenged"
    """``only with the Inform``: a challenge to any other post is not answered; ``every post``: curl does it so
    (easycwmp); ``begin with empty post``: to collect the challenge (Calix GigaSpire)."""
    remembers_nonce: bool = False
    """The nonce is used from session to session until it is refused (embedded digest clients)."""
    digest_algorithm: str | None = None
    """What it says instead of the right algorithm: ``MD`` is FRITZ!OS 7.12."""
    nonce_limit: int = 0
    """Longer nonces are cut to so many characters; 0 is no limit (one embedded client cuts at 32)."""
    chunked: bool = False
    """No Content-Length (SpeedTouch)."""
    compression: Compression = "none"
    """Bodies are compressed: gateways that inform with hundreds of parameters."""
    expect_continue: bool = False
    """``Expect: 100-continue`` before each body (easycwmp, by way of curl)."""
    content_type: str | None = 'text/xml; charset="utf-8"'
    """easycwmp says text/html; None is no such header at all."""
    counts_characters: bool = False
    """Content-Length in characters instead of octets (some simulators and gateways)."""
    version: Literal["1.1", "1.0"] = "1.1"
    """1.0 closes after each response (old embedded stacks)."""
    piece: int = 0
    """Writes so many octets at a time; 0 is all at once (small stacks on slow lines)."""
    piece_pause: float = 0.0
    """Seconds between two pieces."""
    empty_post_first: bool = False
    """An empty POST with no Inform before (Calix GigaSpire), with credentials if it is asked for them."""
    empty_posts_at_end: int = 1
    """How many empty posts are answered with nothing before it takes the session for ended (SpeedTouch 780: 3)."""
    extra_headers: tuple[tuple[str, str], ...] = ()
    """Headers of the device's own, or of a proxy before the ACS."""


@dataclass(frozen=True, slots=True)
class Prefixes:
    """The namespace prefixes of a device's firmware."""

    soap: str = "soap-env"
    """For the envelope; empty for a default namespace."""
    encoding: str = "soap-enc"
    """For arrayType."""
    xsd: str = "xsd"
    """For the names of types."""
    xsi: str = "xsi"
    """For xsi:type."""
    cwmp: str = "cwmp"
    """For the message."""


@dataclass(frozen=True, slots=True)
class WireQuirks:
    """How a device's spelling departs from the schemas; as it stands, it does not."""

    prefixes: Prefixes = Prefixes()
    """The firmware's own everywhere."""
    message: Message = "prefixed"
    """How the message element has its namespace. With ``default namespace`` the fields are in it as well (.NET);
    ``undeclared prefix`` is a prefix nobody declared, ``prefixed children`` a prefix on the fields, too (old Thomson
    and simulators)."""
    declaration: Literal["none", "double quotes", "single quotes"] = "none"
    """The XML declaration; all are common."""
    layout: Layout = "none"
    """White space between elements: gSOAP writes newlines, simulators indent; ``folded`` puts names on a line of their
    own (pretty printers)."""
    ids: Ids = "normal"
    """``invented``: an ID of its own where the ACS's should be echoed (iPhotonix); ``empty`` and ``none``: old
    Thomson and simulators."""
    counts: Counts = "right"
    """The count in arrayType: ``padded`` is ``[03]`` (iPhotonix), ``none`` is no arrayType at all."""
    types: Types = "right"
    """xsi:type: ``no name`` is ``xsd:`` (Audiocodes MP500), ``misspelt`` is ``xsd:signedInt`` and the like, which can
    be guessed; ``unknown`` cannot."""
    drops_empty_values: bool = False
    """An empty value has no Value element (Cisco SPA122)."""
    empty_name: bool = False
    """One entry of the Inform has an empty Name (BCSKV630 ONT)."""
    double_dot: bool = False
    """One name of the Inform has two dots in a row (Technicolor TG784n)."""
    cdata: bool = False
    """Values are CDATA (some Java stacks)."""
    control_characters: bool = False
    """Values end in a control character, which XML forbids (fields read from flash without their end)."""
    raw_ampersand: bool = False
    """``&`` is not escaped (home-made XML writers)."""
    charset: Charset = "utf-8"
    """SpeedTouch sends ISO-8859-1; others send such octets, or those of a DOS console, under a label of UTF-8."""
    trailing_nulls: int = 0
    """NUL characters behind the envelope: C strings sent with their end."""
    repeats_envelope: bool = False
    """The envelope is there twice in one post (firmware that counts on MaxEnvelopes above 1)."""
    lacks: tuple[str, ...] = ()
    """Elements of the Inform that are left out: ParameterList, Event, MaxEnvelopes, RetryCount, CurrentTime, and
    SerialNumber, without which nobody knows who calls."""
    times: Times = "normal"
    """``no zone``: Huawei B310; ``unknown``: before the clock is set; ``garbage``: what is no time at all."""
    faults: Faults = "normal"
    """``in the Body`` and ``in the answer``: FaultCode and FaultString stand there without a SOAP fault around them;
    ``no detail``: SOAP's own fields alone (public reports do not name the devices)."""
    says_versions: bool = False
    """The Inform has the header SupportedCWMPVersions (CWMP 1.3 and above)."""
    says_no_more_requests: bool = False
    """The Inform has the header NoMoreRequests, which CWMP 1.0 had and 1.1 took back."""
    session_timeout: int = 0
    """The Inform has the header SessionTimeout with so many seconds (CWMP 1.3 and above); 0 is no such header."""


@dataclass(frozen=True, slots=True)
class Manners:
    """How a device's behaviour departs from the standard; as it stands, it does not."""

    refuses_empty_path: bool = False
    """9005 to GetParameterNames or GetParameterValues of everything, where the path is empty (Sagemcom F@st 2764)."""
    refuses_listed: tuple[str, ...] = ()
    """9005 to reading a parameter by a name that contains one of these, though it lists it (PPP CPEs, Calix
    804Mesh)."""
    batch_limit: int = 0
    """The most parameters in one request; 0 is no limit."""
    batch_fault: int = 9004
    """How more are refused: 9004 (Cisco 867) or 9002 (Grandstream); 0 is not at all: it hangs up."""
    values_limit: int = 0
    """The most values in one answer, the others are left out silently; 0 is no limit (Huawei HN8145X6N: 256)."""
    ignores_writes: tuple[str, ...] = ()
    """A write to a name that contains one of these gets Status 0, and nothing changes (Huawei HN8145X6N)."""
    rpcs_per_session: int = 0
    """After so many RPCs it hangs up and calls again; 0 is no limit (SmartRG SR505N: 1)."""
    asks_methods: bool = False
    """Asks GetRPCMethods once in each session and waits for an exact answer (Calix GigaSpire)."""
    fails_good_uploads: bool = False
    """TransferComplete says 9011 though the upload arrived (Calix GigaSpire)."""
    no_transfer_complete: bool = False
    """Says nothing after a good download (many)."""
    forgets_command_key: bool = False
    """TransferComplete has an empty CommandKey (many)."""
    drops_query: bool = False
    """A download is asked for without the query of its URL (some)."""
    multipart_upload: bool = False
    """An upload is a form with the file in it, posted (some)."""
    null_udp_address: bool = False
    """UDPConnectionRequestAddress is ``(null)`` (Calix 844E)."""
    secrets_read_empty: bool = False
    """All that is secret reads back empty, passphrases too (Nokia Beacon G6)."""
    secrets_told: bool = False
    """All that is secret reads back as it is, passwords too (some)."""
    silent_after_wifi_write: float = 0.0
    """So many seconds pass before the answer to a write to WiFi parameters (Nokia Beacon G6: 150)."""
    config_delay: float = 0.0
    """For so many seconds after it was switched on it refuses to be configured (Baicells eNB: 600)."""
    full_read_takes: float = 0.0
    """So many seconds pass before the answer to a read of everything (Baicells eNB: 168)."""
    no_parameter_key: bool = False
    """It has no ParameterKey (SpeedTouch 780)."""
    no_bootstrap_after_config: bool = False
    """A configuration file that changes the URL of the ACS brings no bootstrap (Zyxel VMG4927)."""
    reports_read_only: bool = False
    """GetParameterNames says of all parameters that they cannot be written, though they can (many)."""
    serial: str = ""
    """The serial number that all devices of its kind have, such as 0000; empty for its own."""
    spaces_in_product_class: bool = False
    """Spaces in and behind its ProductClass (Technicolor TG784n)."""
    numeric_booleans: bool = False
    """9007 to a boolean that is written ``true`` or ``false`` (TP-Link W9970)."""
    worded_booleans: bool = False
    """9007 to a boolean that is written ``1`` or ``0`` (some)."""
    wants_milliseconds: bool = False
    """9007 to a dateTime without milliseconds (some)."""
    hangs_up_on_namespace: bool = False
    """Hangs up when the ACS speaks in another CWMP namespace than its own (several)."""
    hangs_up_on_declaration: bool = False
    """Hangs up when the ACS's message begins with an XML declaration (two clients)."""
    hangs_up_on_newline: bool = False
    """Hangs up when there are newlines between the elements of the ACS's message (one client)."""
    hangs_up_on_next_level: bool = False
    """Hangs up when NextLevel of GetParameterNames is a number and not a word (some)."""


PLAIN_HTTP: Final = HttpQuirks()
"""HTTP as most speak it."""
PLAIN_WIRE: Final = WireQuirks()
"""Spelling by the schemas."""
PLAIN_MANNERS: Final = Manners()
"""Behaviour by the standard."""


@dataclass(frozen=True, slots=True)
class Quirks:
    """How a device departs from the standard; as it stands, it does not."""

    http: HttpQuirks = PLAIN_HTTP
    """How it speaks HTTP."""
    wire: WireQuirks = PLAIN_WIRE
    """How it spells."""
    manners: Manners = PLAIN_MANNERS
    """How it behaves."""
    namespace: int = 2
    """The CWMP namespace it speaks: 2 stands for ``urn:dslforum-org:cwmp-1-2``."""


PLAIN: Final = Quirks()
"""A device that keeps to the standard."""
