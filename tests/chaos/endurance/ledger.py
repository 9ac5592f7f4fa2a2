"""Whatever went wrong, by kind and by what explains it; what nothing explains fails the run."""

from collections import Counter
from collections.abc import Callable
from typing import Final

from simulators.client.counting import Counting
from tests.chaos.endurance.fleet import Member
from tests.chaos.endurance.reasons import of_fault, of_session

_MOST_SHOWN: Final = 5


class Ledger:
    """Counts what went wrong."""

    def __init__(self) -> None:
        self.explained: Counter[tuple[str, str]] = Counter()
        """How often, by kind and by explanation."""
        self.unexplained: Counter[str] = Counter()
        """How often, by kind."""
        self.shown: dict[str, list[str]] = {}
        """Some of what nothing explains."""

    def note(self, kind: str, why: str | None, detail: str = "") -> None:
        """Something went wrong; ``why`` is None if nothing explains it."""
        if why is not None:
            self.explained[kind, why] += 1
            return
        self.unexplained[kind] += 1
        shown = self.shown.setdefault(kind, [])
        if len(shown) < _MOST_SHOWN:
            shown.append(detail)

    def sentences(self) -> list[str]:
        """All that nothing explains."""
        return [
            f"{kind} ({times} times): {'; '.join(self.shown[kind])}" for kind, times in self.unexplained.most_common()
        ]


class Noted:
    """Counts for one device, and explains how each of its sessions ended."""

    def __init__(self, member: Member, tally: Counting, ledger: Ledger, is_stopping: Callable[[], bool]) -> None:
        self._member = member
        self._tally = tally
        self._ledger = ledger
        self._is_stopping = is_stopping
        self._here: set[str] = set()

    def began(self, now: float) -> None:
        """See ``Counting``."""
        self._here = set()
        self._tally.began(now)

    def reply(self, status: int) -> None:
        """See ``Counting``."""
        self._tally.reply(status)

    def ended(self, outcome: str, seconds: float, now: float) -> None:
        """See ``Counting``."""
        self._tally.ended(outcome, seconds, now)
        member = self._member
        if outcome != member.outcome or outcome != "ok":
            why = "the end of the run" if self._is_stopping() else of_session(outcome, member, self._here)
            self._ledger.note(f"session: {outcome}", why, _who(member))

    def informed(self, seconds: float) -> None:
        """See ``Counting``."""
        self._tally.informed(seconds)

    def rpc(self, method: str, fault: int, seconds: float) -> None:
        """See ``Counting``."""
        self._tally.rpc(method, fault, seconds)
        if fault:
            self._ledger.note(f"fault {fault} to {method}", of_fault(method, fault, self._member), _who(self._member))

    def request(self, method: str, seconds: float, ok: bool) -> None:
        """See ``Counting``."""
        self._tally.request(method, seconds, ok)
        if not ok:
            self._ledger.note(f"request {method} refused", _damaged(self._here), _who(self._member))

    def told_fault(self, method: str, code: int) -> None:
        """See ``Counting``."""
        self._tally.told_fault(method, code)
        if code:
            why = of_fault(method, code, self._member)
            self._ledger.note(f"fault {code} told by {method}", why, _who(self._member))

    def event(self, code: str) -> None:
        """See ``Counting``."""
        self._tally.event(code)

    def disturbed(self, kind: str) -> None:
        """See ``Counting``."""
        self._here.add(kind)
        self._member.disturbed.add(kind)
        self._tally.disturbed(kind)

    def transfer(self, kind: str, octets: int, seconds: float, fault: int) -> None:
        """See ``Counting``."""
        self._tally.transfer(kind, octets, seconds, fault)


def _damaged(here: set[str]) -> str | None:
    return "garble" if "garble" in here else None


def _who(member: Member) -> str:
    return f"{member.serial} ({', '.join(member.behaviour.names) or 'no quirks'})"
