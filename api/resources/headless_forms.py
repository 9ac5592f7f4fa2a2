"""Which form a request for headless operations has: for one device, or for many.

The forms share paths and methods. A body that names a device is for one; one that names targets is for many. An id says
by its first letters what it is of.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Protocol, Union

from pydantic import BeforeValidator, Discriminator, Tag
from pydantic_core import PydanticCustomError

from api.families import Family
from api.fields import Body, Shown
from api.resources.headless_bodies import SELECTORS, OlderOperationBody, OperationBody
from api.routing import Answer, Ask

TARGETS: Final = ("target_organizations", "device_filters", "device_targets")
"""The fields of a body that say which devices are meant."""
BULK_PREFIX: Final = "bulk_"
"""How ids begin of what is asked of many devices."""


class ManyDevices(Protocol):
    """The form for many devices. What is asked of it has come through all doors, and its body is checked."""

    @property
    def body(self) -> type[Body]:
        """What is asked."""

    @property
    def made(self) -> type[Shown]:
        """What is answered with 201."""

    @property
    def shown(self) -> type[Shown]:
        """An item of a list."""

    async def create(self, ask: Ask[Any, Any], family: Family) -> Answer:
        """Ask it of many devices; ``ask.body`` is a ``body``, ``ask.document`` what it was made of."""

    async def items(self, ask: Ask[Any, Any], ids: Sequence[str]) -> Mapping[str, Shown]:
        """What is shown of these by their ids, without those that the token does not see."""

    async def cancel(self, ask: Ask[Any, Any], public_id: str) -> Answer:
        """Cancel what has not started."""

    async def retry(self, ask: Ask[Any, Any], family: Family, public_id: str) -> Answer:
        """Ask what has failed once more."""


def is_bulk_id(public_id: str) -> bool:
    """Whether it is the id of something asked of many devices."""
    return public_id.startswith(BULK_PREFIX)


def body_of(many: ManyDevices | None) -> Any:  # noqa: ANN401  a type that is made here
    """The body of a POST: one of the forms."""
    forms: list[type[Body]] = [OperationBody, OlderOperationBody, *([] if many is None else [many.body])]
    tagged = [Annotated[each, Tag(each.__name__)] for each in forms]

    def form_of(document: object) -> str:
        if not isinstance(document, Mapping):
            return OperationBody.__name__
        if many is not None and _given(document, TARGETS):
            return many.body.__name__
        is_older = "operation_type" in document and "operation" not in document
        return (OlderOperationBody if is_older else OperationBody).__name__

    return Annotated[Union[*tagged], Discriminator(form_of), BeforeValidator(_is_of_one_form)]


def _is_of_one_form(document: object) -> object:
    if isinstance(document, Mapping):
        one, many = _given(document, SELECTORS), _given(document, TARGETS)
        if one and many:
            raise PydanticCustomError(
                "form", "names one device by {one} and many by {many}: only one of the two", {"one": one, "many": many}
            )
        if not one and not many:
            raise PydanticCustomError(
                "form",
                "names no device: {one} names one, {many} name many",
                {"one": ", ".join(SELECTORS), "many": ", ".join(TARGETS)},
            )
    return document


def _given(document: Mapping[str, object], names: Sequence[str]) -> str | None:
    """The first of these fields that the document has."""
    return next((name for name in names if document.get(name) is not None), None)
