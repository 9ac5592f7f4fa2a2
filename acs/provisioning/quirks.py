"""How devices of one type differ from what the standard says: data, never code."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated

from acs.domain.operation import JSON
from acs.provisioning.batches import MAX_BATCH
from acs.provisioning.errors import Problem, QuirksError
from acs.provisioning.plain import Between, from_plain, to_plain
from cwmp_schemas.style import WireStyle


@dataclass(frozen=True, slots=True)
class Quirks:
    """What one type of device wants or bears; the defaults are what most of them do."""

    boolean_words: bool = False
    """Write booleans as true/false instead of 1/0."""
    next_level_words: bool = False
    """Write NextLevel of GetParameterNames as true/false."""
    declaration: bool = False
    """Start envelopes with an XML declaration."""
    milliseconds: bool = False
    """Write dateTimes with milliseconds."""
    gpv_batch: Annotated[int, Between(1, MAX_BATCH)] = 64
    """How many names to ask for in one GetParameterValues."""
    spv_batch: Annotated[int, Between(1, MAX_BATCH)] = 64
    """How many desired settings to push in one SetParameterValues; a set operation is atomic and never split."""
    answer_limit: Annotated[int, Between(1, 100_000)] | None = None
    """The most values the device puts into one answer, leaving out the rest in silence (256: Huawei HN8145X6N)."""
    root_path: str | None = None
    """What to ask for instead of the empty path, where that is refused (Sagemcom F@st 2764)."""
    read_back: bool = True
    """Read back what was set. Off for devices that fall silent after a set (Nokia Beacon G6)."""
    read_back_secrets: bool = False
    """Read back secrets too, where the device tells them."""
    skip_writable_check: bool = True
    """Push a setting even when the device lists the parameter as read-only: many list writable ones so."""
    rpcs_per_session: Annotated[int, Between(1, 10_000)] | None = None
    """How many RPCs the device bears in one session (1: SmartRG SR505N)."""
    session_timeout: Annotated[int, Between(1, 1800)] | None = None
    """Seconds of silence to bear in a session (240: Nokia Beacon G6, Baicells)."""
    config_delay: Annotated[int, Between(0, 86_400)] = 0
    """Seconds after its boot in which the device refuses configuration (600: Baicells)."""
    no_authentication: bool = False
    """Let the device in without credentials."""
    no_http_only_cookie: bool = False
    """Leave HttpOnly out of the cookie: some devices drop a cookie that carries it."""
    session_by_address: bool = False
    """Find the session by the device's address when it sends no cookie."""

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> "Quirks":
        """Read quirks from configuration; QuirksError names every key and value that is wrong."""
        root = data.get("root_path")
        no_path = [Problem("root_path", "must end in a dot")] if isinstance(root, str) and root[-1:] != "." else []
        try:
            quirks = from_plain(cls, data, QuirksError)
        except QuirksError as error:
            raise QuirksError([*error.problems, *no_path]) from None
        if no_path:
            raise QuirksError(no_path)
        return quirks

    def to_dict(self) -> dict[str, JSON]:
        """Whatever differs from the defaults, for ``from_dict``."""
        defaults = {field.name: field.default for field in dataclasses.fields(self)}
        return {name: value for name, value in to_plain(self, secrets=True).items() if value != defaults[name]}

    @property
    def style(self) -> WireStyle:
        """How to write to the device."""
        return _style(self.declaration, self.boolean_words, self.next_level_words, self.milliseconds)

    def tree_path(self, path: str) -> str:
        """A path as the device takes it: the top of the tree may need a name."""
        return path or self.root_path or ""


@cache
def _style(declaration: bool, boolean_words: bool, next_level_words: bool, milliseconds: bool) -> WireStyle:
    """Asked for at each answer, so made once."""
    return WireStyle(
        declaration=declaration,
        boolean_words=boolean_words,
        next_level_words=next_level_words,
        milliseconds=milliseconds,
    )
