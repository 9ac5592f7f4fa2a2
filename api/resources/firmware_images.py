"""Firmware images: everybody's; admins that are not bound bring, change and delete them."""

import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from typing import Annotated, Any, Final, Literal
from urllib.parse import quote

from pydantic import BeforeValidator, Field, StringConstraints, TypeAdapter, WithJsonSchema

from acs.domain.firmware import Applicability, read_applicability
from acs.domain.intake import FileError, FileFault, FormBody
from acs.domain.inventory import FirmwareImage, FirmwareImageDetails
from acs.domain.token import Role
from acs.services.firmware import Upload, UploadState
from acs.services.management import Management
from acs.services.ports import TakenForm
from acs.services.turns import Turns
from acs.store.errors import ConflictError
from acs.store.firmware_images import ImageFilter
from api.fields import Body, Line, Name, NoQuery, Query, Shown, Time, json_schema_example
from api.paging import Envelope, Paged, enveloped
from api.problems import Kind, Problem, invalid, not_found, of_store, unavailable
from api.reading import checked, read_json
from api.routing import KEY_HEADER, OCTETS, Answer, AnyRoute, Ask, Route, Streamed, shown_again
from cwmp_schemas.rpc.transfers import FIRMWARE

_TAG = "Firmware images"
_WHAT = "firmware_image"
_WORDS = "firmware image"
_EVERYBODYS = "firmware images"
_FORM: Final = "multipart/form-data"
_KINDS: Final = {
    FileFault.TOO_LARGE: Kind.TOO_LARGE,
    FileFault.TOO_SLOW: Kind.TIMEOUT,
    FileFault.BROKEN: Kind.MALFORMED,
    FileFault.BAD_FORM: Kind.MALFORMED,
    FileFault.BUSY: Kind.UNAVAILABLE,
    FileFault.NO_ROOM: Kind.UNAVAILABLE,
    FileFault.MISSING: Kind.NOT_FOUND,
    FileFault.DISK: Kind.UNAVAILABLE,
}

Words = Annotated[list[Name], Field(max_length=1000)]
"""What one of must hold; none: anything does."""
UploadKey = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Za-z0-9._\-]{1,64}$")]
"""What whoever uploads calls it."""
Sha256 = Annotated[str, StringConstraints(strict=True, pattern="^[0-9a-fA-F]{64}$")]
"""A checksum, in hex."""


class ImageQuery(Paged):
    """Which images, in which order."""

    name: Annotated[Line | None, Field(description="The one that is called so")] = None
    version: Annotated[Line | None, Field(description="Those of this version")] = None
    file_type: Annotated[Line | None, Field(description="Those of this type")] = None
    ordering: Literal["id", "-id", "name", "-name", "version", "-version"] = "id"


class UploadQuery(Query):
    """How an upload can be watched."""

    upload_key: Annotated[
        UploadKey | None, Field(description="Any name: `GET /firmware_image/upload/{key}/` tells how much has come")
    ] = None


class ApplicabilityBody(Body):
    """For which devices an image is: of each list one must hold; an empty list takes any."""

    model_config = json_schema_example({"types": ["ex5501"], "hardware_versions": ["1.0"]})

    types: Annotated[Words, Field(default_factory=list, description="Short names of types")]
    manufacturers: Annotated[Words, Field(default_factory=list)]
    ouis: Annotated[Words, Field(default_factory=list)]
    product_classes: Annotated[Words, Field(default_factory=list)]
    hardware_versions: Annotated[Words, Field(default_factory=list)]
    software_versions: Annotated[Words, Field(default_factory=list, description="The versions that it may follow")]

    @property
    def applicability(self) -> Applicability:
        """As it is kept."""
        return Applicability(**{name: tuple(value) for name, value in self.model_dump().items()})


def _of_text(value: object) -> object:
    """A field of a form is a text: JSON, in this case."""
    return read_json(value.encode()) if isinstance(value, str) else value


class ImageFields(Body):
    """What a form says beside the file."""

    name: Name
    version: Annotated[Name, Field(description="The SoftwareVersion that devices report once they run it")]
    file_type: Annotated[Name, Field(description="As in Download")] = FIRMWARE
    applicability: Annotated[
        ApplicabilityBody,
        BeforeValidator(_of_text),
        Field(default_factory=lambda: ApplicabilityBody.model_validate({}), description="JSON"),
    ]
    sha256: Annotated[Sha256 | None, Field(description="The checksum of the file; one that differs is a 400")] = None


class ImageForm(ImageFields):
    """An image and its file. The fields come best before the file: what is wrong with them is told before that."""

    model_config = json_schema_example({"name": "EX5501 5.17", "version": "V5.17(ABRY.3)b2", "file": "(octets)"})

    file: Annotated[bytes, WithJsonSchema({"type": "string", "contentMediaType": OCTETS})]


class ImagePatch(Body):
    """What is to be said otherwise."""

    model_config = json_schema_example({"version": "V5.17(ABRY.3)b3"})

    name: Name | None = None
    version: Name | None = None
    file_type: Name | None = None
    applicability: Annotated[ApplicabilityBody | None, Field(description="Takes the place of what was said")] = None


