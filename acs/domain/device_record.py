"""Devices as the management API shows and changes them."""

from dataclasses import dataclass, field

from acs.domain.device import Identity


@dataclass(frozen=True, slots=True)
class DeviceDetails:
    """What operators say of a device; the device itself may know better who it is."""

    name: str
    """No other one is called so."""
    identity: Identity = field(default_factory=lambda: Identity("", "", ""))
    """Who it is, as far as said."""
    customer_id: str = ""
    """Whose customer's it is, in the operator's words."""
    is_active: bool = True
    """Whether it may be let in."""
    type_id: int | None = None
    """Its type."""
    description: str = ""
    """In the operator's words."""
    organization_id: int | None = None
    """Whose it is."""
    location_id: int | None = None
    """Where it stands."""
    location_name: str = ""
    """Where it stands, in the operator's words; empty: as the location is called."""
    latitude: str = ""
    """As it was typed; empty: the location's."""
    longitude: str = ""
    """As it was typed; empty: the location's."""
    tags: tuple[str, ...] = ()
    """Words to find it by."""
    debug: bool = False
    """Whether its messages are traced."""
    update_frequency: int | None = None
    """How often it is to inform, in seconds; None: as its type says."""
    firmware_image_id: int | None = None
    """The firmware it is to have."""
    firmware_image_is_pending: bool = False
    """Whether it is on its way there."""
    username: str = ""
    """The name of its login while there is no password for it."""


@dataclass(frozen=True, slots=True)
class PlaceShown:
    """What a device shows of its location."""

    name: str = ""
    """How it is called."""
    short_name: str = ""
    """For narrow columns."""
    latitude: str = ""
    """As it was typed."""
    longitude: str = ""
    """As it was typed."""


@dataclass(frozen=True, slots=True)
class DeviceRecord:
    """A device with what is known of it."""

    id: int
    """Its row."""
    uuid: str
    """Unique, and never another device's again."""
    details: DeviceDetails
    """What operators say of it."""
    serial_number_alt: str
    """Another number that is printed on it."""
    manufacturer: str
    """As it says."""
    software_version: str
    """As it last said."""
    hardware_version: str
    """As it last said."""
    cwmp_version: str
    """The version of the protocol that it spoke."""
    created: float
    """When it was made."""
    last_change: float
    """When what is said of it last changed."""
    is_up: bool
    """Whether it was heard in time."""
    status_change: float
    """Since when it is up or down."""
    last_connection: float | None
    """When it was last heard."""
    last_configuration: float | None
    """When its settings were last read or pushed."""
    address: str
    """Where its last session came from."""
    connection_request_url: str
    """Where it can be called, as it said."""
    settings_due: bool
    """Whether settings may have to be pushed."""
    type_short_name: str | None
    """Its type, for short."""
    place: PlaceShown
    """Its location."""

    @property
    def location_name(self) -> str:
        """Where it stands: the operator's word goes before the location's name."""
        return self.details.location_name or self.place.name

    @property
    def latitude(self) -> str:
        """Its own, or its location's."""
        return self.details.latitude or self.place.latitude

    @property
    def longitude(self) -> str:
        """Its own, or its location's."""
        return self.details.longitude or self.place.longitude


@dataclass(frozen=True, slots=True)
class DeviceFilter:
    """Which devices a list holds; None: any."""

    type_id: int | None = None
    """Those of a type."""
    is_up: bool | None = None
    """Those that are up, or down."""
    organization_id: int | None = None
    """Those of an organization."""
    organizations: tuple[int, ...] | None = None
    """Those of these organizations: whoever asks sees no others."""
    status_change_from: float | None = None
    """Those that went up or down then or later."""
    serial_number: str | None = None
    """Those with this serial number."""
    manufacturer: str | None = None
    """Those of this maker."""
    product_class: str | None = None
    """Those of this class."""
    software_version: str | None = None
    """Those that run this."""
    address: str | None = None
    """Those that last called from here."""
    tag: str | None = None
    """Those with this tag."""
    is_active: bool | None = None
    """Those that may be let in, or may not."""
    last_connection_from: float | None = None
    """Those that were last heard then or later."""
    last_connection_to: float | None = None
    """Those that were last heard then or before."""
    search: str | None = None
    """Those with this text, in any case of letters, in name, serial number, address or customer id."""
