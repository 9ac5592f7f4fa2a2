"""What devices are sorted by: organizations, locations, types; and the firmware there is for them."""

from dataclasses import dataclass, field

from acs.domain.device import Filters


@dataclass(frozen=True, slots=True)
class OrganizationDetails:
    """What is said of an organization."""

    name: str
    """No other one is called so."""
    description: str = ""
    """In the operator's words."""


@dataclass(frozen=True, slots=True)
class Organization:
    """An organization: whose devices are."""

    id: int
    """Its row."""
    details: OrganizationDetails
    """What is said of it."""
    created: float
    """When it was made."""


@dataclass(frozen=True, slots=True)
class LocationDetails:
    """What is said of a location."""

    name: str
    """No other one is called so."""
    short_name: str = ""
    """For narrow columns."""
    organization_id: int | None = None
    """Whose it is."""
    latitude: str = ""
    """As it was typed; coordinates are text in the API."""
    longitude: str = ""
    """As it was typed."""


@dataclass(frozen=True, slots=True)
class Location:
    """A location: where devices stand."""

    id: int
    """Its row."""
    details: LocationDetails
    """What is said of it."""
    created: float
    """When it was made."""


@dataclass(frozen=True, slots=True)
class FirmwareImageDetails:
    """What is said of a firmware image."""

    name: str
    """No other one is called so."""
    version: str
    """The SoftwareVersion that a device reports once it runs it."""
    file_name: str
    """What the file was called when it came."""
    file_type: str
    """As in Download: ``1 Firmware Upgrade Image``, ..."""
    applicability: str = "{}"
    """Which devices it is for, as JSON."""


@dataclass(frozen=True, slots=True)
class FirmwareImage:
    """A file that devices can be told to fetch; its octets lie in the folder of files."""

    id: int
    """Its row."""
    details: FirmwareImageDetails
    """What is said of it."""
    size: int
    """Its length in octets."""
    sha256: str
    """Its checksum, in hex."""
    file_key: str
    """Under which key the folder of files keeps it."""
    created: float
    """When it came."""


@dataclass(frozen=True, slots=True)
class DeviceTypeDetails:
    """What is said of a type."""

    name: str
    """No other one is called so."""
    short_name: str
    """Nor so."""
    description: str = ""
    """In the operator's words."""
    onboarding_enabled: bool = False
    """Whether unknown devices may come in with its login."""
    filters: Filters = field(default_factory=Filters)
    """Which of them may."""
    update_frequency: int | None = None
    """How often its devices are to inform, in seconds; None: as they like."""
    helpers: tuple[str, ...] = ()
    """How to find out whether one is up, in this order."""
    managed: tuple[str, ...] = ()
    """The partial paths that a sync reads."""
    quirks: str = "{}"
    """How its devices are to be spoken to, as JSON."""
    firmware_image_id: int | None = None
    """The firmware that its devices are to have."""


@dataclass(frozen=True, slots=True)
class DeviceType:
    """A type: what many devices have in common."""

    id: int
    """Its row."""
    details: DeviceTypeDetails
    """What is said of it."""
    revision: int
    """Raised at each change."""
    created: float
    """When it was made."""
    updated: float
    """When it was last changed."""


@dataclass(frozen=True, slots=True)
class TypeLogin:
    """The login with which unknown devices may become of a type, its password sealed."""

    username: str
    """The name."""
    password: str = field(repr=False)
    """The sealed password."""
    uuid: str
    """What it is sealed for."""
