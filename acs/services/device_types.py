"""Types of devices, with their logins and what their devices are to have: what belongs together changes together."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from acs.domain.audit import AuditEntry
from acs.domain.inventory import DeviceType, DeviceTypeDetails, TypeLogin
from acs.services.tools import Tools
from acs.services.wanted import NewSetting, WantedSettings
from acs.store.device_types import ALL, DeviceTypeStore, TypeFilter, TypeUpdate
from acs.store.listing import Found, Slice
from acs.store.settings import WantedValue


@dataclass(frozen=True, slots=True)
class NewLogin:
    """The login of a type as an operator says it."""

    username: str
    """The name."""
    password: str | None = field(repr=False)
    """The password; None: the one that it has."""


@dataclass(frozen=True, slots=True)
class KnownType:
    """A type and all that belongs to it."""

    type: DeviceType
    """What is said of it."""
    login: TypeLogin | None
    """The login with which unknown devices may become of it."""
    settings: Sequence[NewSetting]
    """What its devices are to have."""
    kept: Sequence[WantedValue] = field(repr=False)
    """The same as it is kept."""


@dataclass(frozen=True, slots=True)
class TypeWish:
    """What a type is to be."""

    details: DeviceTypeDetails
    """What is said of it."""
    login: NewLogin | None
    """Its login; None: it is to have none."""
    settings: Sequence[NewSetting]
    """What its devices are to have."""


class DeviceTypes:
    """Keeps types."""

    def __init__(self, tools: Tools, store: DeviceTypeStore, wanted: WantedSettings) -> None:
        self._tools = tools
        self._store = store
        self._wanted = wanted

    async def page(self, part: Slice, wanted: TypeFilter = ALL, ordering: str = "id") -> Found[KnownType]:
        """A page of types."""
        found = await self._store.page(part, wanted, ordering)
        return Found(await self._complete(found.items), found.count, found.following)

    async def by_id(self, number: int) -> KnownType | None:
        """A type."""
        known = await self._store.by_id(number)
        return None if known is None else (await self._complete([known]))[0]

    async def create(self, wish: TypeWish, at: float, audit: AuditEntry | None = None) -> int:
        """Make a type; its row. ConflictError if one of its names is another's."""
        login = None if wish.login is None else self._sealed(wish.login, None)
        return await self._store.create(
            wish.details, at, login=login, settings=self._wanted.sealed(wish.settings), audit=audit
        )

    async def update(self, known: KnownType, wish: TypeWish, at: float, audit: AuditEntry | None = None) -> bool:
        """Make another of a type; False if there is none any more. ConflictError as for ``create``.

        What differs of its settings becomes due on its devices.
        """
        settings = self._kept(known, wish.settings)
        before = known.type.details
        login = None if wish.login is None else self._sealed(wish.login, known.login)
        update = TypeUpdate(
            login=None if login == known.login else login,
            drops_login=known.login is not None and login is None,
            settings=settings,
            # How often they are to inform is a setting, too.
            settings_differ=wish.details.update_frequency != before.update_frequency
            or {each.uuid for each in settings} != {each.uuid for each in known.kept},
        )
        if not await self._store.update(known.type.id, wish.details, at, update, audit):
            return False
        await self._tools.type_changes.tell()
        return True

    async def delete(self, number: int, audit: AuditEntry | None = None) -> bool:
        """Delete a type; False if there is none, ReferredError if devices are of it."""
        return await self._store.delete(number, audit)

    async def _complete(self, types: Sequence[DeviceType]) -> list[KnownType]:
        if not types:
            return []
        numbers = [each.id for each in types]
        logins, settings = await self._store.logins(numbers), await self._tools.wanted.of_types(numbers)
        return [
            KnownType(
                each,
                logins.get(each.id),
                [self._wanted.uttered(kept) for kept in settings[each.id]],
                settings[each.id],
            )
            for each in types
        ]

    def _kept(self, known: KnownType, settings: Sequence[NewSetting]) -> list[WantedValue]:
        """Settings as they are to be kept: those that do not change are the ones that are kept already."""
        before = dict(zip(known.settings, known.kept, strict=True))
        new = iter(self._wanted.sealed([each for each in settings if each not in before]))
        return [before.get(each) or next(new) for each in settings]

    def _sealed(self, login: NewLogin, known: TypeLogin | None) -> TypeLogin:
        """A login as it is to be kept; without a new password the one that is kept goes on."""
        if login.password is None and known is not None:
            return TypeLogin(login.username, known.password, known.uuid)
        uuid = self._tools.chance.octets(16).hex()
        sealed = self._tools.vault.seal(login.password or "", "credential", uuid, "password")
        return TypeLogin(login.username, sealed, uuid)
