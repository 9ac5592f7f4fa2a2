"""Whether a device may come in, once it is known who calls and who the device says it is (CWMP.md 5)."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from acs.domain.device import Identity, ManagedDevice
from acs.services.informs import Told
from acs.services.login import Login
from acs.services.tools import quirks_of
from acs.settings.values import Onboarding


class Answer(Enum):
    """What becomes of a caller."""

    ADMIT = auto()
    """A known device."""
    CREATE = auto()
    """A new one, to be made."""
    CHALLENGE = auto()
    """It is to show credentials (or others than it did)."""
    QUARANTINE = auto()
    """It is listed for an operator."""
    REFUSE = auto()
    """It is not let in."""


@dataclass(frozen=True, slots=True)
class Admission:
    """The decision about one Inform."""

    answer: Answer
    """What becomes of it."""
    device: ManagedDevice | None = None
    """The device it is."""
    type_id: int | None = None
    """The type of a device that is to be made, or of one that has none yet."""
    reason: str = ""
    """Why it is not let in."""
    is_reset: bool = False
    """Whether the device comes back from a reset on its type's credentials: what it had is gone."""
    gets_credentials: bool = False
    """Whether it is to get credentials of its own."""
    may_be_reset: bool = False
    """Whether it would be let in had it been reset: it does not say so, but not all devices do."""


# Serial numbers that many devices share: what a factory left in, or a clone made.
_PLACEHOLDERS: Final = frozenset({"001122334455", "123456", "1234567890", "123456789", "99999", "unknown", "null"})


def is_placeholder(serial_number: str) -> bool:
    """Whether a serial number is one that tells devices apart from nothing (0000, 99999, 001122334455)."""
    text = serial_number.strip().lower()
    return text in _PLACEHOLDERS or (len(text) > 1 and len(set(text)) == 1)


def decide(
    identity: Identity,
    manufacturer: str,
    told: Told,
    login: Login,
    *,
    candidates: list[ManagedDevice],
    onboarding: Onboarding,
) -> Admission:
    """What becomes of a caller."""
    exact = [each for each in candidates if each.identity == identity]
    if not exact and len(candidates) > 1:
        return Admission(Answer.QUARANTINE, reason="several registrations fit this device")
    device = (exact or candidates)[0] if candidates else None
    if device is not None and not device.is_active:
        return Admission(Answer.REFUSE, device, reason="the device is not active")
    if device is not None and device.is_quarantined:
        return Admission(Answer.QUARANTINE, device, reason="the device waits for an operator's decision")
    if login.is_refused:
        if device is not None:
            return Admission(Answer.CHALLENGE, device, reason="wrong credentials")
        return Admission(Answer.QUARANTINE, reason="unknown device without valid credentials")
    if is_placeholder(identity.serial_number):
        return Admission(Answer.QUARANTINE, device, reason="the serial number is a placeholder")
    credential = login.credential
    if credential is not None and credential.device_id is not None:
        if device is None or device.id != credential.device_id:
            return Admission(Answer.CHALLENGE, device, reason="the credentials are another device's")
        return Admission(Answer.ADMIT, device)
    if credential is not None and not credential.filters.take(identity, manufacturer):
        return Admission(Answer.QUARANTINE, device, reason="the type of the credentials takes no such device")
    if credential is not None:
        return _with_credentials_of_type(device, told, credential.type_id)
    if login.certificate is not None:
        return _with_certificate(device, identity, login.certificate, onboarding)
    return _without_credentials(device, login, onboarding)


def _with_credentials_of_type(device: ManagedDevice | None, told: Told, type_id: int | None) -> Admission:
    if device is None:
        return Admission(Answer.CREATE, type_id=type_id, gets_credentials=True)
    if device.type_id not in {None, type_id}:
        return Admission(Answer.QUARANTINE, device, reason="the credentials are those of another type")
    if not device.has_credentials:
        return Admission(Answer.ADMIT, device, type_id, gets_credentials=True)
    if told.is_bootstrap:
        return reset(device, type_id)
    if not device.has_confirmed_credentials:
        # It was given its own and has not taken them yet: old and new both work.
        return Admission(Answer.ADMIT, device, type_id)
    reason = "a known device came back on its type's credentials without having been reset"
    return Admission(Answer.QUARANTINE, device, type_id, reason, may_be_reset=True)


def reset(device: ManagedDevice, type_id: int | None) -> Admission:
    """A device that comes back from a reset: it begins anew."""
    return Admission(Answer.ADMIT, device, type_id, is_reset=True, gets_credentials=True)


def _with_certificate(
    device: ManagedDevice | None, identity: Identity, certificate: str, onboarding: Onboarding
) -> Admission:
    # TR-069 3.3: the common name is the serial number, or OUI-SerialNumber.
    names = {identity.serial_number, f"{identity.oui}-{identity.serial_number}", identity.name}
    if certificate not in names:
        return Admission(Answer.REFUSE, device, reason="the certificate is another device's")
    if device is not None:
        return Admission(Answer.ADMIT, device)
    if onboarding is Onboarding.OPEN:
        return Admission(Answer.CREATE)
    if onboarding is Onboarding.QUARANTINE:
        return Admission(Answer.QUARANTINE, reason="unknown device with a valid certificate")
    return Admission(Answer.REFUSE, reason="unknown device")


def _without_credentials(device: ManagedDevice | None, login: Login, onboarding: Onboarding) -> Admission:
    if device is not None:
        if login.is_trusted_place and quirks_of(device.quirks).no_authentication:
            return Admission(Answer.ADMIT, device)
        if device.has_credentials or onboarding is not Onboarding.OPEN:
            return Admission(Answer.CHALLENGE, device, reason="the device has to log in")
        return Admission(Answer.ADMIT, device)
    if onboarding is Onboarding.OPEN:
        return Admission(Answer.CREATE)
    if onboarding is Onboarding.QUARANTINE:
        return Admission(Answer.QUARANTINE, reason="unknown device without credentials")
    return Admission(Answer.CHALLENGE, reason="unknown device")
