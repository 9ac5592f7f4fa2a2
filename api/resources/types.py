"""Types of devices: what many of them have in common. They are everybody's; admins that are not bound change them."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from acs.domain.device import Filters
from acs.domain.firmware import Candidate, misfits, read_applicability
from acs.domain.inventory import DeviceTypeDetails
from acs.domain.secret_names import MASK
from acs.domain.status import StatusHelper
from acs.domain.token import Role
from acs.provisioning.errors import QuirksError
from acs.provisioning.quirks import Quirks
from acs.services.device_types import KnownType, NewLogin, TypeWish
from acs.services.management import Management
from acs.services.secret_values import is_masked, masked_value
from acs.services.turns import Turns
from acs.services.wanted import NewSetting
from acs.store.device_types import TypeFilter
from api.fields import NoQuery
from api.paging import Envelope, enveloped
from api.problems import Kind, invalid, not_found
from api.resources.type_bodies import (
    OnboardingBody,
    OnboardingShown,
    TypeBody,
    TypePatch,
    TypeQuery,
    TypeShown,
    is_exact,
    is_subtree,
)
from api.routing import Answer, AnyRoute, Ask, Route, shown_again
from api.variables import VariableBody, VariableShown

_TAG = "Types"
_WHAT = "device_type"
_WORDS = "type"
_EVERYBODYS = "types"

Errors = dict[str, list[str]]


class Types:
    """The routes of types."""

    def __init__(self, management: Management) -> None:
        self._types = management.types
        self._images = management.tools.images
        self._turns = Turns()

    @property
    def routes(self) -> Sequence[AnyRoute]:
        """All of them."""
        many, one = "/inventory_type/", "/inventory_type/{id}/"
        shown = {200: TypeShown}
        whose = "Types are everybody's: a token that is bound to organizations changes none."
        due = f"What this changes for its devices reaches them within seconds, however many there are. {whose}"
        return [
            Route("GET", many, Role.VIEWER, self.list, "List types", _TAG, TypeQuery,
                  answers={200: Envelope[TypeShown]}),
            Route("POST", many, Role.ADMIN, self.create, "Make a type", _TAG, body=TypeBody,
                  again=shown_again(self.get), answers={201: TypeShown}, problems=(Kind.CONFLICT,), description=whose),
            Route("GET", one, Role.VIEWER, self.get, "Show a type", _TAG, answers=shown),
            Route("PUT", one, Role.ADMIN, self.replace, "Replace a type", _TAG, body=TypeBody,
                  answers=shown, problems=(Kind.CONFLICT,), description=due),
            Route("PATCH", one, Role.ADMIN, self.change, "Change a type", _TAG, body=TypePatch,
                  answers=shown, problems=(Kind.CONFLICT,), description=due),
            Route("DELETE", one, Role.ADMIN, self.delete, "Delete a type", _TAG, answers={204: None},
                  problems=(Kind.CONFLICT,),
                  description=f"One that devices are of is not deleted: that is a 409. {whose}"),
        ]  # fmt: skip

    async def list(self, ask: Ask[TypeQuery, None]) -> Answer:
        """All that fit."""
        query = ask.query
        found = await self._types.page(query.part, TypeFilter(query.name, query.short_name), query.ordering)
        return Answer(enveloped(ask, query.part, found, [_shown(each) for each in found.items]))

    async def create(self, ask: Ask[NoQuery, TypeBody]) -> Answer:
        """Make one."""
        ask.check_unbound(_EVERYBODYS)
        wish = await self._wish(ask.body, None)
        entry = ask.entry("create", _WHAT, after=_told(wish), found_by=wish.details.name)
        number = await self._types.create(wish, ask.at, entry)
        return Answer(_shown(await self._known(number)), 201)

    async def get(self, ask: Ask[NoQuery, None]) -> Answer:
        """Show one."""
        return Answer(_shown(await self._known(ask.number("id", _WORDS))))

    async def replace(self, ask: Ask[NoQuery, TypeBody]) -> Answer:
        """Say everything anew."""
        async with self._turn(ask) as known:
            return await self._update(ask, known, await self._wish(ask.body, known))

    async def change(self, ask: Ask[NoQuery, TypePatch]) -> Answer:
        """Say some of it anew."""
        async with self._turn(ask) as known:
            return await self._update(ask, known, await self._wish(_merged(known, ask.body), known))

    async def delete(self, ask: Ask[NoQuery, None]) -> Answer:
        """Delete one that no device is of."""
        async with self._turn(ask) as known:
            entry = ask.entry("delete", _WHAT, known.type.id, before=_told(known))
            if not await self._types.delete(known.type.id, entry):
                raise not_found(_WORDS)
            return Answer(status=204)

    @asynccontextmanager
    async def _turn(self, ask: Ask[NoQuery, Any]) -> AsyncIterator[KnownType]:
        """One that is to be changed, as whoever changed it before has left it."""
        ask.check_unbound(_EVERYBODYS)
        number = ask.number("id", _WORDS)
        async with self._turns.of(number):
            yield await self._known(number)

    async def _known(self, number: int) -> KnownType:
        known = await self._types.by_id(number)
        if known is None:
            raise not_found(_WORDS)
        return known

    async def _update(self, ask: Ask[NoQuery, object], known: KnownType, wish: TypeWish) -> Answer:
        entry = ask.entry("update", _WHAT, known.type.id, before=_told(known), after=_told(wish))
        if not await self._types.update(known, wish, ask.at, entry):
            raise not_found(_WORDS)
        return Answer(_shown(await self._known(known.type.id)))

    async def _wish(self, body: TypeBody, known: KnownType | None) -> TypeWish:
        """What a body means; all that is wrong with it that it does not tell by itself."""
        errors: Errors = {}
        login = _login(body.onboarding, known, errors)
        settings = _settings(body.default_settings, known, errors)
        quirks = _quirks(body.quirks, errors)
        filters = Filters(
            body.onboarding.manufacturer,
            body.onboarding.oui,
            body.onboarding.product_class,
            body.onboarding.serial_prefix,
        )
        details = DeviceTypeDetails(
            name=body.name,
            short_name=body.short_name,
            description=body.description,
            onboarding_enabled=body.onboarding.enabled,
            filters=filters,
            update_frequency=body.update_frequency,
            helpers=tuple(each.value for each in body.helpers),
            managed=tuple(dict.fromkeys(body.managed)),
            quirks=quirks,
            firmware_image_id=body.firmware_image,
        )
        if known is None or body.firmware_image != known.type.details.firmware_image_id:
            await self._check_image(details, errors)
        if errors:
            raise invalid(errors)
        return TypeWish(details, login, settings)

    async def _check_image(self, details: DeviceTypeDetails, errors: Errors) -> None:
        if details.firmware_image_id is None:
            return
        image = await self._images.by_id(details.firmware_image_id)
        if image is None:
            errors["firmware_image"] = ["there is no such firmware image"]
            return
        filters = details.filters
        of_type = Candidate(
            details.short_name, filters.manufacturer or None, filters.oui or None, filters.product_class or None
        )
        wrong = misfits(read_applicability(image.details.applicability), of_type)
        if wrong:
            errors["firmware_image"] = [f"is not for this {each}" for each in wrong]


def _login(body: OnboardingBody, known: KnownType | None, errors: Errors) -> NewLogin | None:
    if body.username is None:
        if body.password is not None:
            errors["onboarding.username"] = ["is required with a password"]
        return None
    if body.password is None and (known is None or known.login is None):
        errors["onboarding.password"] = ["is required with a username"]
    return NewLogin(body.username, body.password)


def _settings(bodies: Sequence[VariableBody], known: KnownType | None, errors: Errors) -> list[NewSetting]:
    before = {} if known is None else {each.path: each.value for each in known.settings}
    found: dict[str, NewSetting] = {}
    for place, body in enumerate(bodies):
        name, variable, where = body.variable_name, body.variable, f"default_settings[{place}]"
        value = variable.value
        if name.endswith(".") or not is_exact(name):
            errors[f"{where}.variable_name"] = ["must be one parameter: no dot at its end, neither {i} nor *"]
        elif name in found:
            errors[f"{where}.variable_name"] = ["is there twice"]
        if value is None:
            errors[f"{where}.value"] = ["is required"]
        elif is_masked(name, value):
            shown, value = value, before.get(name)
            if value is None or masked_value(name, value) != shown:
                errors[f"{where}.value"] = ["is the mask of a secret, and no secret is kept here"]
        found[name] = NewSetting(name, value or "", variable.value_type)
    return list(found.values())


def _quirks(document: Mapping[str, Any], errors: Errors) -> str:
    try:
        quirks = Quirks.from_dict(document)
    except QuirksError as error:
        for each in error.problems:
            errors.setdefault(f"quirks.{each.where}", []).append(each.what)
        return ""
    if quirks.root_path is not None and not is_subtree(quirks.root_path):
        errors["quirks.root_path"] = ["is no partial path"]
    return json.dumps(quirks.to_dict())


def _merged(known: KnownType, patch: TypePatch) -> TypeBody:
    """What a whole body would say."""
    given = {name: getattr(patch, name) for name in patch.model_fields_set}
    emptied = {"update_frequency", "firmware_image"}
    given = {name: value for name, value in given.items() if value is not None or name in emptied}
    body = _as_body(known)
    if patch.onboarding is not None:
        said = {name: getattr(patch.onboarding, name) for name in patch.onboarding.model_fields_set}
        said = {name: value for name, value in said.items() if value is not None or name == "username"}
        given["onboarding"] = body.onboarding.model_copy(update=said)
    if patch.quirks is not None:
        given["quirks"] = {**body.quirks, **patch.quirks}
    return body.model_copy(update=given)


def _as_body(known: KnownType) -> TypeBody:
    """What a body would say that changes nothing. What is known was checked when it came."""
    details, filters = known.type.details, known.type.details.filters
    return TypeBody.model_construct(
        name=details.name,
        short_name=details.short_name,
        description=details.description,
        onboarding=OnboardingBody.model_construct(
            enabled=details.onboarding_enabled,
            username=None if known.login is None else known.login.username,
            password=None,
            manufacturer=filters.manufacturer,
            oui=filters.oui,
            product_class=filters.product_class,
            serial_prefix=filters.serial_prefix,
        ),
        update_frequency=details.update_frequency,
        helpers=[StatusHelper(each) for each in details.helpers],
        default_settings=[
            VariableBody.model_construct(variable_name=each.path, value=each.value, value_type=each.value_type)
            for each in known.settings
        ],
        managed=list(details.managed),
        firmware_image=details.firmware_image_id,
        quirks=json.loads(details.quirks),
    )


def _said(details: DeviceTypeDetails, login: Any, settings: Sequence[NewSetting]) -> dict[str, Any]:  # noqa: ANN401
    """A type as it may be shown."""
    filters = details.filters
    return {
        "name": details.name,
        "short_name": details.short_name,
        "description": details.description,
        "onboarding": OnboardingShown(
            enabled=details.onboarding_enabled,
            username=None if login is None else login.username,
            has_password=login is not None,
            manufacturer=filters.manufacturer,
            oui=filters.oui,
            product_class=filters.product_class,
            serial_prefix=filters.serial_prefix,
        ),
        "update_frequency": details.update_frequency,
        "helpers": list(details.helpers),
        "default_settings": [
            VariableShown(
                variable_name=each.path, value=masked_value(each.path, each.value), value_type=each.value_type
            )
            for each in settings
        ],
        "managed": list(details.managed),
        "firmware_image": details.firmware_image_id,
        "quirks": json.loads(details.quirks),
    }


def _shown(known: KnownType) -> TypeShown:
    return TypeShown(
        id=known.type.id,
        **_said(known.type.details, known.login, known.settings),
        created=known.type.created,
        updated=known.type.updated,
    )


def _told(what: KnownType | TypeWish) -> str:
    """A type as the audit log tells of it; that a password is another one is told by its mask."""
    details = what.type.details if isinstance(what, KnownType) else what.details
    said = _said(details, what.login, what.settings)
    said["onboarding"] = said["onboarding"].model_dump()
    said["default_settings"] = [each.model_dump() for each in said["default_settings"]]
    if isinstance(what.login, NewLogin) and what.login.password is not None:
        said["onboarding"]["password"] = MASK
    return json.dumps(said)
