"""What is measured, as data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from benchmarks.engine.preparing import onboard, queue_gets, register
from benchmarks.engine.servers import Server

CONCURRENCY: Final = (50, 200)
"""Sessions at once."""

Hook = Callable[[Server, int], None]
"""Something done to the database of a server, for devices 0 up to a number."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One kind of load on one kind of database."""

    name: str
    """What it is called in commands and files."""
    database: str
    """``sqlite`` or ``postgresql``."""
    title: str = ""
    """What it is called in tables."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """Settings of the server that differ from those of all scenarios."""
    username: str = ""
    """The devices log in by Digest with this name, where ``{serial}`` stands for the device's; empty: they do not."""
    password: str = field(default="", repr=False)
    """Their password."""
    event: str = "2 PERIODIC"
    """Why the devices call."""
    is_first_contact: bool = False
    """Whether each session is that of a device that has never called."""
    introductions: int = 1
    """How often each device calls before the first load: often enough that each worker knows nearly all of them."""
    set_up: Hook | None = None
    """Done once, before the devices call for the first time."""
    before_load: Hook | None = None
    """Done before each load. The load then has one session of each device, and none to warm up."""
    second_settings: Mapping[str, str] | None = None
    """If given, it is held against the same program with these settings, and no bare handler."""
    beside: str = "bare aiohttp"
    """What it is held against, in words."""
    has_all_cores: bool = False
    """Whether the server has all cores, and shares them with what loads it."""
    least_share: float | None = None
    """The share of the bare handler's sessions/s that is laid down, with 50 at once."""
    most_cpu: float | None = None
    """The processor time of a session, as a multiple of what it is held against, that is laid down."""
    most_p99: float | None = None
    """The p99 in milliseconds that is laid down, with 200 at once."""
    most_kilobytes: float | None = None
    """The memory of an open session, above the connection of what it is held against, that is laid down."""
    most_resident: float | None = None
    """The memory of the process in MB, with 10,000 open sessions, that is laid down."""


SCENARIOS: Final = (
    # 345 ms: the p50 of GenieACS where the figures were laid down; 60 % of the bare handler are six times its rate, and
    # 42 % four times its rate with one task.
    Scenario(
        "periodic_sqlite",
        "sqlite",
        "periodic, SQLite",
        least_share=0.6,
        most_p99=345.0,
        most_kilobytes=12.0,
        most_resident=350.0,
    ),
    Scenario("periodic_postgresql", "postgresql", "periodic, PostgreSQL"),
    Scenario("one_get_sqlite", "sqlite", "with one queued get, SQLite", before_load=queue_gets, least_share=0.42),
    Scenario("one_get_postgresql", "postgresql", "with one queued get, PostgreSQL", before_load=queue_gets),
    Scenario(
        "digest_sqlite",
        "sqlite",
        "with Digest, SQLite",
        settings={"AIOACS_ONBOARDING": "reject"},
        set_up=register,
        username="{serial}",
        password="benchmark",
    ),
    Scenario("first_sqlite", "sqlite", "first contact, SQLite", event="0 BOOTSTRAP", is_first_contact=True),
    Scenario("first_postgresql", "postgresql", "first contact, PostgreSQL", event="0 BOOTSTRAP", is_first_contact=True),
    Scenario(
        "onboarding_sqlite",
        "sqlite",
        "first contact with onboarding, SQLite",
        settings={"AIOACS_ONBOARDING": "reject"},
        username="onboarding",
        password="benchmark",
        event="0 BOOTSTRAP",
        is_first_contact=True,
        set_up=onboard,
    ),
    Scenario(
        "two_workers",
        "postgresql",
        "two workers, PostgreSQL",
        settings={"AIOACS_WORKERS": "2"},
        second_settings={},
        introductions=6,
        beside="one worker",
        has_all_cores=True,
        most_cpu=1.25,
    ),
)
