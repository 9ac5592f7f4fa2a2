"""Which of the objects to be added each ``{i}`` of an ``add.obj`` operation stands for."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from acs.domain.operation import Variable
from acs.provisioning.context import Context
from acs.provisioning.errors import Problem
from acs.provisioning.set import repeated_names, value_problem
from cwmp_schemas.paths import MAX_LENGTH

_PLACEHOLDER: Final = "{i}"

# Before anything is sent no instance has a number; a data model says the same of every number.
_ANY_INSTANCE: Final = "1"


@dataclass(slots=True)
class Addition:
    """One object to be added."""

    place: int
    """Its variable's place in the request."""
    name: str
    """The table, ending in a dot; it may hold ``{i}`` for an instance that is added before."""
    parent: "Addition | None" = None
    """The addition whose instance the last ``{i}`` of the name stands for."""
    follow_ups: list[int] = field(default_factory=list)
    """The places of the variables to be set in the new instance."""


def resolved(name: str, instance_path: str) -> str:
    """A name whose part up to the last ``{i}.`` is a new instance, given that instance's path."""
    return instance_path + name.rpartition(f"{_PLACEHOLDER}.")[2]


def additions_of(variables: Sequence[Variable]) -> tuple[list[Addition], list[Problem]]:
    """The objects to add, each after its parent, and what is wrong with the names."""
    additions = {
        place: Addition(place, each.name)
        for place, each in enumerate(variables)
        if each.value is None and each.name.endswith(".")
    }
    problems: list[Problem] = []
    if not additions:
        problems.append(Problem("variables", "there is no object to add: a name that ends in a dot, without a value"))
    by_name: dict[str, list[int]] = {}
    for place, addition in additions.items():
        by_name.setdefault(addition.name, []).append(place)
    for place, variable in enumerate(variables):
        owner = _owner(place, variable, by_name)
        if isinstance(owner, Problem):
            problems.append(owner)
        elif place in additions:
            additions[place].parent = None if owner is None else additions[owner]
        elif owner is not None:
            additions[owner].follow_ups.append(place)
    for addition in additions.values():
        problems.extend(repeated_names((place, variables[place]) for place in addition.follow_ups))
    return _parents_first(additions.values()), problems


def follow_up_problems(
    additions: Iterable[Addition], variables: Sequence[Variable], context: Context
) -> Iterator[Problem]:
    """What is wrong with the values to be set in the new instances."""
    # What is learned of one instance is not known of a new one.
    unlearned = replace(context, known={})
    for place in sorted(place for addition in additions for place in addition.follow_ups):
        path = variables[place].name.replace(_PLACEHOLDER, _ANY_INSTANCE)
        problem = value_problem(place, variables[place], path, unlearned)
        if problem:
            yield problem


def _owner(place: int, variable: Variable, by_name: Mapping[str, Sequence[int]]) -> int | Problem | None:
    """The addition whose instance a variable's last ``{i}`` means: the nearest before it, else the first after it."""
    where = f"variables[{place}].variable_name"
    is_addition = place in by_name.get(variable.name, ())
    if _PLACEHOLDER not in variable.name:
        if is_addition:
            return None
        what = f"{variable.name} is no object to add, and holds no {_PLACEHOLDER} for one that is added"
        return Problem(where, what, place)
    if len(variable.name) > MAX_LENGTH:
        return Problem(where, f"{variable.name[:60]}... is longer than the {MAX_LENGTH} characters of a name", place)
    table, _, rest = variable.name.rpartition(f"{_PLACEHOLDER}.")
    if not rest or _PLACEHOLDER in rest:
        return Problem(where, f"{variable.name}: a name must follow {_PLACEHOLDER} and a dot", place)
    owners = by_name.get(table, ())
    if not owners:
        return Problem(where, f"{variable.name}: no object {table or 'before it'} is added in this operation", place)
    return max((owner for owner in owners if owner < place), default=owners[0])


def _parents_first(additions: Iterable[Addition]) -> list[Addition]:
    ordered: dict[int, Addition] = {}
    for addition in additions:
        chain, parent = [addition], addition.parent
        while parent is not None:
            chain.append(parent)
            parent = parent.parent
        ordered |= {each.place: each for each in reversed(chain)}
    return list(ordered.values())
