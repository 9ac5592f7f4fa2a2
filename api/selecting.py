"""Which parameters of a device a query means."""

from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from acs.domain.selection import INSTANCE, Selection
from api.fields import Line, Query, QueryList

_MOST_STARS = 10


def _wildcard(text: str) -> str:
    if text.count("*") > _MOST_STARS:
        raise PydanticCustomError("wildcard", "must have at most {most} stars", {"most": _MOST_STARS})
    return text


class SelectionQuery(Query):
    """Parameters that fit all that is given."""

    parameter__variable_name: Annotated[
        QueryList | None,
        Field(
            description="Paths with commas between them. One that ends in a dot means the object, which comes as a row "
            "of the type `table`, and all that is below it",
        ),
    ] = None
    parameter__name: Annotated[
        QueryList | None,
        Field(description=f"Paths, or names of the data model, which have `{INSTANCE}` for any instance"),
    ] = None
    parameter__short_name: Annotated[
        QueryList | None, Field(description="Last segments of paths, in any case of letters: `ssid`")
    ] = None
    wildcard: Annotated[
        Annotated[Line, AfterValidator(_wildcard)] | None,
        Field(description="A path with `*` for any text, dots among it; one that ends in a dot means all below it"),
    ] = None

    @property
    def selection(self) -> Selection:
        """The same for whoever looks."""
        return Selection(
            self.parameter__variable_name or (),
            self.parameter__name or (),
            self.parameter__short_name or (),
            self.wildcard or None,
        )
