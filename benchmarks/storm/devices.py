"""Devices that remember what they told, what of it was acknowledged, and how long that took."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from cwmp_schemas import events
from cwmp_schemas.rpc.session import Event
from simulators.device.cpe import Cpe
from simulators.device.session import CpeSession

Counted = dict[str, int]
"""How many Informs, by their events: ``0 BOOTSTRAP, 1 BOOT``."""
_NEVER: Final = -1.0


@dataclass(slots=True)
class Story:
    """What became of a device since it was up (again). Times are those of the fleet's clock."""

    up_at: float
    """When it was up, and had something to tell."""
    tried_at: float = _NEVER
    """When it called first."""
    told_at: float = _NEVER
    """When the Inform with its boot was acknowledged."""
    done_at: float = _NEVER
    """When the session had ended in which that was told."""
    tries: int = 0
    """The sessions it began up to then."""
    waiting: float = 0.0
    """Seconds for which it held itself back, as the standard or a Retry-After wants it."""
    calling: float = 0.0
    """Seconds for which it had a session open, or tried to."""
    served_at: float = _NEVER
    """When its last session ended well."""
    longest_gap: float = 0.0
    """The longest time between two such ends."""

    @property
    def is_done(self) -> bool:
        """Whether it has got through."""
        return self.done_at != _NEVER

    @property
    def took(self) -> float:
        """Seconds from being up to the acknowledgement; of one that has told nothing yet none."""
        return self.told_at - self.up_at if self.told_at != _NEVER else 0.0

    @property
    def late(self) -> float:
        """Seconds for which it waited for nothing but its turn in the process that simulates it."""
        return max(0.0, self.done_at - self.up_at - self.waiting - self.calling) if self.is_done else 0.0


class StormCpe(Cpe):
    """A device with such a memory."""

    __slots__ = ("_began_at", "answered", "put_off_until", "sent", "story")

    def __init__(self, *given: Any, **ways: Any) -> None:  # noqa: ANN401  those of Cpe
        self.sent: Counted = {}
        """The Informs it has sent."""
        self.answered: Counted = {}
        """Those that were answered."""
        self.put_off_until = 0.0
        """What the last Retry-After said; 0 if the last session that failed came to none."""
        self._began_at = 0.0
        super().__init__(*given, **ways)
        self.story = Story(self.back_at)
        """What became of it since it was up."""

    def restart(self, now: float, command_key: str | None = None, takes: float | None = None) -> None:
        """See ``Cpe``."""
        super().restart(now, command_key, takes)
        self.story = Story(self.back_at)

    def open(self, now: float) -> CpeSession:
        """See ``Cpe``."""
        story = self.story
        if not story.is_done:
            story.tries += 1
            if story.tried_at == _NEVER:
                story.tried_at = now
        self._began_at = now
        return super().open(now)

    def inform(self, message_id: str, now: float) -> bytes:
        """See ``Cpe``."""
        post = super().inform(message_id, now)
        _count(self.sent, self._informing.told)
        return post

    def informed(self, now: float) -> list[Event]:
        """See ``Cpe``."""
        told = self._informing.told
        _count(self.answered, told)
        if self.story.told_at == _NEVER and any(event.event_code == events.BOOT for event in told):
            self.story.told_at = now
        return super().informed(now)

    def session_over(self, now: float) -> None:
        """See ``Cpe``."""
        story = self.story
        if self.session is not None:
            if story.served_at != _NEVER:
                story.longest_gap = max(story.longest_gap, now - story.served_at)
            story.served_at = now
        if self.session is not None and not story.is_done:
            story.calling += now - self._began_at
            if story.told_at != _NEVER:
                story.done_at = now
        super().session_over(now)

    def session_failed(self, now: float, *, not_before: float = 0.0) -> None:
        """See ``Cpe``."""
        story, is_mine = self.story, self.session is not None
        self.put_off_until = not_before
        super().session_failed(now, not_before=not_before)
        if is_mine and not story.is_done:
            story.calling += now - self._began_at
            story.waiting += max(0.0, self.retrying.due_at(has_news=self.pending.has_news) - now)


def _count(counted: Counted, told: Iterable[Event]) -> None:
    name = ", ".join(event.event_code for event in told)
    counted[name] = counted.get(name, 0) + 1
