"""What is waited for without a clock."""

import asyncio


class Beat:
    """Counts what the fleet does, so that instants can be chosen without a clock."""

    def __init__(self) -> None:
        self.count = 0
        self._alarms: list[tuple[int, asyncio.Event]] = []

    def strike(self) -> None:
        """Something has happened."""
        self.count += 1
        for due, alarm in self._alarms:
            if due <= self.count:
                alarm.set()
        self._alarms = [each for each in self._alarms if not each[1].is_set()]

    async def wait(self, beats: int) -> None:
        """Wait until so much more has happened."""
        alarm = asyncio.Event()
        self._alarms.append((self.count + max(1, beats), alarm))
        await alarm.wait()
