"""Parameter paths: names, partial paths, wildcards, templates and instances (TR-069 A.3.2, TR-106 3.1).

``Path`` is for what a person or a program asks for. What a device sends may be no path at all (the Technicolor TG784n
doubles dots and adds spaces) and stays the string it was: ``template_of`` and ``covers`` take anything and build
nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final

# A.3.2.2 and A.3.2.3: a name or path is a string(256).
MAX_LENGTH: Final = 256
# TR-106: an Alias is a string(64) that begins with a letter.
MAX_ALIAS_LENGTH: Final = 64

_PLACEHOLDER: Final = "{i}"
_WILDCARD: Final = "*"
# Vendors do not keep to TR-106's letters, digits, "-" and "_"; a name is refused only where it could be misread.
_RESERVED: Final = frozenset(" []{}*")


class PathError(ValueError):
    """A text that is no parameter path, or a step that a path does not allow."""

    def __init__(self, path: str, position: int, what: str) -> None:
        shown = ascii(path if len(path) <= 80 else path[:77] + "...")
        super().__init__(f"path {shown}: {what} (at position {position})")
        self.path = path
        self.position = position
        self.what = what


class SegmentKind(Enum):
    """What stands between two dots."""

    NAME = "name"
    INSTANCE = "instance number"
    ALIAS = "instance alias"
    PLACEHOLDER = "{i}"
    WILDCARD = "*"


_INSTANCES: Final = frozenset({SegmentKind.INSTANCE, SegmentKind.ALIAS})


@dataclass(frozen=True, slots=True)
class Segment:
    """One step of a path."""

    text: str
    """As it was written, with the brackets of an alias."""
    kind: SegmentKind
    """How it is read."""

    def fits(self, text: str) -> bool:
        """Whether a segment of a name is this one, or one that this one stands for."""
        if self.kind is SegmentKind.WILDCARD:
            return text != ""
        return text == self.text or (self.kind is SegmentKind.PLACEHOLDER and _is_instance(text))


@dataclass(frozen=True, slots=True)
class Path:
    """A parameter, an object or table (both end in a dot), the root (nothing at all), or a pattern of these."""

    segments: tuple[Segment, ...]
    """The steps from the root object on; none for the root."""
    is_partial: bool
    """Whether it means all that is below it: it ends in a dot, or is empty (A.3.2.2)."""

    @classmethod
    def parse(cls, text: str) -> "Path":
        """Read a path; PathError says what is wrong and where."""
        if len(text) > MAX_LENGTH:
            raise PathError(text, MAX_LENGTH, f"longer than {MAX_LENGTH} characters")
        pieces, is_partial = _cut(text)
        segments: list[Segment] = []
        start = 0
        for piece in pieces:
            segments.append(_segment(text, start, piece))
            start += len(piece) + 1
        if segments and segments[0].kind not in {SegmentKind.NAME, SegmentKind.WILDCARD}:
            raise PathError(text, 0, "a path begins with the name of the root object")
        if segments and not is_partial and segments[-1].kind not in {SegmentKind.NAME, SegmentKind.WILDCARD}:
            last = segments[-1]
            raise PathError(text, len(text) - len(last.text), f"a dot must follow the {last.kind.value}")
        return cls(tuple(segments), is_partial)

    def __str__(self) -> str:
        text = ".".join(segment.text for segment in self.segments)
        return f"{text}." if self.segments and self.is_partial else text

    @property
    def is_root(self) -> bool:
        """Whether it is the empty path: the whole data model."""
        return not self.segments

    @property
    def is_concrete(self) -> bool:
        """Whether a device can be asked for it: no wildcard and no ``{i}``."""
        return all(segment.kind not in {SegmentKind.WILDCARD, SegmentKind.PLACEHOLDER} for segment in self.segments)

    @property
    def template(self) -> str:
        """The path in the data model: every instance as ``{i}``."""
        return template_of(str(self))

    @property
    def instances(self) -> tuple[str, ...]:
        """The instance numbers and bracketed aliases, from the left: what ``fill`` puts back into the template."""
        return tuple(segment.text for segment in self.segments if segment.kind in _INSTANCES)

    @property
    def parent(self) -> "Path":
        """The object or table this stands in. The root is its own parent."""
        return Path(self.segments[:-1], is_partial=True)

    def child(self, text: str) -> "Path":
        """What stands below this object: ``Enable``, ``Stats.``, ``3.``, ``Stats.BytesSent``."""
        if not self.is_partial:
            raise PathError(str(self), len(str(self)), "nothing stands below a parameter")
        return Path.parse(f"{self}{text}")

    def fill(self, instances: Iterable[int | str]) -> "Path":
        """The path with instances in the place of ``{i}``, from the left. Where there are fewer, the rest stay."""
        segments = list(self.segments)
        places = (index for index, segment in enumerate(segments) if segment.kind is SegmentKind.PLACEHOLDER)
        for instance in map(str, instances):
            filling = _segment(instance, 0, instance)
            if filling.kind not in _INSTANCES:
                raise PathError(instance, 0, "neither an instance number nor an alias")
            index = next(places, None)
            if index is None:
                raise PathError(str(self), len(str(self)), f"no {_PLACEHOLDER} is left for {instance}")
            segments[index] = filling
        # Aliases may have made it too long.
        return Path.parse(str(Path(tuple(segments), self.is_partial)))

    def matches(self, name: str) -> bool:
        """Whether it means exactly this name: ``*`` is any one segment, ``{i}`` any instance."""
        pieces, is_partial = _cut(name)
        return is_partial is self.is_partial and len(pieces) == len(self.segments) and self._begins(pieces)

    def covers(self, name: str) -> bool:
        """Whether asking for it asks for this name: a partial path covers itself and all that is below it."""
        if not self.is_partial:
            return self.matches(name)
        pieces, is_partial = _cut(name)
        is_below = len(pieces) > len(self.segments) or (is_partial and len(pieces) == len(self.segments))
        return is_below and self._begins(pieces)

    def _begins(self, pieces: list[str]) -> bool:
        return all(segment.fits(piece) for segment, piece in zip(self.segments, pieces, strict=False))


def template_of(text: str) -> str:
    """The text with every instance number and alias that a dot follows as ``{i}``. Takes anything; never raises."""
    segments = _split(text)
    # What no dot follows is a parameter's name, even when it is a number.
    parameter = segments.pop()
    segments = [_PLACEHOLDER if _is_instance(segment) else segment for segment in segments]
    segments.append(parameter)
    return ".".join(segments)


def covers(partial: str, name: str) -> bool:
    """Whether a request for a path without wildcards asks for this name. Takes anything; never raises."""
    return name.startswith(partial) if not partial or partial[-1] == "." else name == partial


def _is_instance(segment: str) -> bool:
    return (segment.isdigit() and segment.isascii()) or (segment[:1] == "[" and segment[-1] == "]")


def _cut(text: str) -> tuple[list[str], bool]:
    """The segments, and whether a dot (or nothing at all) ends them."""
    pieces = _split(text)
    is_partial = not pieces[-1]
    return (pieces[:-1] if is_partial else pieces), is_partial


def _split(text: str) -> list[str]:
    """Cut at the dots, but not at those of an alias, whose first character alone is restricted (TR-069 3.6.1)."""
    if "[" not in text:
        return text.split(".")
    segments: list[str] = []
    start = 0
    last_bracket = text.rfind("]")
    while True:
        in_brackets = text.startswith("[", start) and start < last_bracket
        dot = text.find(".", text.find("]", start) if in_brackets else start)
        if dot < 0:
            return [*segments, text[start:]]
        segments.append(text[start:dot])
        start = dot + 1


def _segment(path: str, position: int, text: str) -> Segment:
    if text == _WILDCARD:
        return Segment(text, SegmentKind.WILDCARD)
    if text == _PLACEHOLDER:
        return Segment(text, SegmentKind.PLACEHOLDER)
    if text[:1] == "[":
        alias = text[1:-1]
        proper = alias[:1].isalpha() and alias.isprintable() and "]" not in alias and text[-1] == "]"
        if not proper or len(alias) > MAX_ALIAS_LENGTH:
            what = f"an alias is a letter and up to {MAX_ALIAS_LENGTH - 1} more characters in brackets"
            raise PathError(path, position, what)
        return Segment(text, SegmentKind.ALIAS)
    if not text:
        raise PathError(path, position, "an empty segment")
    if not text.isprintable() or not _RESERVED.isdisjoint(text):
        raise PathError(path, position, "a name holds no blanks, brackets, braces or stars")
    return Segment(text, SegmentKind.INSTANCE if _is_instance(text) else SegmentKind.NAME)
