"""What a device has ahead of it: appointments, calls by its interval, and what waits for the end of a session."""

from simulators.device.agenda import Action, Agenda
from simulators.device.periodic import Periodic


class Plans:
    """All of it; a restart leaves only the appointments that last."""

    __slots__ = ("_after_session", "agenda", "periodic")

    def __init__(self) -> None:
        self.agenda = Agenda()
        """Appointments."""
        self.periodic = Periodic()
        """Calls by the interval."""
        self._after_session: list[Action] = []

    @property
    def waiting(self) -> int:
        """How much waits for the end of the session."""
        return len(self._after_session)

    def after_session(self, action: Action) -> None:
        """Something to do once the session has ended; each action once."""
        if action not in self._after_session:
            self._after_session.append(action)

    def session_ended(self, now: float) -> None:
        """Do what has waited, in the order in which it came up."""
        if self._after_session:
            waiting, self._after_session = self._after_session, []
            for action in waiting:
                action(now)

    def restarted(self) -> None:
        """The device has gone down."""
        self.agenda.restarted()
        self.periodic.stop()
        self._after_session = []
