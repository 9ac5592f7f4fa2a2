"""Paths as the ACS writes them: instances by number, or by alias where the device knows aliases (TR-069 3.6.1)."""

from dataclasses import dataclass

from cwmp_schemas.paths import Path, PathError
from simulators.device.model import Leaf, Node
from simulators.device.tree import Tree

_Steps = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """A path that is there."""

    said: str
    """As the ACS wrote it."""
    path: str
    """By instance numbers."""
    item: Leaf | Node
    """What stands there."""


def find_asked(tree: Tree, said: str) -> Asked | None:
    """What the ACS means by a path; None when the device has nothing of that name."""
    path = resolve(tree, said)
    item = None if path is None else tree.item(path)
    return None if path is None or item is None else Asked(said, path, item)


def resolve(tree: Tree, said: str) -> str | None:
    """The path by instance numbers; None when it has an alias that no instance has. It need not be there."""
    if "[" not in said:
        return said
    steps = _steps(tree, said)
    path, left = ("", _Steps()) if steps is None else _follow(tree, "", steps)
    return None if steps is None or left else path


def make_instances(tree: Tree, said: str) -> str | None:
    """The path by numbers, after an instance was made for each alias that no instance has (AutoCreateInstances); None
    where none can be."""
    steps = _steps(tree, said) if _is_on(tree, "AutoCreateInstances") else None
    if steps is None:
        return None
    path, left = _follow(tree, "", steps)
    while left:
        table = tree.item(path)
        if not isinstance(table, Node) or not table.has_aliases or not table.takes_more:
            return None
        number = tree.add(path, _alias(left[0]))
        path, left = _follow(tree, f"{path}{number}.", left[1:])
    return path


def split_alias(tree: Tree, said: str) -> tuple[str, str] | None:
    """The table and the alias that AddObject is to give, of a path that ends in an alias (A.3.2.6)."""
    steps = _steps(tree, said) if said.endswith("].") else None
    return None if steps is None else ("".join(steps[:-1]), _alias(steps[-1]))


class Naming:
    """How an answer writes names: what was asked for as the ACS wrote it, what is below as InstanceMode says."""

    __slots__ = ("_aliased", "_head", "_said", "_tree")

    def __init__(self, tree: Tree, asked: Asked) -> None:
        self._tree = tree
        self._said = asked.said
        self._head = len(asked.path)
        in_aliases = _is_on(tree, "AliasBasedAddressing") and _management(tree, "InstanceMode") == "InstanceAlias"
        self._aliased: dict[str, str] | None = {asked.path: asked.said} if in_aliases else None

    def say(self, name: str) -> str:
        """The name of something that was asked for."""
        if self._aliased is None:
            return self._said + name[self._head :]
        parent = name[: name.rstrip(".").rfind(".") + 1]
        if len(parent) < self._head:
            return self._said
        return self._object(parent) + self._step(parent, name[len(parent) :])

    def _object(self, path: str) -> str:
        assert self._aliased is not None  # noqa: S101  ``say`` has looked
        said = self._aliased.get(path)
        if said is None:
            parent = path[: path[:-1].rfind(".") + 1]
            said = self._aliased[path] = self._object(parent) + self._step(parent, path[len(parent) :])
        return said

    def _step(self, parent: str, step: str) -> str:
        if not step[:-1].isdigit():
            return step
        alias = self._tree.alias(f"{parent}{step}")
        return f"[{alias}]." if alias else step


def _follow(tree: Tree, path: str, steps: _Steps) -> tuple[str, _Steps]:
    """The path by numbers up to the first alias that no instance has, and the steps from there on."""
    for index, step in enumerate(steps):
        if step[0] != "[":
            path += step
        elif number := next((number for number, alias in tree.aliases(path) if alias == _alias(step)), None):
            path += f"{number}."
        else:
            return path, steps[index:]
    return path, ()


def _steps(tree: Tree, said: str) -> _Steps | None:
    """The steps of a path, each with its dot; None where it is none, or the device knows no aliases."""
    try:
        path = Path.parse(said)
    except PathError:
        return None
    if not _is_on(tree, "AliasBasedAddressing"):
        return None
    last = len(path.segments) - (0 if path.is_partial else 1)
    return tuple(segment.text + ("." if index < last else "") for index, segment in enumerate(path.segments))


def _alias(step: str) -> str:
    return step[1:-2]


def _is_on(tree: Tree, name: str) -> bool:
    return _management(tree, name) == "1"


def _management(tree: Tree, name: str) -> str | None:
    return tree.value(tree.model.management(name), 0.0)
