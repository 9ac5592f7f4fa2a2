"""What is measured, as data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from benchmarks.engine.preparing import queue_gets, register
from benchmarks.engine.servers import Server

CONCURRENCY: Final = (50, 200)
"""Sessions at once."""

Hook = Callable[[Server, int], None]
"""Something done to the database of a server, for devices 0 up to a number."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One kind of load on one kind of database."""

    name: str
    """What it is called in tables and files."""
    database: str
    """``sqlite`` or ``postgresql``."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """Settings of the server that differ from those of all scenarios."""
    username: str = ""
    """The devices log in by Digest with this name, where ``{serial}`` stands for the device's; empty: they do not."""
    password: str = field(default="", repr=False)
    """Their password."""
    set_up: Hook | None = None
    """Done once, before the devices call for the first time."""
    before_load: Hook | None = None
    """Done before each load. The load then has one session of each device, and none to warm up."""
    least_share: float | None = None
    """The share of the bare handler's sessions/s that is laid down, with 50 at once."""
    most_p99: float | None = None
    """The p99 in milliseconds that is laid down, with 200 at once."""
    most_kilobytes: float | None = None
    """The memory of an open session, beyond its connection, that is laid down."""


SCENARIOS: Final = (
    # 345 ms: the p50 of GenieACS where the figures were laid down.
    Scenario("periodic_sqlite", "sqlite", least_share=0.6, most_p99=345.0, most_kilobytes=12.0),
    Scenario("periodic_postgresql", "postgresql"),
    Scenario("one_get_sqlite", "sqlite", before_load=queue_gets),
    Scenario("one_get_postgresql", "postgresql", before_load=queue_gets),
    Scenario(
        "digest_sqlite",
        "sqlite",
        settings={"AIOACS_ONBOARDING": "reject"},
        username="{serial}",
        password="benchmark",
        set_up=register,
    ),
)
