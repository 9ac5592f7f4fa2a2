"""The form of a scenario file. Every key is a field here, and each field says what it means."""

from fractions import Fraction
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from simulators.device.behaviours import MAX_BEHAVIOURS
from simulators.device.errors import QuirkError
from simulators.device.quirk_names import quirks_named
from simulators.device.random_faults import RandomFaults
from simulators.device.timing import LIFELIKE
from simulators.expressions import names_in
from simulators.population import MOST_DEVICES
from simulators.spans import read_span

MOST_OPEN: Final = 100_000
"""How many devices may call at once, at most."""
MOST_PHASES: Final = 100
"""How many phases a scenario may have."""


def _seconds(value: object) -> object:
    """A length of time, be it a number or a text."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return value
    return read_span(str(value))


def _expression(value: object) -> object:
    """An expression, perhaps behind ``<=`` or ``>=``; a whole number is one."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError("must be a whole number or an expression")
    text = str(value)
    names_in(text.removeprefix("<=").removeprefix(">="))
    return text


def _in_order(span: tuple[float, float]) -> tuple[float, float]:
    """The least and the most, in this order."""
    if span[0] > span[1]:
        raise ValueError("the least comes first, then the most")
    return span


def _share(value: object) -> object:
    """A share of all, exactly as it is written."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return Fraction(str(value)).limit_denominator(10_000)


def _known_quirks(names: tuple[str, ...]) -> tuple[str, ...]:
    """Names of quirks that go together."""
    try:
        quirks_named(names)
    except QuirkError as error:
        raise ValueError(str(error)) from None
    return names


Seconds = Annotated[float, BeforeValidator(_seconds)]
"""A length of time."""
Share = Annotated[Fraction, BeforeValidator(_share), Field(gt=0, le=1)]
"""A share of all devices, such as 0.25."""
Expected = Annotated[str, BeforeValidator(_expression)]
"""What a count must be."""
Span = Annotated[tuple[Seconds, Seconds], AfterValidator(_in_order)]
"""The least and the most."""


class Section(BaseModel):
    """A part of a scenario: a key that is not a field is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Arrivals(Section):
    """When devices call for the first time."""

    shape: Literal["steady", "storm", "ramp", "trace"] = "steady"
    """steady, storm, ramp or trace."""
    within: Seconds | None = Field(default=None, gt=0)
    """Of steady and storm: the time in which all have called; one interval, or a minute for a storm."""
    low: float = Field(default=0.0, ge=0, le=1e6, alias="from")
    """Of a ramp: devices a second at its beginning."""
    high: float = Field(default=0.0, ge=0, le=1e6, alias="to")
    """Of a ramp: devices a second at its end."""
    over: Seconds = Field(default=60.0, gt=0)
    """Of a ramp: how long it grows."""
    file: str = Field(default="", max_length=4096)
    """Of a trace: its path, from where the scenario's file is."""

    @model_validator(mode="after")
    def _fits(self) -> "Arrivals":
        if self.shape == "ramp" and (self.high <= 0 or self.high < self.low):
            raise ValueError("a ramp needs a rate to end at, above 0 and not below the one it begins with (from, to)")
        if (self.shape == "trace") != bool(self.file):
            raise ValueError("a trace needs a file, and nothing else does")
        return self


class Pace(Section):
    """How long devices take for what they do: the least and the most seconds."""

    boot: Span = LIFELIKE.boot
    """From a restart until the device calls again."""
    apply: Span = LIFELIKE.apply
    """From the end of a download until the file is in use."""
    diagnostics: Span = LIFELIKE.diagnostics
    """From the request of a diagnostics until its result."""
    unit_change: Span = LIFELIKE.unit_change
    """The install, update or removal of one deployment unit."""
    within_response: float = Field(default=LIFELIKE.within_response, ge=0, le=30)
    """The seconds for which the answer to a Download or Upload waits, so that it may say that all is done."""


