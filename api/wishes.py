"""Settings as clients write them, and what of them cannot be."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from acs.domain.setting import KnownParameter, Setting
from acs.provisioning.value_types import explicit_type
from acs.services.informs import interval_of
from acs.services.knowledge import INTERVALS
from acs.services.secret_values import is_masked, masked_value
from acs.services.wanted import NewSetting, Wanted
from api.fields import json_schema_example
from api.problems import invalid
from api.variables import VariableBody, VariableValue, text_of
from cwmp_schemas.datamodel import Kind, lookup
from cwmp_schemas.paths import Path
from cwmp_schemas.values import to_text


class SettingBody(VariableBody):
    """What a parameter is to be. `parameter` with a path, or with an object that has a `variable_name`, stands for
    `variable_name` too.
    """

    model_config = json_schema_example(
        {"variable_name": "Device.WiFi.SSID.1.SSID", "value": "home", "value_type": "string"}
    )

    value: VariableValue = Field(
        repr=False, description="A string; numbers and booleans are taken for their text. Null with PATCH: no longer"
    )

    @model_validator(mode="before")
    @classmethod
    def _named(cls, document: object) -> object:
        if not isinstance(document, Mapping) or "parameter" not in document:
            return document
        if "variable_name" in document:
            raise PydanticCustomError("parameter", "parameter and variable_name cannot be given together")
        named = document["parameter"]
        rest = {name: value for name, value in document.items() if name != "parameter"}
        return rest | {"variable_name": named.get("variable_name") if isinstance(named, Mapping) else named}


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is said of settings."""

    wanted: Sequence[NewSetting]
    """What is to be."""
    dropped: Sequence[str]
    """What is to be no longer."""


@dataclass(slots=True)
class WishReader:
    """Reads the wishes of one request for one device."""

    known: Mapping[str, KnownParameter] = field(repr=False)
    """What the device has said of the parameters."""
    wanted: Mapping[str, Wanted] = field(repr=False)
    """What it is to have until now."""
    place: Callable[[int, str], str]
    """Where a field stands in the body."""

    def read(self, bodies: Sequence[VariableBody], *, may_drop: bool) -> Wishes:
        """The wishes; a Problem that names all that cannot be."""
        errors: dict[str, list[str]] = defaultdict(list)
        for number, name, sentence in self._problems(bodies, may_drop=may_drop):
            errors[self.place(number, name)].append(sentence)
        if errors:
            raise invalid(errors)
        return Wishes(
            [self._wish(each) for each in bodies if each.value is not None],
            [each.variable_name for each in bodies if each.value is None],
        )

    def _problems(self, bodies: Sequence[VariableBody], *, may_drop: bool) -> Iterator[tuple[int, str, str]]:
        yield from self._repeated(bodies)
        for number, body in enumerate(bodies):
            problem = self._problem_of_path(body.variable_name)
            if problem is not None:
                yield number, "variable_name", problem
            elif body.value is not None:
                problem = self._problem_of_value(body, text_of(body.value))
                if problem is not None:
                    yield number, "value", problem
            elif not may_drop:
                yield number, "value", "must not be null: what is left out is wanted no longer"

    def _repeated(self, bodies: Sequence[VariableBody]) -> Iterator[tuple[int, str, str]]:
        places: dict[str, list[int]] = defaultdict(list)
        for number, body in enumerate(bodies):
            # How often a device is to inform is the same wish in either tree.
            name = INTERVALS[0] if body.variable_name in INTERVALS else body.variable_name
            places[name].append(number)
        for name, numbers in places.items():
            if len(numbers) > 1:
                all_of_them = ", ".join(self.place(number, "variable_name") for number in numbers)
                for number in numbers:
                    yield number, "variable_name", f"{name} is named more than once: {all_of_them}"

    def _problem_of_path(self, path: str) -> str | None:
        if path.endswith("."):
            return "is an object, which has no value"
        if not Path.parse(path).is_concrete:
            return "is a pattern: fill in its * and {i}"
        facts, known = lookup(path), self.known.get(path)
        if facts is not None and facts.kind is not Kind.PARAMETER:
            return "is an object, which has no value"
        says = known.writable if known else None
        if says is False:
            return "is read-only, as the device says"
        if facts is not None and not facts.writable and says is None:
            return "is read-only, as the data model says"
        return None

    def _problem_of_value(self, body: VariableBody, text: str) -> str | None:
        path = body.variable_name
        if is_masked(path, text) and self._meant_by(path, text) is None:
            return "is the mask of a secret, and there is none that it could stand for"
        if path in INTERVALS:
            return None if interval_of(text) else "must be a number of seconds"
        known, facts = self.known.get(path), lookup(path)
        # What the device says of a type counts more than what the data model does.
        kind = explicit_type(body.value_type) or (known.type if known else None) or (facts.type if facts else None)
        if kind is None:
            return None
        try:
            to_text(kind, text)
        except ValueError:
            return f"cannot be read as {kind}, which the parameter is"
        return None

    def _wish(self, body: VariableBody) -> NewSetting:
        path, variable = body.variable_name, body.variable
        text = variable.value or ""
        if is_masked(path, text) and (meant := self._meant_by(path, text)):
            return NewSetting(path, meant.value, meant.value_type)
        if path in INTERVALS:
            return NewSetting(path, str(interval_of(text)), variable.value_type)
        return NewSetting(path, text, variable.value_type)

    def _meant_by(self, path: str, text: str) -> Setting | None:
        """The wish until now, if this is what was shown of it."""
        before = self.wanted.get(path)
        return before.setting if before and masked_value(path, before.setting.value) == text else None
