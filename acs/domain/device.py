"""Devices as the engine knows them."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a device is: these strings, verbatim from DeviceId, and nothing else."""

    oui: str
    """The manufacturer's identifier; empty where a registration does not say."""
    product_class: str
    """May be empty."""
    serial_number: str
    """Unique with the other two."""

    @property
    def name(self) -> str:
        """What a device is called that nobody has named."""
        return "-".join(part for part in (self.oui, self.product_class, self.serial_number) if part)


@dataclass(frozen=True, slots=True)
class ManagedDevice:
    """What must be known of a device to speak with it."""

    id: int
    """Its row."""
    name: str
    """Its label."""
    identity: Identity
    """Who it is; of a registration whose device has not called yet perhaps the serial number alone."""
    manufacturer: str
    """As it says."""
    type_id: int | None
    """Its type."""
    is_active: bool
    """Whether it may be let in."""
    is_quarantined: bool
    """Whether it was set apart until an operator has looked at it."""
    is_registered: bool
    """Whether it has called before."""
    debug: bool
    """Whether its messages are traced."""
    software_version: str
    """As it last said."""
    hardware_version: str
    """As it last said."""
    cwmp_version: str
    """The version of the protocol that it spoke."""
    update_frequency: int | None
    """How often it is to inform, in seconds; None: as its type says."""
    revision: int
    """Raised whenever what is known here is changed by another hand."""
    firmware_image_id: int | None
    """The firmware it is to have."""
    firmware_image_is_pending: bool
    """Whether it is on its way there."""
    organization_id: int | None
    """Whose it is."""
    type_update_frequency: int | None
    """What its type says."""
    quirks: str
    """The quirks of its type, as JSON."""
    managed: str
    """The partial paths that a sync reads, as JSON."""
    fence: int
    """The number of its last session."""
    inform_interval: int | None
    """The interval it said it keeps."""
    connection_request_url: str
    """Where it said it can be called."""
    batches: str
    """The batch sizes it turned out to bear, as JSON; empty when none was learned."""
    address: str
    """Where its last session came from."""
    has_credentials: bool
    """Whether it has a login of its own."""
    has_confirmed_credentials: bool
    """Whether it has shown that it took it."""


@dataclass(frozen=True, slots=True)
class Filters:
    """Which devices a type takes; an empty text takes any."""

    manufacturer: str = ""
    """The manufacturer, in any case of letters."""
    oui: str = ""
    """The manufacturer's identifier, in any case of letters."""
    product_class: str = ""
    """The product class."""
    serial_prefix: str = ""
    """How the serial number begins."""

    def take(self, identity: Identity, manufacturer: str) -> bool:
        """Whether a device is one of these."""
        return (
            self.manufacturer.casefold() in {"", manufacturer.casefold()}
            and self.oui.casefold() in {"", identity.oui.casefold()}
            and self.product_class in {"", identity.product_class}
            and identity.serial_number.startswith(self.serial_prefix)
        )


@dataclass(frozen=True, slots=True)
class Credential:
    """A login, its password sealed."""

    id: int
    """Its row."""
    purpose: str
    """``cwmp`` or ``connection_request``."""
    device_id: int | None
    """The device it is for."""
    type_id: int | None
    """Or the type whose devices may come in with it."""
    username: str
    """The name."""
    password: str = field(repr=False)
    """The sealed password."""
    is_confirmed: bool
    """Whether the device has shown that it took it."""
    uuid: str
    """What the password is sealed for."""
    filters: Filters = Filters()
    """The devices that may use it, if it is a type's."""


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A device that called and was not let in."""

    id: int
    """Its row."""
    identity: Identity
    """Who it says it is."""
    manufacturer: str
    """As it says."""
    address: str
    """Where it called from."""
    username: str
    """With which login."""
    software_version: str
    """As it says."""
    reason: str
    """Why it was not let in."""
    device_id: int | None
    """The known device that it was, or claims to be."""
    informs: int
    """How often it called."""
    first_seen: float
    """When first."""
    last_seen: float
    """When last."""
