"""Runs to be reported on."""

from collections.abc import Mapping
from typing import Final

from simulators.report.document import Document, Expectation
from simulators.report.machine import Machine
from simulators.report.run import Run, document
from simulators.report.settings import Scalar
from simulators.tally import OK, Tally

START: Final = 1_790_000_000.25
PASSWORD: Final = "geheim-und-lang"
SETTINGS: Final[Mapping[str, Scalar]] = {
    "acs_url": f"http://someone:{PASSWORD}@127.0.0.1:7547/cwmp?token={PASSWORD}",
    "devices": 3,
    "username": "cpe",
    "password": "***",
    "plain": True,
    "tls": False,
    "limit": None,
    "scenario": "/home/somebody/my scenario.toml",
}
MACHINE: Final = Machine(
    "A processor <fast>", 8, 2, 16 << 30, "Linux 6.1", "CPython 3.11.7", {"aioacs": "0.1.0", "uvloop": "0.22.1"}
)
HOLDS: Final = Expectation("all sessions end well", 4, 4, True)
BROKEN: Final = Expectation("no RPC fails", 0, 2, False)
HOSTILE: Final = "</style></title><script>alert('1')</script>\"&\x1b[2J\x00\udc80"


def made(tally: Tally, seconds: float, *expectations: Expectation, scenario: str = "steady") -> Document:
    """What is told of a run with these counts."""
    return document(
        Run(
            settings=SETTINGS,
            scenario=scenario,
            seed=7,
            devices=3,
            started=START,
            ended=START + seconds,
            cpu_seconds=0.5,
            peak_memory=20 << 20,
            expectations=expectations,
        ),
        tally,
        MACHINE,
    )


def small() -> Tally:
    """Ten seconds of a few sessions, with something of everything."""
    tally = Tally(START)
    for second in range(10):
        for number in range(second + 1):
            tally.began(START + second + 0.1)
            bad = number % 4 == 3
            tally.ended(
                ("timeout" if second % 2 else "busy 503") if bad else OK, 0.002 * 3**number, START + second + 0.9
            )
            tally.informed(0.001)
            tally.reply(503 if bad else 200)
    tally.began(START + 9.9)
    tally.rpc("GetParameterValues", 0, 0.010)
    tally.rpc("GetParameterValues", 9005, 0.020)
    tally.rpc("Download", 9010, 0.5)
    tally.request("TransferComplete", 0.003, ok=True)
    tally.request("TransferComplete", 0.003, ok=False)
    tally.told_fault("TransferComplete", 9018)
    tally.transfer("1 Firmware Upgrade Image", 5000, 2.0, 0)
    tally.transfer("1 Firmware Upgrade Image", 96, 0.1, 9018)
    tally.event("2 PERIODIC")
    tally.called("accepted")
    tally.disturbed("cut connection")
    return tally


def hostile() -> Tally:
    """A run against a peer that means harm."""
    tally = Tally(START)
    for number in range(100):
        name = f"{number}{HOSTILE}"
        tally.began(START)
        tally.ended(name, 10.0 ** (number % 13 - 7), START + number)
        tally.began(START)
        tally.ended(OK, 10.0 ** (number % 13 - 7), START + number)
        tally.rpc(name, -number, 0.1)
        tally.request(name, 0.1, ok=False)
        tally.transfer(name, 1 << 60, 1e9, number)
        tally.reply(number)
        tally.event(name)
        tally.called(name)
        tally.disturbed(name)
    return tally