class Ways(Section):
    """How some of the devices depart from the standard."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")
    """What expressions call the number of them."""
    share: Share
    """How many of all devices do."""
    quirks: Annotated[tuple[str, ...], AfterValidator(_known_quirks)] = Field(default=(), max_length=100)
    """What they do, by the names that ``aioacs simulate --list-quirks`` shows."""
    behaviours: int = Field(default=0, ge=0, le=MAX_BEHAVIOURS)
    """So many different mixtures of quirks, in place of one that all share."""


class Faults(Section):
    """What goes wrong by chance between all devices and the ACS: shares of posts, together at most 1."""

    drop: float = 0.0
    """The connection is cut in place of the post."""
    delay: float = 0.0
    """The post comes late."""
    repeat: float = 0.0
    """The post is sent twice."""
    garble: float = 0.0
    """Some octets of the post are other ones."""
    close: float = 0.0
    """The connection is cut once the post is out, so that the reply is lost."""
    wrong_id: float = 0.0
    """The cwmp:ID of the post is another one."""
    slow_read: float = 0.0
    """The reply is read late."""
    reconnect: float = 0.0
    """The post goes over a new connection."""
    deaf: float = 0.0
    """The share of devices, not of posts, that never answer a connection request."""
    longest: Seconds = 5.0
    """How long a delay or a slow read takes at most."""

    @model_validator(mode="after")
    def _fits(self) -> "Faults":
        RandomFaults(**dict(self))
        return self


class Phase(Section):
    """Something that happens to devices at a moment."""

    at: Seconds
    """When, from the start of the run."""
    action: Literal["power-cut", "reboot", "factory-reset", "value-change", "firmware-campaign", "faults"]
    """What: power-cut, reboot, factory-reset, value-change, firmware-campaign or faults."""
    lasts: Seconds = Field(default=0.0, alias="for")
    """How long: of a power cut until the power is back, of faults until they end, of a campaign at most (10m)."""
    within: Seconds = Field(default=60.0, gt=0)
    """Of a power cut: the time within which all are up again once the power is back."""
    share: Share = Fraction(1)
    """How many of all devices it happens to."""
    parameter: str = Field(default="", max_length=256)
    """Of a value change: what changes, by its path below the root object."""
    value: str = Field(default="", max_length=1024)
    """Of a value change: what it changes to."""
    version: str = Field(default="2.0.0", pattern=r"^[A-Za-z0-9._-]{1,60}$")
    """Of a firmware campaign: the version that the devices are to end on."""
    octets: int = Field(default=100_000, ge=1_000, le=1 << 30)
    """Of a firmware campaign: how large the image is."""
    in_flight: int = Field(default=50, ge=1, le=10_000)
    """Of a firmware campaign: how many devices are updated at once."""


class Expectations(Section):
    """What a run must come to: counts, each a whole number or an expression, perhaps behind ``<=`` or ``>=``."""

    sessions_begun: Expected | None = None
    """Sessions that began."""
    sessions_ok: Expected | None = None
    """Sessions that ended well."""
    sessions_failed: Expected | None = None
    """Sessions that ended otherwise."""
    devices_heard: Expected | None = None
    """Devices that had at least one session that ended well."""
    devices_waiting: Expected | None = None
    """Devices that are up and have something to tell at the end that the ACS has not acknowledged."""
    devices_off: Expected | None = None
    """Devices that are not up at the end."""
    rpcs_answered: Expected | None = None
    """RPCs of the ACS that were answered."""
    disturbed: Expected | None = None
    """Faults of the network that were made."""
    events: dict[str, Expected] = Field(default_factory=dict)
    """Events that were told and acknowledged, by code."""
    failures: dict[str, Expected] = Field(default_factory=dict)
    """Sessions that failed, by reason."""
    statuses: dict[str, Expected] = Field(default_factory=dict)
    """Replies by HTTP status."""
    rpcs: dict[str, Expected] = Field(default_factory=dict)
    """RPCs that were answered, by method."""
    faults: dict[str, Expected] = Field(default_factory=dict)
    """RPCs that were answered with a fault, by its code."""
    requests: dict[str, Expected] = Field(default_factory=dict)
    """Requests of devices that were acknowledged, by method."""
    transfers: dict[str, Expected] = Field(default_factory=dict)
    """Files that were moved without fault, by kind."""
    connection_requests: dict[str, Expected] = Field(default_factory=dict)
    """Connection requests by what became of them."""
    versions: dict[str, Expected] = Field(default_factory=dict)
    """Devices that have a SoftwareVersion at the end, by version."""


class Scenario(Section):
    """A scenario: what the options of the command do not say is as it says."""

    about: str = Field(max_length=400)
    """What it shows, in a sentence."""
    devices: int = Field(default=100, ge=1, le=MOST_DEVICES)
    """How many devices there are."""
    model: str = Field(default="tr181", max_length=4096)
    """Of what kinds, as the option has it."""
    interval: Annotated[int, BeforeValidator(_seconds)] = Field(default=60, ge=1)
    """How long a device waits between two calls."""
    duration: Seconds = Field(default=300.0, gt=0)
    """How long the run is."""
    known: bool = False
    """Whether the ACS has met the devices before."""
    time_lapse: bool = False
    """Whether time leaps to the next moment at which a device does something."""
    concurrency: int = Field(default=200, ge=1, le=MOST_OPEN)
    """How many devices may call at once."""
    connection_requests: Literal["http", "udp", "off"] = "http"
    """How devices can be called: by HTTP, by UDP alone (behind a NAT), or not at all."""
    arrivals: Arrivals = Arrivals()
    """When devices call for the first time."""
    timing: Pace = Pace()
    """How long they take for what they do."""
    values: dict[str, str] = Field(default_factory=dict, max_length=1000)
    """Values that the devices have from the factory, by path below the root object."""
    ways: tuple[Ways, ...] = Field(default=(), max_length=100)
    """How some of the devices depart from the standard."""
    phases: tuple[Phase, ...] = Field(default=(), max_length=MOST_PHASES)
    """What happens to them."""
    faults: Faults = Faults()
    """What goes wrong by chance; all the time, or in the phases that say so."""
    expect: Expectations = Expectations()
    """What the run must come to."""

    @model_validator(mode="after")
    def _fits(self) -> "Scenario":
        quirkless = [way.name for way in self.ways if bool(way.quirks) == bool(way.behaviours)]
        if quirkless:
            raise ValueError(f"the ways {quirkless[0]!r} need quirks or a number of behaviours, and not both")
        if sum(way.share for way in self.ways) > 1:
            raise ValueError("the shares of ways come to more than 1")
        if len({way.name for way in self.ways}) < len(self.ways):
            raise ValueError("two ways have the same name")
        if self.time_lapse and any(phase.action == "firmware-campaign" for phase in self.phases):
            raise ValueError("a firmware campaign takes its time on the ACS: it cannot be in time-lapse")
        return self
