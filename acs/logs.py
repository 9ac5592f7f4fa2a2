"""The log: one line for each thing that happened, on standard error, for people or as JSON.

Whatever goes out passes ``clean``, which masks secrets and bounds and escapes everything else: much of it was chosen by
a device. The lines of libraries take the same way. Nothing here waits, retries or raises: a log that cannot be written
must not stop a session.
"""

import json
import logging
import math
import re
import sys
import time
import traceback
from collections import OrderedDict
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from itertools import islice
from typing import Any, BinaryIO, Final, TypeAlias

import structlog
from structlog.typing import FilteringBoundLogger

from acs.domain.secret_names import MASK, is_secret_name
from acs.domain.url_logins import masked_logins

Value: TypeAlias = Any
"""What stands in a line: anything at all comes in, what JSON can hold goes out."""

MAX_TEXT: Final = 256
"""The longest text of a value, in characters."""
MAX_EVENT: Final = 1024
"""The longest text of an event; libraries put everything into it."""
MAX_ITEMS: Final = 32
"""The most keys of a line, and items of one value."""
_MAX_WAITING: Final = 256
MAX_LINE: Final = 16 * 1024
"""The longest line, in bytes."""
_MINUTE: Final = 60.0
_MAX_DEPTH: Final = 3
_MAX_SEARCHED: Final = 4096
_LARGEST: Final = 2**63
_MAX_FRAMES: Final = 30
_MAX_TRACEBACK: Final = 8 * 1024

_SECRET_WORDS: Final = re.compile(
    "authorization|cookie|credential|dsn|nonce|passphrase|passwd|password|secret|sharedkey|token|wepkey|"
    "(api|private|seal)_?key|database_url",
    re.IGNORECASE,
)
_HEADER_SECRET: Final = re.compile(
    r"\b(?:basic|bearer)\s+[\w+/=.~-]{6,}|\bdigest\s+\w+=.*|\b(?:authorization|(?:set-)?cookie)\b['\"]?\s*:.*",
    re.IGNORECASE,
)
_OURS: Final = frozenset({"time", "level", "event", "exception"})
_LEVELS: Final = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def get_logger(**values: Value) -> FilteringBoundLogger:
    """A logger that puts these values into each of its lines. Cheap to use once made; make it once."""
    logger: FilteringBoundLogger = structlog.get_logger(**values)
    return logger


