"""What is said of types of devices, and what is shown of them."""

from dataclasses import fields
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from acs.domain.status import StatusHelper
from acs.provisioning.quirks import Quirks
from api.fields import Body, Flag, Id, Line, Name, Seconds, Shown, Text, Time, json_schema_example
from api.paging import Paged
from api.variables import VariableBody, VariableName, VariableShown
from cwmp_schemas.paths import Path, SegmentKind

_MOST_SETTINGS: Final = 1000
_MOST_PATHS: Final = 100
_EXACT: Final = frozenset({SegmentKind.NAME, SegmentKind.INSTANCE, SegmentKind.ALIAS})


def is_exact(path: str) -> bool:
    """Whether a path means one thing: it holds neither {i} nor *."""
    return all(segment.kind in _EXACT for segment in Path.parse(path).segments)


def _subtree(text: str) -> str:
    if not text.endswith(".") or not is_exact(text):
        raise PydanticCustomError("path", "must end in a dot, and hold neither {i} nor *")
    return text


def _each_once(helpers: list[StatusHelper]) -> list[StatusHelper]:
    if len(set(helpers)) < len(helpers):
        raise PydanticCustomError("helpers", "must name each helper once")
    return helpers


Subtree = Annotated[VariableName, AfterValidator(_subtree)]
"""A partial path."""
Helpers = Annotated[list[StatusHelper], AfterValidator(_each_once)]
"""Ways to see whether a device is there, in the order in which they are tried."""
Password = Annotated[Line, Field(min_length=1, json_schema_extra={"writeOnly": True, "format": "password"})]
"""A password; it is never shown."""
DefaultSettings = Annotated[list[VariableBody], Field(max_length=_MOST_SETTINGS)]
"""What the devices of a type are to have."""
Managed = Annotated[list[Subtree], Field(max_length=_MOST_PATHS)]
"""What a sync reads."""

_ENABLED = "Whether unknown devices may come in with the login"
_PASSWORD = "Write-only. One that is left out is kept, as long as there is a username"  # noqa: S105  a description
_HELPERS = "How to see whether a device is there, in the order in which they are tried"
_SETTINGS = (
    "What the devices are to have. The mask of a secret means the secret that is kept. What differs from before "
    "becomes due on the devices"
)
_QUIRKS = f"How the devices differ from the standard: {', '.join(f'`{each.name}`' for each in fields(Quirks))}"


_SUBTREE: Final = TypeAdapter(Subtree)


def is_subtree(text: str) -> bool:
    """Whether a text is a partial path."""
    try:
        _SUBTREE.validate_python(text)
    except ValidationError:
        return False
    return True


class TypeQuery(Paged):
    """Which types, in which order."""

    name: Annotated[Line | None, Field(description="The one that is called so")] = None
    short_name: Annotated[Line | None, Field(description="The one that is called so for short")] = None
    ordering: Literal["id", "-id", "name", "-name", "short_name", "-short_name"] = "id"


class OnboardingBody(Body):
    """How unknown devices come in; an empty filter takes any device."""

    model_config = json_schema_example({"enabled": True, "username": "onboarding", "oui": "00D09E"})

    enabled: Annotated[Flag, Field(description=_ENABLED)] = False
    username: Annotated[Name | None, Field(description="Of the login; null: there is none")] = None
    password: Annotated[Password | None, Field(repr=False, description=_PASSWORD)] = None
    manufacturer: Annotated[Line, Field(description="Only devices of this manufacturer, in any case of letters")] = ""
    oui: Annotated[Line, Field(description="Only devices with this OUI")] = ""
    product_class: Annotated[Line, Field(description="Only devices of this product class")] = ""
    serial_prefix: Annotated[Line, Field(description="Only devices whose serial number begins so")] = ""


class OnboardingPatch(Body):
    """What of it is to be otherwise."""

    model_config = json_schema_example({"enabled": False})

    enabled: Annotated[Flag | None, Field(description=_ENABLED)] = None
    username: Annotated[Name | None, Field(description="Of the login; null: there is none any more")] = None
    password: Annotated[Password | None, Field(repr=False, description=_PASSWORD)] = None
    manufacturer: Line | None = None
    oui: Line | None = None
    product_class: Line | None = None
    serial_prefix: Line | None = None


class TypeBody(Body):
    """What is said of a type."""

    model_config = json_schema_example(
        {
            "name": "EX5501 at home",
            "short_name": "ex5501",
            "onboarding": {"enabled": True, "username": "onboarding", "password": "not this one", "oui": "00D09E"},
            "update_frequency": 3600,
            "helpers": ["connection_request", "last_inform"],
            "default_settings": [{"variable_name": "Device.Time.NTPServer1", "value": "ntp.example.net"}],
            "managed": ["Device.WiFi."],
            "quirks": {"gpv_batch": 32},
        }
    )

    name: Name
    short_name: Name
    description: Text = ""
    onboarding: OnboardingBody = OnboardingBody()
    update_frequency: Annotated[
        Seconds | None, Field(description="How often devices are to inform, in seconds; null: as they like")
    ] = None
    helpers: Annotated[Helpers, Field(default_factory=list, description=_HELPERS)]
    default_settings: Annotated[DefaultSettings, Field(default_factory=list, description=_SETTINGS)]
    managed: Annotated[Managed, Field(default_factory=list, description="The partial paths that a sync reads")]
    firmware_image: Annotated[Id | None, Field(description="The firmware that devices are to have")] = None
    quirks: Annotated[dict[str, Any], Field(default_factory=dict, description=_QUIRKS)]


class TypePatch(Body):
    """What is to be said otherwise. Lists are replaced; ``onboarding`` and ``quirks`` are merged."""

    model_config = json_schema_example({"update_frequency": 900, "quirks": {"gpv_batch": 16}})

    name: Name | None = None
    short_name: Name | None = None
    description: Text | None = None
    onboarding: OnboardingPatch | None = None
    update_frequency: Seconds | None = None
    helpers: Helpers | None = None
    default_settings: Annotated[DefaultSettings | None, Field(description=_SETTINGS)] = None
    managed: Managed | None = None
    firmware_image: Id | None = None
    quirks: Annotated[dict[str, Any] | None, Field(description=_QUIRKS)] = None


class OnboardingShown(Shown):
    """How unknown devices come in."""

    enabled: bool
    username: str | None
    has_password: bool
    manufacturer: str
    oui: str
    product_class: str
    serial_prefix: str


class TypeShown(Shown):
    """A type."""

    id: int
    name: str
    short_name: str
    description: str
    onboarding: OnboardingShown
    update_frequency: int | None
    helpers: list[str]
    default_settings: list[VariableShown]
    managed: list[str]
    firmware_image: int | None
    quirks: dict[str, Any]
    created: Time
    updated: Time