class ApplicabilityShown(Shown):
    """For which devices an image is: of each list one must hold; an empty list takes any."""

    types: Sequence[str]
    manufacturers: Sequence[str]
    ouis: Sequence[str]
    product_classes: Sequence[str]
    hardware_versions: Sequence[str]
    software_versions: Sequence[str]


class ImageShown(Shown):
    """A firmware image."""

    id: int
    name: str
    version: str
    file_name: str
    file_type: str
    applicability: ApplicabilityShown
    size: int
    sha256: str
    created: Time


class UploadShown(Shown):
    """How far an upload is."""

    key: str
    state: UploadState
    received: Annotated[int, Field(description="How many octets of the body have come")]
    total: Annotated[int | None, Field(description="How many it has, if that was told")]
    progress: Annotated[int | None, Field(description="Percent, if that is known")]
    firmware_image: Annotated[int | None, Field(description="What it has become")]


_FIELDS: Final = TypeAdapter(ImageFields)


class FirmwareImages:
    """The routes of firmware images."""

    def __init__(self, management: Management) -> None:
        self._store = management.tools.images
        self._shelf = management.firmware
        self._most = int(management.tools.settings.max_firmware)
        self._turns = Turns()

    @property
    def routes(self) -> Sequence[AnyRoute]:
        """All of them."""
        many, one = "/firmware_image/", "/firmware_image/{id}/"
        shown = {200: ImageShown}
        whose = "Images are everybody's: a token that is bound to organizations changes none."
        wrong = (Kind.CONFLICT, Kind.TOO_LARGE, Kind.UNSUPPORTED, Kind.TIMEOUT, Kind.UNAVAILABLE)
        return [
            Route("GET", many, Role.VIEWER, self.list, "List firmware images", _TAG, ImageQuery,
                  answers={200: Envelope[ImageShown]}),
            Route("POST", many, Role.ADMIN, self.upload, "Upload a firmware image", _TAG, UploadQuery,
                  again=shown_again(self.get), answers={201: ImageShown}, problems=wrong, streams=_FORM, form=ImageForm,
                  description="The file goes to the disk as it comes. `AIOACS_MAX_FIRMWARE` bounds it. With an "
                  f"`Idempotency-Key` the same fields and the same file are the same request. {whose}"),
            Route("GET", "/firmware_image/upload/{key}/", Role.ADMIN, self.progress, "Watch an upload", _TAG,
                  answers={200: UploadShown},
                  description="One of the same token, under the key that it gave; its process alone knows of it."),
            Route("GET", one, Role.VIEWER, self.get, "Show a firmware image", _TAG, answers=shown),
            Route("PATCH", one, Role.ADMIN, self.change, "Change what is said of a firmware image", _TAG,
                  body=ImagePatch, answers=shown, problems=(Kind.CONFLICT,), description=whose),
            Route("DELETE", one, Role.ADMIN, self.delete, "Delete a firmware image", _TAG, answers={204: None},
                  problems=(Kind.CONFLICT,),
                  description=f"One that types, devices or open transfers need is not deleted: that is a 409. {whose}"),
            Route("GET", "/firmware_image/{id}/file/", Role.ADMIN, self.download, "Download a firmware image", _TAG,
                  answers={200: OCTETS}, problems=(Kind.UNAVAILABLE,), headers=("Content-Disposition",)),
        ]  # fmt: skip

    async def list(self, ask: Ask[ImageQuery, None]) -> Answer:
        """All that fit."""
        query = ask.query
        wanted = ImageFilter(query.name, query.version, query.file_type)
        found = await self._store.page(query.part, wanted, query.ordering)
        return Answer(enveloped(ask, query.part, found, [_shown(each) for each in found.items]))

    async def get(self, ask: Ask[NoQuery, None]) -> Answer:
        """Show one."""
        return Answer(_shown(await self._known(ask)))

    async def upload(self, ask: Ask[UploadQuery, None]) -> Answer:
        """Take one in."""
        ask.check_unbound(_EVERYBODYS)
        request = ask.request
        if request.content_type != _FORM:
            raise Problem(Kind.UNSUPPORTED, f"the body must be {_FORM}")
        key, total = ask.query.upload_key, request.content_length
        upload = Upload(total) if key is None else self._shelf.uploads.begin(ask.principal.token.id, key, total)
        form = FormBody(request.headers.get("Content-Type", ""), total, request.content.read)
        try:
            with _telling():
                async with self._shelf.files.take(form, self._most, self._checker(ask), upload.note) as taken:
                    answer = await self._add(ask, taken, upload)
        except BaseException:
            upload.state = UploadState.FAILED
            raise
        upload.state = UploadState.DONE
        return answer

    async def progress(self, ask: Ask[NoQuery, None]) -> Answer:
        """How far an upload is."""
        key = ask.places["key"]
        upload = self._shelf.uploads.find(ask.principal.token.id, key)
        if upload is None:
            raise not_found("upload")
        total = upload.total
        percent = None if not total else min(100, upload.received * 100 // total)
        return Answer(
            UploadShown(
                key=key,
                state=upload.state,
                received=upload.received,
                total=total,
                progress=percent,
                firmware_image=upload.image_id,
            )
        )

    async def change(self, ask: Ask[NoQuery, ImagePatch]) -> Answer:
        """Say some of it anew."""
        body = ask.body
        async with self._turn(ask) as known:
            old = known.details
            details = FirmwareImageDetails(
                old.name if body.name is None else body.name,
                old.version if body.version is None else body.version,
                old.file_name,
                old.file_type if body.file_type is None else body.file_type,
                old.applicability if body.applicability is None else body.applicability.applicability.text,
            )
            entry = ask.entry("update", _WHAT, known.id, before=_told(old), after=_told(details))
            if not await self._store.update(known.id, details, entry):
                raise not_found(_WORDS)
            return Answer(_shown(replace(known, details=details)))

    async def delete(self, ask: Ask[NoQuery, None]) -> Answer:
        """Delete one that nobody needs."""
        async with self._turn(ask) as known:
            if not await self._shelf.delete(known, ask.entry("delete", _WHAT, known.id, before=_told(known.details))):
                raise not_found(_WORDS)
            return Answer(status=204)

    async def download(self, ask: Ask[NoQuery, None]) -> Answer:
        """Give its file out."""
        known = await self._known(ask)

        @asynccontextmanager
        async def opened() -> AsyncIterator[AsyncIterator[bytes]]:
            with _telling():
                async with self._shelf.open(known) as blocks:
                    yield blocks

        name = quote(known.details.file_name or known.details.name, safe="")
        headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
        return Answer(Streamed(opened, known.size), headers=headers)

    async def _add(self, ask: Ask[UploadQuery, None], taken: TakenForm, upload: Upload) -> Answer:
        fields = checked(_FIELDS, taken.fields)
        errors = {}
        if not taken.size:
            errors["file"] = ["is empty"]
        elif fields.sha256 is not None and fields.sha256.lower() != taken.sha256:
            errors["sha256"] = [f"is not that of the file, which is {taken.sha256}"]
        if errors:
            raise invalid(errors)
        applicability = fields.applicability.applicability.text
        details = FirmwareImageDetails(fields.name, fields.version, taken.file_name, fields.file_type, applicability)

        async def add() -> Answer:
            after = json.dumps(json.loads(_told(details)) | {"size": taken.size, "sha256": taken.sha256})
            entry = ask.entry("create", _WHAT, after=after, found_by=details.name)
            image = await self._shelf.add(taken, details, ask.at, entry)
            upload.image_id = image.id
            return Answer(_shown(image), 201)

        identity = json.dumps([_told(details), taken.size, taken.sha256]).encode()
        return await ask.once(identity, add)

    def _checker(self, ask: Ask[UploadQuery, None]) -> Any:  # noqa: ANN401
        async def check(fields: Mapping[str, str]) -> None:
            """What is wrong is told before the file has come; what is missing may come behind it."""
            try:
                checked(_FIELDS, dict(fields))
            except Problem as problem:
                errors = {name: said for name, said in problem.extras.errors.items() if list(said) != ["is required"]}
                if errors or not problem.extras.errors:
                    raise invalid(errors) if errors else problem from None
            # A request that is sent again finds the name taken by itself.
            name = fields.get("name")
            if name is not None and KEY_HEADER not in ask.request.headers and await self._store.by_name(name):
                raise of_store(ConflictError("firmware_image", ("name",)))

        return check

    @asynccontextmanager
    async def _turn(self, ask: Ask[NoQuery, Any]) -> AsyncIterator[FirmwareImage]:
        """One that is to be changed, as whoever changed it before has left it."""
        ask.check_unbound(_EVERYBODYS)
        async with self._turns.of(ask.number("id", _WORDS)):
            yield await self._known(ask)

    async def _known(self, ask: Ask[NoQuery, Any]) -> FirmwareImage:
        known = await self._store.by_id(ask.number("id", _WORDS))
        if known is None:
            raise not_found(_WORDS)
        return known


@contextmanager
def _telling() -> Iterator[None]:
    """Turn what is wrong with a file into a Problem."""
    try:
        yield
    except FileError as error:
        kind = _KINDS[error.fault]
        raise (unavailable(str(error)) if kind is Kind.UNAVAILABLE else Problem(kind, str(error))) from error


def _applicability(details: FirmwareImageDetails) -> ApplicabilityShown:
    return ApplicabilityShown.model_validate(read_applicability(details.applicability), from_attributes=True)


def _told(details: FirmwareImageDetails) -> str:
    return json.dumps(
        {
            "name": details.name,
            "version": details.version,
            "file_name": details.file_name,
            "file_type": details.file_type,
            "applicability": json.loads(details.applicability),
        }
    )


def _shown(known: FirmwareImage) -> ImageShown:
    details = known.details
    return ImageShown(
        id=known.id,
        name=details.name,
        version=details.version,
        file_name=details.file_name,
        file_type=details.file_type,
        applicability=_applicability(details),
        size=known.size,
        sha256=known.sha256,
        created=known.created,
    )