def configure(
    level: str, form: str, stream: BinaryIO | None = None, *, clock: Callable[[], float] = time.time
) -> "Flusher":
    """Send every line from ``level`` on to the stream (standard error), as ``console`` or ``json``."""
    number = _LEVELS[level]
    render = _console_line if form == "console" else _json_line
    sink = _Sink(stream or sys.stderr.buffer)
    structlog.configure(
        processors=[_Renderer(render, clock)],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        context_class=dict,
        logger_factory=sink,
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    for handler in [each for each in root.handlers if isinstance(each, LibraryHandler)]:
        root.removeHandler(handler)
    root.addHandler(LibraryHandler())
    # At DEBUG aiosqlite writes out every statement with its values.
    root.setLevel(max(number, logging.INFO))
    return Flusher(sink)


class Flusher:
    """Lets lines at ``info`` go out together: whoever takes that over flushes now and then, and gives it back."""

    def __init__(self, sink: "_Sink") -> None:
        self._sink = sink

    def take_over(self) -> None:
        """Lines wait from now on."""
        self._sink.is_flushed = True

    def flush(self) -> None:
        """Let the lines go that wait."""
        self._sink.flush()

    def give_back(self) -> None:
        """Lines wait no longer."""
        self._sink.is_flushed = False
        self._sink.flush()


def printable(text: str) -> str:
    """A text as it may be written to a terminal: line breaks would forge lines, escape sequences would steer it."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode("ascii") for each in text)


def clean(values: Mapping[str, Value]) -> dict[str, Value]:
    """What may be written of these values: secrets masked, texts bounded and on one line, few enough of them."""
    return _clean_items(values, _MAX_DEPTH)


def _clean_items(values: Mapping[str, Value], depth: int) -> dict[str, Value]:
    cleaned: dict[str, Value] = {}
    for key, value in islice(values.items(), MAX_ITEMS):
        name, secret = _key(key) if type(key) is str and len(key) <= MAX_TEXT else _key(str(key)[:MAX_TEXT])
        kind = type(value)
        if value is None or kind is bool:
            cleaned[name] = value
        elif secret:
            cleaned[name] = MASK
        else:
            cleaned[name] = _text(value, MAX_TEXT) if kind is str else _clean_value(value, depth)
    if len(values) > MAX_ITEMS:
        cleaned["omitted"] = len(values) - MAX_ITEMS
    return cleaned


@lru_cache(maxsize=1024)
def _key(key: str) -> tuple[str, bool]:
    """How a key is written, and whether its value must not be seen."""
    secret = bool(_SECRET_WORDS.search(key)) or is_secret_name(key)
    return _text(key, MAX_TEXT) + "_" * (key in _OURS), secret


def _clean_value(value: Value, depth: int) -> Value:
    match value:
        case None | bool():
            return value
        case int() | float():
            # JSON has no infinity, and Python writes out no number of more than 4,300 digits.
            return value if abs(value) < _LARGEST else "a number out of bounds"
        case bytes() | bytearray() | memoryview():
            return _text(repr(bytes(value[:MAX_TEXT])), MAX_TEXT)
        case Mapping() if depth:
            return _clean_items(value, depth - 1)
        case list() | tuple() if depth:
            shown = [_clean_value(each, depth - 1) for each in value[:MAX_ITEMS]]
            return shown if len(value) <= MAX_ITEMS else [*shown, f"{len(value) - MAX_ITEMS} more"]
        case Mapping() | list() | tuple() | set() | frozenset():
            return f"{type(value).__name__} of {len(value)}"
    return _text(str(value), MAX_TEXT)


def _text(text: str, longest: int) -> str:
    if len(text) <= longest and text.isprintable() and "@" not in text:
        return text
    # A login in a URL is looked for before the text is cut, lest the cut hide the sign it ends with.
    text = masked_logins(text[:_MAX_SEARCHED])
    safe = printable(text[: longest + 1])
    return safe if len(safe) <= longest else f"{safe[: longest - 3]}..."


def _traceback(exc_info: object) -> list[str]:
    """The lines of an exception, none of which can pass for a line of the log."""
    if exc_info is True:
        exc_info = sys.exc_info()
    if isinstance(exc_info, BaseException):
        exc_info = (type(exc_info), exc_info, exc_info.__traceback__)
    if not isinstance(exc_info, tuple) or exc_info[1] is None:
        return []
    report = "".join(traceback.format_exception(*exc_info, limit=-_MAX_FRAMES))
    if len(report) > _MAX_TRACEBACK:
        report = f"{report[: _MAX_TRACEBACK // 2]}\n...\n{report[-_MAX_TRACEBACK // 2 :]}"
    return [_text(_without_headers(line), MAX_EVENT) for line in report.splitlines()]


def _without_headers(text: str) -> str:
    """Library texts may quote a request."""
    return _HEADER_SECRET.sub(MASK, text)


@dataclass(frozen=True, slots=True)
class _Renderer:
    """The only processor: from what was said to the bytes of the line."""

    render: Callable[[str, str, str, dict[str, Value], list[str]], str]
    clock: Callable[[], float]

    def __call__(self, logger: object, method: str, event_dict: MutableMapping[str, Value]) -> bytes:
        moment = _moment(self.clock())
        try:
            event = _text(str(event_dict.pop("event", "")), MAX_EVENT)
            exc_info = event_dict.pop("exc_info", None)
            lines = _traceback(exc_info) if exc_info else []
            line = _encoded(self.render(moment, method, event, clean(event_dict), lines))
        except Exception:  # noqa: BLE001  a stranger's __str__ or items() must not stop what was being logged
            event, lines, line = "a line that cannot be shown", [], b""
        if 0 < len(line) <= MAX_LINE:
            return line
        return _encoded(self.render(moment, method, event, {"omitted": len(event_dict)}, lines[-2:]))


def _encoded(line: str) -> bytes:
    return line.encode("utf-8", "backslashreplace") + b"\n"


def _moment(now: float) -> str:
    second = math.floor(now)
    return f"{_second(second)}.{int((now - second) * 1000):03d}Z"


@lru_cache(maxsize=2)
def _second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).isoformat()[:-6]


_ENCODE: Final = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
_QUOTE: Final = json.JSONEncoder(ensure_ascii=False).encode


def _json_line(moment: str, level: str, event: str, values: dict[str, Value], lines: list[str]) -> str:
    line = {"time": moment, "level": level, "event": event, **values}
    if lines:
        line["exception"] = "\n".join(lines)
    return _ENCODE(line)


def _console_line(moment: str, level: str, event: str, values: dict[str, Value], lines: list[str]) -> str:
    words = [f"{moment} {level:<7} {event}", *(f"{key}={_word(value)}" for key, value in values.items())]
    return "\n    ".join([" ".join(words), *lines])


def _word(value: Value) -> str:
    if isinstance(value, str):
        is_plain = value and " " not in value and '"' not in value and "=" not in value
        return value if is_plain else _QUOTE(value)
    return repr(value) if type(value) in {int, float} else _QUOTE(value)


class _Sink:
    """Writes lines to the stream; what the stream does not take is lost, and nothing else."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._waiting: list[bytes] = []
        self.is_flushed = False

    def __call__(self, *_: object) -> "_Sink":
        return self

    def msg(self, line: bytes) -> None:
        self._waiting.append(line)
        self.flush()

    def info(self, line: bytes) -> None:
        # One line for each session: where somebody sees to it, they go out together.
        self._waiting.append(line)
        if not self.is_flushed or len(self._waiting) >= _MAX_WAITING:
            self.flush()

    def flush(self) -> None:
        lines, self._waiting = self._waiting, []
        try:
            self._stream.write(b"".join(lines))
            self._stream.flush()
        except (OSError, ValueError):  # a full disk, a reader that has gone, a stream that was closed
            return

    debug = warning = error = critical = notset = msg


class LibraryHandler(logging.Handler):
    """Passes what libraries log through the standard library on to our log."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log one record of a library."""
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001  the arguments of a library's line do not fit its words
            message = str(record.msg)
        level = max(logging.DEBUG, min(record.levelno, logging.ERROR)) // 10 * 10
        error = record.exc_info[1] if record.exc_info else None
        values: dict[str, Value] = {"library": record.name, "exc_info": record.exc_info}
        if error is not None and level < logging.ERROR:
            # A library that tries again says so at every try: where it came from would fill the log.
            values = {"library": record.name, "reason": _without_headers(f"{type(error).__name__}: {error}")}
        get_logger().log(level, _without_headers(message), **values)


@dataclass(slots=True)
class _Window:
    started: float
    lines: int = 0
    suppressed: int = 0


@dataclass(slots=True)
class Throttle:
    """Lets a few lines a minute through for each key, so that a bad peer cannot fill the log."""

    lines_per_minute: int = 5
    """For each key."""
    max_keys: int = 256
    """Keys that are told apart; further ones share what one key may say."""
    suppressed: int = 0
    """Lines not let through, in all."""
    _windows: "OrderedDict[str | None, _Window]" = field(default_factory=OrderedDict, repr=False)

    def admit(self, key: str, now: float) -> int | None:
        """None if the line must not be written; else how many were suppressed for its key since the last one."""
        window = self._window(key, now)
        if window.lines == self.lines_per_minute:
            window.suppressed += 1
            self.suppressed += 1
            return None
        window.lines += 1
        told, window.suppressed = window.suppressed, 0
        return told

    def _window(self, key: str | None, now: float) -> _Window:
        window = self._windows.get(key)
        if window is None:
            if key is not None and not self._room(now):
                return self._window(None, now)
            window = self._windows[key] = _Window(now)
        elif now - window.started >= _MINUTE:
            window.started, window.lines = now, 0
            self._windows.move_to_end(key)
        return window

    def _room(self, now: float) -> bool:
        """Whether another key can be told apart, the oldest being forgotten if its minute is over."""
        if len(self._windows) < self.max_keys:
            return True
        oldest = next(iter(self._windows))
        if now - self._windows[oldest].started < _MINUTE:
            return False
        del self._windows[oldest]
        return True
