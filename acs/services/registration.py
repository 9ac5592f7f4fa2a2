"""What operators may say of a device: what it refers to must be there and be theirs, and its login must be one.

RegistrationError
 +-- WrongFieldsError        some fields are wrong
 +-- NotTheirsError          an organization that the token is not bound to
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from acs.domain.access import Principal
from acs.domain.contact import HistoryEntry
from acs.domain.device import Credential, Identity
from acs.domain.device_record import DeviceDetails
from acs.domain.firmware import Candidate, misfits, read_applicability
from acs.domain.inventory import DeviceType
from acs.domain.secret_names import MASK
from acs.services.tools import Tools
from acs.store.device_changes import LOGIN_STAYS, LoginChange, NewLogin
from acs.store.device_types import DeviceTypeStore
from acs.store.locations import LocationStore
from acs.store.organizations import OrganizationStore

_UUID_OCTETS: Final = 16


class RegistrationError(Exception):
    """What is said of a device cannot be."""


class WrongFieldsError(RegistrationError):
    """Some fields are wrong."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name} {sentence}" for name, sentence in errors.items()))
        self.errors = {name: [sentence] for name, sentence in errors.items()}
        """What is wrong with which field."""


class NotTheirsError(RegistrationError):
    """The organization is none of the token's."""

    def __init__(self) -> None:
        super().__init__("the token is bound to organizations, and this is none of them")


@dataclass(frozen=True, slots=True)
class LoginWish:
    """What is said of a login; None: nothing."""

    username: str | None = None
    """The name; empty: none."""
    password: str | None = field(default=None, repr=False)
    """The password; empty: none."""
    replaces: bool = False
    """Whether a name that is not said is none, unless a password needs it."""


class References:
    """Looks whether what is said of a device can be."""

    def __init__(
        self, tools: Tools, organizations: OrganizationStore, locations: LocationStore, types: DeviceTypeStore
    ) -> None:
        self._tools = tools
        self._organizations = organizations
        self._locations = locations
        self._types = types

    async def checked(self, principal: Principal, before: DeviceDetails | None, after: DeviceDetails) -> DeviceDetails:
        """What is to be kept. What was so before is not looked at; RegistrationError for what cannot be."""
        after = _placed(principal, before, after)
        errors: dict[str, str] = {}
        if _is_new(before, after, "organization_id"):
            if not principal.sees(after.organization_id):
                raise NotTheirsError
            if await self._organizations.by_id(after.organization_id or 0) is None:
                errors["organization_id"] = "there is no such organization"
        kind = None if after.type_id is None else await self._types.by_id(after.type_id)
        if _is_new(before, after, "type_id") and kind is None:
            errors["type"] = "there is no such type"
        if after.location_id is not None and _is_elsewhere(before, after):
            location = await self._locations.by_id(after.location_id)
            owner = None if location is None else location.details.organization_id
            if not _is_new(before, after, "location_id"):
                # It goes to another organization, to which the name and the coordinates of a place are not told.
                after = after if _suits(owner, after.organization_id) else replace(after, location_id=None)
            elif location is None or not _may_stand_there(principal, owner):
                errors["location"] = "there is no such location"
            elif not _suits(owner, after.organization_id):
                errors["location"] = "is another organization's"
        image_id = after.firmware_image_id
        if _is_new(before, after, "firmware_image_id"):
            wrong = await self._misfit(image_id or 0, after.identity, kind)
            if wrong is not None:
                errors["firmware_image"] = wrong
        if image_id is None and after.firmware_image_is_pending:
            errors["firmware_image_is_pending"] = "needs a firmware_image"
        if errors:
            raise WrongFieldsError(errors)
        return after

    async def _misfit(self, image_id: int, identity: Identity, kind: DeviceType | None) -> str | None:
        """What is wrong with an image for a device, as far as that is known before it is told to fetch it."""
        image = await self._tools.images.by_id(image_id)
        if image is None:
            return "there is no such firmware image"
        candidate = Candidate(
            None if kind is None else kind.details.short_name,
            oui=identity.oui or None,
            product_class=identity.product_class or None,
        )
        wrong = misfits(read_applicability(image.details.applicability), candidate)
        return f"is not for the device's {' and '.join(wrong)}" if wrong else None


