"""What goes wrong by chance between a device and its ACS."""

import re
from dataclasses import dataclass, fields
from enum import Enum
from functools import lru_cache
from typing import Final

from simulators.device.chance import Chance

_ID: Final = re.compile(rb"(<[\w-]+:ID[^>]*>)[^<]*(?=</)")
_MAX_GARBLED: Final = 8


class Kind(Enum):
    """What happens to a post, by the name of its share."""

    DROP = "drop"
    DELAY = "delay"
    REPEAT = "repeat"
    GARBLE = "garble"
    CLOSE = "close"
    WRONG_ID = "wrong_id"
    SLOW_READ = "slow_read"
    RECONNECT = "reconnect"


@dataclass(frozen=True, slots=True)
class Disturbance:
    """What happens to one post."""

    kind: Kind
    """What it is."""
    seconds: float = 0.0
    """How long it takes, if it takes time."""


@dataclass(frozen=True, slots=True)
class RandomFaults:
    """How often things go wrong: shares of all posts, from 0 to 1, together at most 1."""

    drop: float = 0.0
    """The connection is cut in place of the post; the session has failed."""
    delay: float = 0.0
    """The post comes late."""
    repeat: float = 0.0
    """The post is sent twice, one right behind the other."""
    garble: float = 0.0
    """Some octets of the post are other ones."""
    close: float = 0.0
    """The connection is cut once the post is out, so that the reply is lost; the session has failed."""
    wrong_id: float = 0.0
    """The cwmp:ID of the post is another one."""
    slow_read: float = 0.0
    """The reply is read late."""
    reconnect: float = 0.0
    """The post goes over a new connection."""
    deaf: float = 0.0
    """The share of devices, not of posts, that never answer a connection request."""
    longest: float = 5.0
    """The most seconds that a delay or a slow read takes."""

    def __post_init__(self) -> None:
        """ValueError for what is no share."""
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name == "longest":
                if not 0 <= value <= 600:
                    raise ValueError(f"longest is {value}: it takes seconds from 0 to 600")
            elif not 0 <= value <= 1:
                raise ValueError(f"{field.name} is {value}: a share is from 0 to 1")
        if (total := sum(share for _, share in _ladder(self))) > 1 + 1e-9:
            raise ValueError(f"the shares add up to {total:g}: of all posts no more than all can go wrong")

    def disturbance(self, chance: Chance) -> Disturbance | None:
        """What happens to the next post; nothing in most cases."""
        ladder = _ladder(self)
        if not ladder:
            return None
        drawn = chance.share()
        for kind, share in ladder:
            if drawn < share:
                return Disturbance(kind, chance.between(0.0, self.longest) if kind in _TAKE_TIME else 0.0)
            drawn -= share
        return None

    def is_deaf(self, chance: Chance) -> bool:
        """Whether a device is one of those that never answer a connection request; asked once."""
        return chance.happens(self.deaf)


@lru_cache(maxsize=1024)
def _ladder(faults: RandomFaults) -> tuple[tuple[Kind, float], ...]:
    """What can go wrong; it is asked for before every post of every device."""
    shares = ((kind, getattr(faults, kind.value)) for kind in Kind)
    return tuple((kind, share) for kind, share in shares if share)


_TAKE_TIME: Final = frozenset({Kind.DELAY, Kind.SLOW_READ})

NO_FAULTS: Final = RandomFaults()
"""Nothing goes wrong."""


def garble(data: bytes, chance: Chance) -> bytes:
    """Octets with some of them changed, or with the end missing; never what they were."""
    if not data:
        return data
    if chance.happens(0.25):
        return data[: chance.whole(0, len(data) - 1)]
    garbled = bytearray(data)
    places = {chance.whole(0, len(data) - 1) for _ in range(chance.whole(1, _MAX_GARBLED))}
    for place in sorted(places):
        garbled[place] ^= chance.whole(1, 255)
    return bytes(garbled)


def with_other_id(data: bytes, chance: Chance) -> bytes:
    """An envelope under another cwmp:ID; as it was if it has none that can be found."""
    return _ID.sub(rb"\g<1>%x" % chance.bits(), data, count=1)
