"""What the diagnostics of a device find out, by chance but never against sense (TR-181, TR-098, TR-143).

Names below ``.invalid`` do not resolve (RFC 2606), and nothing answers from the addresses that are kept for documents
(RFC 5737): who writes a scenario can so ask for either.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Final

from simulators.device.chance import Chance
from simulators.device.numbers import whole_number

MAX_SAMPLES: Final = 100
"""How many packets are thought up; the results for more follow from these."""
MAX_LOOKUPS: Final = 32
"""How often a name is looked up in one run, each time with a row of its own."""
COMPLETE: Final = ("Complete", "Completed")
_UNRESOLVED: Final = ("Error_CannotResolveHostName", "Error_InitConnectionFailed", "Error_Other")
_LABEL: Final = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_V4: Final = re.compile(r"(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!\Z)|\Z)){4}")
_V6: Final = re.compile(r"[0-9A-Fa-f:.]{2,45}")
_SILENT: Final = ("192.0.2.", "198.51.100.", "203.0.113.", "2001:db8:dead:")
_URL: Final = re.compile(r"(?:https?|ftp)://(?:\[([^\]/]+)\]|([^/:@?#]+))(?::\d{1,5})?(?:[/?#].*)?", re.IGNORECASE)
_LOSS: Final = 0.02
_PACKET: Final = 1_460
_HEADERS: Final = 54
_FASTEST: Final = 120e6
_LONGEST: Final = 3600.0
# Seconds in which the connection of a speed test has come about.
_OPENING: Final = 0.2


@dataclass(frozen=True, slots=True)
class Question:
    """What a diagnostics is to find out."""

    settings: Mapping[str, str]
    """The parameters of its object by name."""
    address: str
    """The device's own address."""
    name_server: str
    """The address of its DNS server."""
    chance: Chance
    """For what cannot be known."""
    now: float
    """When it is over."""
    took: float
    """For how many seconds it has run."""

    def text(self, name: str) -> str:
        """A setting; empty if the device does not have it."""
        return self.settings.get(name, "").strip()

    def number(self, name: str, default: int) -> int:
        """A setting that is a number from 1 on; the default if the device does not have it, or it is 0."""
        return whole_number(self.text(name)) or default


@dataclass(frozen=True, slots=True)
class Finding:
    """What it has found out."""

    states: tuple[str, ...] = COMPLETE
    """How it ended: the first of these that the device's model knows."""
    values: Mapping[str, object] = field(default_factory=dict)
    """Results by name."""
    rows: tuple[Mapping[str, object], ...] = ()
    """The rows of its table, if it has one (``TABLES``): results by name."""


def resolves(host: str) -> bool:
    """Whether a host has an address: it is one, or it is a name that can be one."""
    if _V4.fullmatch(host) or (":" in host and _V6.fullmatch(host)):
        return True
    labels = host.removesuffix(".").split(".")
    is_name = len(host) <= 253 and all(map(_LABEL.fullmatch, labels)) and not labels[-1].isdigit()
    return is_name and labels[-1].lower() != "invalid"


def answers(host: str) -> bool:
    """Whether anything comes back from a host that resolves."""
    return not host.lower().startswith(_SILENT)


def address_of(host: str) -> str:
    """The address of a host, always the same for the same name; of those for tests of networks (RFC 2544)."""
    if _V4.fullmatch(host) or ":" in host:
        return host
    third, fourth = blake2b(host.lower().encode("utf-8", "replace"), digest_size=2).digest()
    return f"198.19.{third}.{fourth or 1}"


