"""How often something may be done, and how much of it: by each device, each token, each address."""

from collections import OrderedDict
from dataclasses import dataclass, field


@dataclass(slots=True)
class Rates:
    """A bucket for each key: full at first, refilled steadily, emptied by what is done."""

    rate: float
    """How much comes back in a second."""
    burst: float
    """How much a full one holds."""
    most: int
    """How many keys are told apart; whoever was not seen for longest begins anew with a full one."""
    _buckets: OrderedDict[object, tuple[float, float]] = field(default_factory=OrderedDict, repr=False)

    def __len__(self) -> int:
        """How many buckets there are."""
        return len(self._buckets)

    def wait(self, key: object, now: float, amount: float = 1) -> float:
        """Take so much from a bucket: 0, or the seconds until it holds that. More than a full one holds empties it."""
        amount = min(amount, self.burst)
        left, then = self._buckets.get(key, (self.burst, now))
        left = min(self.burst, left + (now - then) * self.rate)
        if left < amount:
            return (amount - left) / self.rate
        self._buckets[key] = (left - amount, now)
        self._buckets.move_to_end(key)
        if len(self._buckets) > self.most:
            self._buckets.popitem(last=False)
        return 0.0
