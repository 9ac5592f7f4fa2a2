"""Which form a request for headless operations has: for one device, or for many.

The forms share paths and methods. A body that names a device is for one; one that names targets is for many. An id says
by its first letters what it is of.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Discriminator, Tag
from pydantic_core import PydanticCustomError

from api.resources.bulk_bodies import BulkBody
from api.resources.headless_bodies import SELECTORS, OlderOperationBody, OperationBody

TARGETS: Final = ("target_organizations", "device_filters", "device_targets")
"""The fields of a body that say which devices are meant."""
SUFFIX: Final = "_headless_operation"
"""What the paths of all families have in common."""


def _form_of(document: object) -> str:
    if isinstance(document, Mapping):
        if _given(document, TARGETS):
            return BulkBody.__name__
        if "operation_type" in document and "operation" not in document:
            return OlderOperationBody.__name__
    return OperationBody.__name__


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


AnyBody: Any = Annotated[
    Annotated[OperationBody, Tag(OperationBody.__name__)]
    | Annotated[OlderOperationBody, Tag(OlderOperationBody.__name__)]
    | Annotated[BulkBody, Tag(BulkBody.__name__)],
    Discriminator(_form_of),
    BeforeValidator(_is_of_one_form),
]
"""The body of a POST: one of the forms."""