def ping(question: Question) -> Finding:
    """Packets to a host and back; the ends of an ATM link answer without a name."""
    host = question.text("Host")
    if "Host" in question.settings and not resolves(host):
        return Finding(_UNRESOLVED)
    count, limit = question.number("NumberOfRepetitions", 1), question.number("Timeout", 1000) * 1000
    base = int(question.chance.between(4_000, 60_000))
    sent = min(count, MAX_SAMPLES)
    times = [base + int(question.chance.between(0, base / 2)) for _ in range(sent)]
    times = [each for each in times if not question.chance.happens(_LOSS) and each <= limit and answers(host)]
    success = round(count * len(times) / sent)
    low, high = (min(times), max(times)) if success else (0, 0)
    mean = sum(times) // len(times) if success else 0
    micro = {"Minimum": low, "Average": mean, "Maximum": high}
    return Finding(
        values={
            "IPAddressUsed": question.address,
            "SuccessCount": success,
            "FailureCount": count - success,
            **{f"{name}ResponseTime": each // 1000 for name, each in micro.items()},
            **{f"{name}ResponseTimeDetailed": each for name, each in micro.items()},
        }
    )


def trace_route(question: Question) -> Finding:
    """The way to a host, a row for each router and one for the host."""
    host, chance = question.text("Host"), question.chance
    if not resolves(host):
        return Finding(("Error_CannotResolveHostName", "Error_Other"))
    most, tries = question.number("MaxHopCount", 30), min(question.number("NumberOfTries", 3), 3)
    needed = chance.whole(4, 14) if answers(host) else most + 1
    rows, delay = [], 0.5
    for number in range(1, min(needed, most) + 1):
        delay += chance.between(0.3, 6.0)
        is_host = number == needed
        name = host if is_host else f"router-{number}.transit.example"
        times = [round(delay + chance.between(0, 3)) for _ in range(tries)]
        hop = {
            "Host": name,
            "HostAddress": address_of(name),
            "ErrorCode": 0,
            "RTTimes": ",".join(map(str, times)),
        }
        rows.append({**hop, **{f"Hop{key}": value for key, value in hop.items()}})
    values = {"IPAddressUsed": question.address, "ResponseTime": round(delay)}
    states = COMPLETE if needed <= most else ("Error_MaxHopCountExceeded", "Error_Other")
    return Finding(states, values, tuple(rows))


def look_up(question: Question) -> Finding:
    """The address of a name, asked for several times."""
    host, chance = question.text("HostName"), question.chance
    server = question.text("DNSServer") or question.name_server
    if not resolves(server) or not answers(server):
        return Finding(("Error_DNSServerNotResolved", "Error_Other"))
    count = min(question.number("NumberOfRepetitions", 1), MAX_LOOKUPS)
    is_found = resolves(host)
    rows = tuple(
        {
            "Status": "Success" if is_found else "Error_HostNameNotResolved",
            "AnswerType": "NonAuthoritative" if is_found else "None",
            "HostNameReturned": host if is_found else "",
            "IPAddresses": address_of(host) if is_found else "",
            "DNSServerIP": address_of(server),
            "ResponseTime": chance.whole(3, 40),
        }
        for _ in range(count)
    )
    return Finding(values={"SuccessCount": count if is_found else 0}, rows=rows)


def download(question: Question) -> Finding:
    """How fast a file comes (TR-143): the settings say how long to look at most, not how long the file is."""
    return _throughput(question, question.text("DownloadURL"), "Received", "Sent", 0)


def upload(question: Question) -> Finding:
    """How fast a file goes (TR-143); it is as long as the settings say."""
    return _throughput(question, question.text("UploadURL"), "Sent", "Received", question.number("TestFileLength", 1))


def other(_question: Question) -> Finding:
    """A diagnostics of which only the end is known."""
    return Finding()


def least_seconds(name: str, settings: Mapping[str, str]) -> float:
    """How long a diagnostics takes at least, by its settings: a speed test may have to last, or to send so much."""
    if name not in {"DownloadDiagnostics", "UploadDiagnostics"}:
        return 0.0
    seconds = float(whole_number(settings.get("TimeBasedTestDuration", "")) or 0)
    if not seconds and name == "UploadDiagnostics":
        seconds = (whole_number(settings.get("TestFileLength", "")) or 1) * 8 / _FASTEST
    return min(seconds, _LONGEST) + _OPENING


def _throughput(question: Question, url: str, way: str, back: str, length: int) -> Finding:
    found = _URL.fullmatch(url)
    host = (found[1] or found[2]) if found else ""
    if not resolves(host):
        return Finding(_UNRESOLVED)
    if not answers(host):
        return Finding(("Error_NoResponse",))
    chance, rate = question.chance, question.chance.between(5e6, _FASTEST)
    duration = float(question.number("TimeBasedTestDuration", 0)) or chance.between(1.0, 8.0)
    if length and not question.number("TimeBasedTestDuration", 0):
        duration = length * 8 / rate
    # It did not begin before it was asked for.
    duration = max(min(duration, question.took - _OPENING), 0.001)
    size = length or int(rate / 8 * duration)
    packets = -(-size // _PACKET)
    end = datetime.fromtimestamp(question.now, UTC)
    begin = end - timedelta(seconds=duration)
    asked = begin - timedelta(seconds=chance.between(0.005, 0.06))
    answered = asked - timedelta(seconds=chance.between(0.001, 0.01))
    opened = answered - timedelta(seconds=chance.between(0.005, 0.06))
    total, returned = size + packets * _HEADERS, packets // 2 * _HEADERS
    moments = {
        "TCPOpenRequestTime": opened,
        "TCPOpenResponseTime": answered,
        "ROMTime": asked,
        "BOMTime": begin,
        "EOMTime": end,
    }
    return Finding(
        values={
            "IPAddressUsed": question.address,
            **{name: _moment(moment) for name, moment in moments.items()},
            f"TestBytes{way}": size,
            f"TotalBytes{way}": total,
            f"TotalBytes{back}": returned,
            f"TestBytes{way}UnderFullLoading": size,
            f"TotalBytes{way}UnderFullLoading": total,
            f"TotalBytes{back}UnderFullLoading": returned,
            "PeriodOfFullLoading": int(duration * 1_000_000),
        }
    )


def _moment(moment: datetime) -> str:
    """With microseconds, as TR-143 asks."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


KINDS: Final[Mapping[str, Callable[[Question], Finding]]] = {
    "IPPing": ping,
    "IPPingDiagnostics": ping,
    "F5Loopback": ping,
    "WANATMF5LoopbackDiagnostics": ping,
    "TraceRoute": trace_route,
    "TraceRouteDiagnostics": trace_route,
    "NSLookupDiagnostics": look_up,
    "DownloadDiagnostics": download,
    "UploadDiagnostics": upload,
}
"""By the name of the object, in TR-181 and TR-098; ``other`` for those that are not here."""

TABLES: Final[Mapping[str, str]] = {
    "TraceRoute": "RouteHops",
    "TraceRouteDiagnostics": "RouteHops",
    "NSLookupDiagnostics": "Result",
}
"""The tables in which some of them have rows of results."""