def _may_stand_there(principal: Principal, owner: int | None) -> bool:
    """Locations of nobody are everybody's to see."""
    return owner is None or principal.sees(owner)


def _suits(owner: int | None, organization_id: int | None) -> bool:
    """Whether a device may stand at a location: whoever sees the device is shown it. Nobody's device is seen by those
    who see everything.
    """
    return owner is None or organization_id is None or owner == organization_id


def _is_elsewhere(before: DeviceDetails | None, after: DeviceDetails) -> bool:
    """Whether a device is at another location than it was, or another organization's."""
    return before is None or (before.location_id, before.organization_id) != (after.location_id, after.organization_id)


def _is_new(before: DeviceDetails | None, after: DeviceDetails, name: str) -> bool:
    """Whether a device is to refer to another thing than it did."""
    number = getattr(after, name)
    return number is not None and (before is None or number != getattr(before, name))


def _placed(principal: Principal, before: DeviceDetails | None, after: DeviceDetails) -> DeviceDetails:
    """With the organization that goes without saying: a bound token's device is in one of its own."""
    theirs = principal.organizations
    if theirs is None or after.organization_id is not None:
        return after
    if before is not None:
        raise NotTheirsError
    if len(theirs) != 1:
        raise WrongFieldsError({"organization_id": "is required: the token is bound to several organizations"})
    return replace(after, organization_id=theirs[0])


@dataclass(frozen=True, slots=True)
class DecidedLogin:
    """What becomes of a login."""

    before: str
    """Its name as it was."""
    name: str
    """Its name as it is to be; empty: there is none."""
    change: LoginChange = LOGIN_STAYS
    """What is done about it."""
    has_password: bool = False
    """Whether there is a password for the name."""

    @property
    def label(self) -> str:
        """The name that is kept with the device: without a password it lets nobody in."""
        return "" if self.has_password else self.name


def decided_login(tools: Tools, known: Credential | None, label: str, wish: LoginWish) -> DecidedLogin:
    """What becomes of a login, and of a name that waits for its password."""
    name, before = wish.username, label if known is None else known.username
    if wish.password:
        username = before if name is None else name
        if not username:
            raise WrongFieldsError({"username": "is required with a password"})
        uuid = tools.chance.octets(_UUID_OCTETS).hex()
        sealed = tools.vault.seal(wish.password, "credential", uuid, "password")
        return DecidedLogin(before, username, LoginChange(NewLogin(username, sealed, uuid)), has_password=True)
    if known is None:
        return DecidedLogin(before, "" if name is None and wish.replaces else before if name is None else name)
    if wish.password is not None or name == "":
        # Without a password, or without a name, there is no login any more.
        return DecidedLogin(before, before if name is None else name, LoginChange(is_dropped=True))
    if name is not None and name != before:
        return DecidedLogin(before, name, LoginChange(username=name), has_password=True)
    return DecidedLogin(before, before, has_password=True)


def plain(details: DeviceDetails, username: str, change: LoginChange = LOGIN_STAYS) -> dict[str, Any]:
    """What is said of a device by the names of the API, for the audit log."""
    said: dict[str, Any] = asdict(details)
    identity: dict[str, Any] = said.pop("identity")
    said["type"], said["location"] = said.pop("type_id"), said.pop("location_id")
    said["firmware_image"] = said.pop("firmware_image_id")
    said |= identity | {"username": username}
    if change.login is not None or change.is_dropped:
        said["password"] = None if change.is_dropped else MASK
    return said


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[HistoryEntry, ...]:
    """What is said otherwise, field by field, for a device's history."""
    return tuple(
        HistoryEntry("change", name, _word(old.get(name)), _word(value))
        for name, value in new.items()
        if name not in old or value != old[name]
    )


def _word(value: object) -> str | None:
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case list() | tuple():
            return ", ".join(str(each) for each in value)
        case _:
            return str(value)
