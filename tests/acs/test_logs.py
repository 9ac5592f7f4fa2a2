"""The log: what it shows, what it hides, and that nothing a device sends can forge, flood or stop it."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from acs.logs import MAX_ITEMS, MAX_LINE, MAX_TEXT, LibraryHandler, Throttle, clean, configure, get_logger

Lines = Callable[[], list[dict[str, Any]]]

SECRET = "hunter2"


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    yield
    root.setLevel(level)
    for handler in [each for each in root.handlers if each not in handlers]:
        root.removeHandler(handler)
    structlog.reset_defaults()


@pytest.fixture
def stream() -> io.BytesIO:
    return io.BytesIO()


@pytest.fixture
def lines(stream: io.BytesIO) -> Lines:
    configure("info", "json", stream, clock=lambda: 1_700_000_000.25)
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_of_json_says_when_how_grave_and_what(lines: Lines) -> None:
    get_logger(worker=1).info("session ended", device=7, seconds=0.5, known=True, reason="done", peer=None)
    assert lines() == [
        {
            "time": "2023-11-14T22:13:20.250Z",
            "level": "info",
            "event": "session ended",
            "worker": 1,
            "device": 7,
            "seconds": 0.5,
            "known": True,
            "reason": "done",
            "peer": None,
        }
    ]


def test_a_line_for_people_has_the_same(stream: io.BytesIO) -> None:
    configure("info", "console", stream, clock=lambda: 1_700_000_000.25)
    get_logger().warning("session refused", reason="too many", device=7)
    assert stream.getvalue() == b'2023-11-14T22:13:20.250Z warning session refused reason="too many" device=7\n'


def test_what_is_less_grave_than_the_level_is_not_logged(lines: Lines) -> None:
    get_logger().debug("quiet")
    get_logger().error("loud")
    assert [each["event"] for each in lines()] == ["loud"]


@pytest.mark.parametrize(
    "key",
    [
        "password",
        "connection_request_password",
        "Authorization",
        "Set-Cookie",
        "token",
        "secret",
        "nonce",
        "api_key",
        "passphrase",
        "InternetGatewayDevice.LANDevice.1.WLANConfiguration.1.PreSharedKey.1.KeyPassphrase",
        "Device.Users.User.1.X_HW_Password_1",
        "Device.WiFi.AccessPoint.1.Security.WEPKey",
    ],
)
def test_values_of_secret_names_are_masked_at_any_depth(key: str) -> None:
    assert SECRET not in str(clean({key: SECRET}))
    assert SECRET not in str(clean({"values": {key: [SECRET]}}))
    assert SECRET not in str(clean({"answers": [{"of": {key: SECRET.encode()}}]}))


def test_a_login_in_a_url_is_masked_even_if_the_url_is_cut() -> None:
    assert clean({"url": f"http://u:{SECRET}@10.0.0.1/x"}) == {"url": "http://********@10.0.0.1/x"}
    long = "x" * (MAX_TEXT - 12) + f" http://u:{SECRET}@10.0.0.1/"
    assert "hunt" not in clean({"url": long})["url"]


def test_names_that_only_remind_of_secrets_are_shown() -> None:
    values = {"command_key": "a", "parameter_key": "b", "key": "c", "Device.WiFi.SSID.1.SSID": "d"}
    assert clean(values) == values


def test_line_breaks_and_escape_sequences_are_escaped(stream: io.BytesIO) -> None:
    configure("info", "console", stream)
    get_logger().info("a\nb", serial="1\n2023 error forged\r\x1b[2J\u2028\u202e", **{"k\n": 1})
    text = stream.getvalue().decode()
    assert len(text.splitlines()) == 1
    assert not {"\x1b", "\r", "\u2028", "\u202e"} & set(text)
    assert "a\\nb" in text


def test_texts_and_bytes_are_bounded() -> None:
    values = clean({"text": "x" * 10_000, "bytes": b"\x00" * 10_000, "control": "\x01" * 10_000, "other": object})
    assert all(len(value) <= MAX_TEXT for value in values.values())
    assert values["text"].endswith("...")
    assert values["bytes"].startswith("b'\\x00")


def test_collections_are_bounded_in_length_and_depth() -> None:
    many = clean({"list": list(range(1000)), "mapping": dict.fromkeys(map(str, range(1000)), 1), "set": set(range(9))})
    assert many["list"][MAX_ITEMS:] == ["968 more"]
    assert many["mapping"]["omitted"] == 968
    assert len(many["mapping"]) == MAX_ITEMS + 1
    assert many["set"] == "set of 9"
    assert clean({"a": [[[[[[1]]]]]]}) == {"a": [[["list of 1"]]]}
    assert clean({str(number): number for number in range(100)})["omitted"] == 68


def test_numbers_that_json_has_not_are_told_in_words(lines: Lines) -> None:
    get_logger().info("x", infinite=float("inf"), none=float("nan"), huge=10**5000, large=2**53)
    (line,) = lines()
    assert line["infinite"] == line["none"] == line["huge"] == "a number out of bounds"
    assert line["large"] == 2**53


def test_a_line_is_bounded_whatever_is_put_into_it(stream: io.BytesIO) -> None:
    for form in ("json", "console"):
        configure("info", form, stream)
        stream.truncate(0)
        stream.seek(0)
        get_logger().info("e" * 10**6, **{f"k{n}": ["\U0001f600" * 300] * 99 for n in range(99)})
        assert len(stream.getvalue()) <= MAX_LINE
        assert b"omitted" in stream.getvalue()


def test_values_cannot_pass_for_the_fixed_parts_of_a_line(lines: Lines) -> None:
    get_logger().info("real", level="error", time="never", exception="none")
    (line,) = lines()
    assert (line["event"], line["level"], line["level_"], line["time_"]) == ("real", "info", "error", "never")


def test_a_value_that_cannot_be_shown_stops_nothing(lines: Lines) -> None:
    class Hostile:
        def __str__(self) -> str:
            raise RuntimeError(SECRET)

    get_logger().info("x", value=Hostile(), other=1)
    get_logger().info("y\udc80", value="\ud800")
    broken, surrogates = lines()
    assert broken["event"] == "a line that cannot be shown"
    assert surrogates["event"] == "y\\udc80"


def test_an_exception_is_told_and_its_words_cannot_forge_a_line(stream: io.BytesIO) -> None:
    configure("info", "console", stream, clock=lambda: 1_700_000_000.0)
    try:
        raise ValueError("bad\n2023-11-14T22:13:20.000Z error forged\x1b[2J")
    except ValueError:
        get_logger().exception("request failed")
    first, *rest = stream.getvalue().decode().splitlines()
    assert first.endswith("error   request failed")
    assert rest[-2:] == ["    ValueError: bad", "    2023-11-14T22:13:20.000Z error forged\\x1b[2J"]
    assert all(line.startswith("    ") for line in rest)


def test_a_deep_exception_fits_a_line_of_json(lines: Lines) -> None:
    def sink(depth: int) -> None:
        if depth:
            sink(depth - 1)
        raise ValueError("x" * 10**6)

    try:
        sink(200)
    except ValueError as error:
        get_logger().error("request failed", exc_info=error)
    (line,) = lines()
    assert line["event"] == "request failed"
    assert "ValueError: x" in line["exception"]


def test_libraries_log_in_the_same_form(lines: Lines) -> None:
    logging.getLogger("aiohttp.server").warning("Error handling request from %s", "10.0.0.1\nforged")
    logging.getLogger("asyncio").critical("broken")
    first, second = lines()
    assert (first["level"], first["library"]) == ("warning", "aiohttp.server")
    assert first["event"] == "Error handling request from 10.0.0.1\\nforged"
    assert (second["level"], second["event"]) == ("error", "broken")


def test_a_library_that_tries_again_says_why_and_not_where(lines: Lines) -> None:
    try:
        raise ConnectionRefusedError(111, f"refused, Authorization: Basic {SECRET}")
    except OSError:
        logging.getLogger("asyncpg.pool").warning("retrying", exc_info=True)
        logging.getLogger("asyncpg.pool").error("given up", exc_info=True)
    retrying, given_up = lines()
    assert "exception" not in retrying
    assert retrying["reason"].startswith("ConnectionRefusedError: [Errno 111] refused, ")
    assert SECRET not in str(retrying)
    assert "Traceback" in given_up["exception"]


def test_a_library_whose_words_do_not_fit_its_arguments_is_told_all_the_same(lines: Lines) -> None:
    LibraryHandler().emit(logging.LogRecord("odd", 5, "x.py", 1, "%d devices", ("no number",), None))
    LibraryHandler().emit(logging.LogRecord("odd", logging.INFO, "x.py", 1, "%d devices", ("no number",), None))
    assert [(each["library"], each["event"]) for each in lines()] == [("odd", "%d devices")]


@pytest.mark.parametrize(
    "message",
    [
        f"400, message: Invalid header: b'Authorization: Basic {SECRET}'",
        f"got Basic {SECRET}x= there",
        f"Bearer {SECRET}",
        f'Digest username="a", response="{SECRET}"',
        f"Set-Cookie: session={SECRET}",
        f"{{'Cookie': '{SECRET}'}}",
        f"connect to postgresql://u:{SECRET}@db/x failed",
    ],
)
def test_what_libraries_quote_of_a_request_is_masked(stream: io.BytesIO, lines: Lines, message: str) -> None:
    logging.getLogger("aiohttp.server").error(message)
    logging.getLogger("aiohttp.server").error("failed", exc_info=ValueError(message))
    assert len(lines()) == 2
    assert SECRET.encode() not in stream.getvalue()


def test_libraries_never_log_for_debugging(stream: io.BytesIO) -> None:
    configure("debug", "json", stream)
    logging.getLogger("aiosqlite").debug("executing %s", SECRET)
    get_logger().debug("ours")
    assert SECRET.encode() not in stream.getvalue()
    assert b"ours" in stream.getvalue()


def test_configuring_twice_logs_once(stream: io.BytesIO) -> None:
    configure("info", "json", io.BytesIO())
    configure("info", "json", stream)
    logging.getLogger("aiohttp").error("once")
    assert len(stream.getvalue().splitlines()) == 1
    assert sum(isinstance(each, LibraryHandler) for each in logging.getLogger().handlers) == 1


def test_a_stream_that_takes_nothing_stops_nothing() -> None:
    class Full(io.BytesIO):
        def write(self, *_: object) -> int:
            raise OSError(28, "No space left on device")

    closed = io.BytesIO()
    closed.close()
    for stream in (Full(), closed):
        configure("info", "json", stream)
        get_logger().info("lost")
        logging.getLogger("aiohttp").error("lost")


def test_a_key_says_a_few_lines_a_minute_and_then_how_many_were_left_out() -> None:
    throttle = Throttle(lines_per_minute=2)
    assert [throttle.admit("10.0.0.1", now) for now in (0.0, 1.0, 2.0, 59.9)] == [0, 0, None, None]
    assert throttle.admit("10.0.0.2", 59.9) == 0
    assert [throttle.admit("10.0.0.1", now) for now in (60.0, 60.1, 60.2)] == [2, 0, None]
    assert throttle.suppressed == 3


def test_many_keys_together_say_no_more_than_a_few_do() -> None:
    throttle = Throttle(lines_per_minute=2, max_keys=3)
    said = sum(throttle.admit(f"2001:db8::{number}", 0.0) is not None for number in range(5_000) for _ in range(3))
    assert said == 3 * 2 + 2
    assert len(throttle._windows) == 4


def test_a_key_that_has_been_silent_makes_room() -> None:
    throttle = Throttle(lines_per_minute=1, max_keys=2)
    for key in ("a", "b"):
        assert throttle.admit(key, 0.0) == 0
    assert throttle.admit("c", 60.0) == 0
    assert throttle.admit("c", 60.0) is None
    assert throttle.admit("d", 60.0) == 0
    assert len(throttle._windows) == 2


def test_the_key_that_was_silent_longest_makes_room_not_the_one_that_came_first() -> None:
    throttle = Throttle(lines_per_minute=1, max_keys=2)
    for key, now in (("a", 0.0), ("b", 0.0), ("a", 60.0), ("c", 60.0)):
        assert throttle.admit(key, now) == 0
    assert set(throttle._windows) == {"a", "c"}
