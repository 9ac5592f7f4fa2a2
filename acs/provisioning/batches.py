"""Names sent in batches that shrink when a device cannot bear them, and split to find the name that it refuses."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Annotated, Final

from acs.provisioning.plain import Between
from cwmp_schemas.faults import CpeFault

MAX_BATCH: Final = 10_000
"""How many names may ever go together."""

LOSSES: Final = 2
"""How often a request of several names may get no answer before it counts as too big for the device."""

TOO_MUCH: Final = frozenset({CpeFault.INTERNAL_ERROR, CpeFault.INVALID_ARGUMENTS, CpeFault.RESOURCES_EXCEEDED})
"""What devices say to more names than they bear: Cisco 867 answers 9004, Grandstream 9002, others 9003."""


@dataclass(slots=True)
class Group:
    """Names that may go together."""

    names: list[str]
    """Which, in order."""
    ceiling: int | None = None
    """Of a part of a refused batch: the size of batches before the refusal."""


@dataclass(slots=True)
class Batches:
    """Names still to be sent, the next batch first."""

    size: Annotated[int, Between(1, MAX_BATCH)]
    """How many names a batch may have."""
    groups: list[Group]
    """The names; no group is empty."""

    @classmethod
    def of(cls, names: Iterable[str], size: int) -> "Batches":
        """Batches of all the names."""
        batches = cls(size, [])
        batches.add(names)
        return batches

    def __bool__(self) -> bool:
        return bool(self.groups)

    def __len__(self) -> int:
        return sum(len(group.names) for group in self.groups)

    def names(self) -> Iterable[str]:
        """All names still to be sent."""
        return (name for group in self.groups for name in group.names)

    def add(self, names: Iterable[str]) -> None:
        """Append names."""
        group = Group(list(names))
        if group.names:
            self.groups.append(group)

    def head(self) -> tuple[str, ...]:
        """The names of the next batch."""
        return tuple(self.groups[0].names[: self.size])

    def keep(self, names: Collection[str]) -> None:
        """Of the next batch, only these names are still to be sent; the rest is done with."""
        first = self.groups.pop(0)
        batch, rest = first.names[: self.size], first.names[self.size :]
        kept = [name for name in batch if name in names]
        self.groups[:0] = [Group(part, first.ceiling) for part in (kept, rest) if part]

    def clear(self) -> None:
        """Nothing is still to be sent."""
        self.groups.clear()

    def split(self, *, shrink: bool) -> None:
        """The next batch, of two names or more, was refused as a whole: its halves go out one by one.

        With ``shrink`` its size may have been the reason, and no later batch is larger than a half.
        """
        first = self.groups.pop(0)
        batch, rest = first.names[: self.size], first.names[self.size :]
        half = (len(batch) + 1) // 2
        ceiling = self.size
        if shrink:
            ceiling = first.ceiling or self.size
            self.size = half
        parts = [Group(batch[:half], ceiling), Group(batch[half:], ceiling), Group(rest, first.ceiling)]
        self.groups[:0] = [group for group in parts if group.names]

    def blame(self) -> str:
        """The next batch is one name, refused alone: it explains the refusals that led here, so the size does not."""
        first = self.groups[0]
        name = first.names[0]
        self.size = max(self.size, first.ceiling or 0)
        first.names.remove(name)
        if not first.names:
            self.groups.pop(0)
        return name
