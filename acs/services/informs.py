"""From an Inform to the record of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from acs.domain.contact import Description, HistoryEntry, InformRecord, Proof
from acs.domain.device import Identity, ManagedDevice
from acs.domain.url_logins import masked_logins
from acs.services.values import News
from acs.settings import Settings
from cwmp_schemas import events
from cwmp_schemas.rpc.parameters import ParameterValue
from cwmp_schemas.rpc.session import Inform
from cwmp_schemas.written import WrittenList, mark_of

_MAX_EVENTS: Final = 64
_MAX_TEXT: Final = 256
_MAX_URL: Final = 1024
_MAX_INTERVAL: Final = 10 * 365 * 86_400
_MAX_DIGITS: Final = 10
_METHOD: Final = "M "

# TR-098 and TR-181 differ in the root alone.
_TOLD: Final = {
    f"{root}{name}": field
    for root in ("Device.", "InternetGatewayDevice.")
    for name, field in (
        ("ManagementServer.ConnectionRequestURL", "url"),
        ("ManagementServer.PeriodicInformInterval", "interval"),
        ("DeviceInfo.SoftwareVersion", "software"),
        ("DeviceInfo.HardwareVersion", "hardware"),
    )
}
_MARKS: Final = tuple((mark_of(name), field) for name, field in _TOLD.items())


def identity_of(inform: Inform) -> Identity:
    """Who calls."""
    device = inform.device_id
    return Identity(device.oui, device.product_class, device.serial_number)


def is_out_of_bounds(identity: Identity) -> bool:
    """Whether an identity is longer than any device's (TR-069 allows 64 characters) and than an index bears."""
    return max(len(identity.oui), len(identity.product_class), len(identity.serial_number)) > _MAX_TEXT


@dataclass(frozen=True, slots=True)
class Told:
    """What the engine itself wants to know of an Inform."""

    codes: tuple[str, ...]
    """The events, in the standard's spelling."""
    keys: tuple[str, ...]
    """The command key of each."""
    url: str | None = None
    """Where the device can be called."""
    interval: int | None = None
    """How often it informs."""
    software: str | None = None
    """Its software version."""
    hardware: str | None = None
    """Its hardware version."""

    @property
    def is_bootstrap(self) -> bool:
        """Whether the device says that it was reset."""
        return events.BOOTSTRAP in self.codes

    @property
    def is_boot(self) -> bool:
        """Whether it says that it has booted."""
        return events.BOOT in self.codes or events.BOOTSTRAP in self.codes or events.M_REBOOT in self.codes


def read_inform(inform: Inform) -> Told:
    """What an Inform says."""
    told = _told_of(inform.parameter_list)
    happened = inform.event[:_MAX_EVENTS]
    url = told.get("url")
    return Told(
        tuple([events.canonical(each.event_code)[:_MAX_TEXT] for each in happened]),
        tuple([each.command_key[:_MAX_TEXT] for each in happened]),
        # One with a login is never called: so nobody needs it.
        url if url is None else masked_logins(url) if len(url) <= _MAX_URL else "",
        interval_of(told.get("interval")),
        _bounded(told.get("software")),
        _bounded(told.get("hardware")),
    )


def _told_of(values: Sequence[ParameterValue]) -> dict[str, str]:
    if isinstance(values, WrittenList):
        return {field: value for mark, field in _MARKS if (value := values.value_after(mark)) is not None}
    return {_TOLD[each.name]: each.value for each in values if each.name in _TOLD and each.value is not None}


def inform_record(
    device: ManagedDevice,
    inform: Inform,
    told: Told,
    settings: Settings,
    *,
    at: float,
    address: str,
    cwmp_version: str,
    session_key: str,
    lease_until: float,
    snapshot: str,
    news: News,
    is_repeated: bool = False,
    is_reset: bool = False,
) -> InformRecord:
    """Everything that an Inform changes; one that was recorded before is not told again."""
    codes = told.codes
    identity = identity_of(inform)
    described = (identity, inform.device_id.manufacturer, told.software, told.hardware, cwmp_version, True)
    known = (
        device.identity,
        device.manufacturer,
        device.software_version if told.software is not None else None,
        device.hardware_version if told.hardware is not None else None,
        device.cwmp_version,
        device.is_registered,
    )
    description = None
    if described != known:
        description = Description(
            identity, inform.device_id.manufacturer[:_MAX_TEXT], told.software, told.hardware, cwmp_version
        )
    down_after = settings.down_factor * expected_interval(device, told.interval, settings)
    return InformRecord(
        device.id,
        at,
        down_after,
        ",".join(codes),
        address,
        told.interval,
        told.url,
        session_key,
        lease_until,
        snapshot,
        not at < news.up_until <= at + down_after,
        at if told.is_boot else None,
        tuple(news.values),
        () if is_repeated else _history(device, codes, told),
        _proofs(told, is_reset=is_reset),
        description,
        is_repeated,
    )


def interval_of(text: str | None) -> int | None:
    """A PeriodicInformInterval in seconds; None if that is no interval."""
    digits = (text or "").strip()
    if not (digits.isascii() and digits.isdigit()) or len(digits) > _MAX_DIGITS:
        return None
    seconds = int(digits)
    return seconds if 0 < seconds <= _MAX_INTERVAL else None


def expected_interval(device: ManagedDevice, told: int | None, settings: Settings) -> int:
    """How often a device is to be heard: as it says itself, else as it is to, else as any."""
    for seconds in (told, device.inform_interval, device.update_frequency, device.type_update_frequency):
        if seconds:
            return seconds
    return settings.default_inform_interval


def _history(device: ManagedDevice, codes: tuple[str, ...], told: Told) -> tuple[HistoryEntry, ...]:
    """A periodic Inform is no news: when it came stands with the device."""
    if codes == (events.PERIODIC,):
        return ()
    entries = [HistoryEntry("inform", ", ".join(codes))]
    if told.software is not None and device.software_version not in {"", told.software}:
        entries.append(HistoryEntry("software", "", device.software_version, told.software))
    return tuple(entries)


def _proofs(told: Told, *, is_reset: bool) -> tuple[Proof, ...]:
    """What the events prove (TR-069 3.7.1.5): a reset, a boot, or a request whose key they name."""
    proofs: list[Proof] = []
    for code, key in zip(told.codes, told.keys, strict=True):
        if key and code.startswith(_METHOD):
            proofs.append(Proof(code.removeprefix(_METHOD), key))
        elif code in {events.BOOT, events.M_REBOOT}:
            proofs.append(Proof("Reboot", None))
    if is_reset:
        proofs.append(Proof("FactoryReset", None))
    # A device that names requests has carried out these and no other; and two changes of one operation cannot stand in
    # one statement.
    if any(proof.sent == "Reboot" and proof.command_key is not None for proof in proofs):
        proofs = [proof for proof in proofs if proof.sent != "Reboot" or proof.command_key is not None]
    return tuple(dict.fromkeys(proofs))


def _bounded(text: str | None) -> str | None:
    return None if text is None else text[:_MAX_TEXT]
