"""Options and scenarios become a plan, or one sentence that says what is wrong."""

import re
from pathlib import Path
from typing import Any

import pytest

from simulators.options import Listening, OptionError, Options
from simulators.planning import Plan, options_to_repeat, plan
from simulators.scenarios.loading import NAMES, ScenarioError, load, read


def planned(*, environment: dict[str, str] | None = None, **given: Any) -> Plan:
    return plan(Options(**given), environment or {})


def test_what_no_option_says_is_as_the_scenario_says() -> None:
    made = planned()
    assert (made.makeup.devices, made.makeup.interval, made.duration) == (100, 60, 300.0)
    made = planned(devices=5, interval="2m", duration="1h", model="ont", known=True)
    assert (made.makeup.devices, made.makeup.interval, made.duration) == (5, 120, 3600.0)
    assert [kind.name for kind in made.makeup.kinds] == ["ont"]
    assert (made.names["intervals"], made.names["new"], made.names["calls"]) == (30, 0, 150)


def test_the_calls_within_a_run_are_known_before_it() -> None:
    # One device in each ten seconds of the interval: five of six call once, and one of them does so again.
    made = planned(devices=6, interval="60", duration="51")
    first = made.arrivals[0]
    assert (made.names["callers"], made.names["calls"]) == (sum(at < 51 for at in made.arrivals),) * 2
    made = planned(devices=6, interval="60", duration=f"{60 + first + 0.01:.3f}")
    assert (made.names["callers"], made.names["calls"]) == (6, 7)


def test_a_rate_says_how_long_the_interval_is() -> None:
    assert planned(devices=600, rate="20").makeup.interval == 30
    ramped = planned(devices=100, arrival="ramp", rate="1:5")
    assert ramped.makeup.interval == 60
    assert sum(at < 10 for at in ramped.arrivals) in range(11, 15)


def test_kinds_have_names_shares_and_paths(tmp_path: Path) -> None:
    capture = tmp_path / "my-box.csv"
    capture.write_text("Parameter,Value\nDevice.DeviceInfo.SoftwareVersion,1\n")
    made = planned(model=f"tr181:3, {capture}:1", devices=8)
    assert (made.names["tr181"], made.names["my_box"]) == (6, 2)


def test_devices_are_called_where_it_is_said() -> None:
    assert planned().listening == Listening(None, 0, is_udp=False)
    assert planned(connection_requests="off").listening is None
    assert planned(scenario="nat").listening == Listening(None, 0, is_udp=True)
    assert planned(connection_requests="[::1]:7548").listening == Listening("::1", 7548, is_udp=False)
    assert planned(connection_requests="udp:127.0.0.1:0").listening == Listening("127.0.0.1", 0, is_udp=True)


def test_the_password_may_be_kept_from_the_command_line(tmp_path: Path) -> None:
    kept = tmp_path / "password"
    kept.write_text("from a file\n")
    assert planned(password_file=kept).makeup.password == "from a file"
    assert planned(environment={"SIMULATE_PASSWORD": "from outside"}).makeup.password == "from outside"
    assert planned(password="said", environment={"SIMULATE_PASSWORD": "from outside"}).makeup.password == "said"


def test_a_trace_names_devices_by_serial_number_or_index(tmp_path: Path) -> None:
    trace = tmp_path / "calls.csv"
    trace.write_text("1,SIM000002,4 VALUE CHANGE\n0,1\n")
    made = planned(trace=trace, devices=3)
    assert [(arrival.at, arrival.device) for arrival in made.trace] == [(0.0, "1"), (1.0, "SIM000002")]
    trace.write_text("1,SIM000003\n")
    with pytest.raises(OptionError, match="there is no device 'SIM000003' in this fleet"):
        planned(trace=trace, devices=3)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"acs_url": "ftp://acs/"}, "--acs-url: 'ftp://acs/' is no http:// or https:// address"),
        ({"devices": 0}, "--devices: 0 is no whole number from 1 to 1,000,000"),
        ({"model": "tr069"}, "--model: 'tr069' is no kind of device; there are tr181, ont, tr098, enb"),
        ({"model": "tr181,tr181:2"}, "--model: tr181 is named twice"),
        ({"model": "tr181:0"}, "--model: tr181:0: a share is a whole number"),
        ({"model": "/nowhere.csv"}, "--model: cannot read /nowhere.csv: No such file or directory"),
        ({"interval": "0.5"}, "--interval: 0.5 is no whole number of seconds from 1 on"),
        ({"duration": "long"}, "--duration: 'long' is no length of time"),
        ({"duration": "0"}, "--duration: must be longer than nothing"),
        ({"rate": "fast"}, "--rate: 'fast' is no number of devices a second"),
        ({"rate": "5", "interval": "9"}, "--rate and --interval"),
        ({"arrival": "ramp"}, "--arrival ramp: needs --rate FROM:TO"),
        ({"arrival": "trace"}, "--arrival trace: needs --trace FILE"),
        ({"arrival": "swarm"}, "--arrival: 'swarm' is none of steady, storm, ramp and trace"),
        ({"trace": Path("/nowhere")}, "--trace: cannot read /nowhere"),
        ({"trace": Path("/nowhere"), "arrival": "steady"}, "--trace and --arrival steady: a trace says itself"),
        ({"concurrency": 0}, "--concurrency: 0 is no whole number"),
        ({"serial_prefix": "a b"}, "--serial-prefix"),
        (
            {"connection_requests": "127.0.0.1:00000099999"},
            "--connection-requests: '127.0.0.1:00000099999' is none of off, udp, host:port and udp:host:port",
        ),
        (
            {"connection_requests": "here"},
            "--connection-requests: 'here' is none of off, udp, host:port and udp:host:port",
        ),
        ({"password": "a", "password_file": Path("/nowhere")}, "--password and --password-file: say one of them"),
        ({"password_file": Path("/nowhere")}, "--password-file: cannot read /nowhere"),
        ({"password_file": Path("/dev/zero")}, "--password-file: /dev/zero is larger than 64 KiB"),
        ({"scenario": "/dev/zero"}, "/dev/zero is larger than 1 MiB"),
        ({"model": "/dev/zero"}, "--model: /dev/zero is larger than 32 MiB"),
        ({"trace": Path("/dev/zero")}, "--trace: /dev/zero: line 1"),
        ({"scenario": "calm"}, "'calm' is no scenario; there are steady, power-cut"),
        ({"scenario": "./calm.toml"}, "cannot read ./calm.toml: No such file or directory"),
    ],
)
def test_a_wrong_option_is_told_in_one_sentence(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises((OptionError, ScenarioError), match=re.escape(sentence)) as caught:
        planned(**given)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("about = 1 2", "x.toml: Expected newline or end of document after a statement (at line 1, column 11)"),
        ("devices = 5", "x.toml: about: is missing"),
        ("about = 'x'\ndevice = 5", "x.toml: device: is no key"),
        ("about = 'x'\nduration = 'long'", "x.toml: duration: 'long' is no length of time"),
        ("about = 'x'\n[[phases]]\nat = 0\naction = 'reboot'\n[[phases]]\nat = 1\naction = 'explode'",
         "x.toml: [phases number 2] action: "),
        ("about = 'x'\n[[phases]]\nat = 0\naction = 'reboot'\nshare = 1.5", "x.toml: [phases number 1] share: "),
        ("about = 'x'\n[timing]\nboot = [90, 30]", "x.toml: [timing] boot: the least comes first"),
        ("about = 'x'\n[arrivals]\nshape = 'ramp'", "arrivals: a ramp needs a rate to end at"),
        ("about = 'x'\n[expect]\nsessions_ok = 'devices / 2'", "x.toml: [expect] sessions_ok: 'devices / 2' is no sum"),
        ("about = 'x'\n[expect.events]\n'1 BOOT' = 1.5", "x.toml: [expect.events] 1 BOOT: must be a whole number"),
        ("about = 'x'\n[[ways]]\nname = 'a'\nshare = 0.5\nquirks = ['flies']",
         "x.toml: [ways number 1] quirks: there is no quirk 'flies'"),
        ("about = 'x'\n[[ways]]\nname = 'a'\nshare = 0.5",
         "x.toml: the ways 'a' need quirks or a number of behaviours"),
        (("about = 'x'\n[[ways]]\nname = 'a'\nshare = 0.6\nbehaviours = 2\n"
         "[[ways]]\nname = 'b'\nshare = 0.6\nbehaviours = 2"),
         "x.toml: the shares of ways come to more than 1"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_scenario_is_told_by_section_and_key(text: str, sentence: str) -> None:
    with pytest.raises(ScenarioError, match=re.escape(sentence)) as caught:
        read(text, "x.toml")
    assert "\n" not in str(caught.value)


def test_a_name_in_an_expectation_that_nothing_is_called_is_told_before_the_run(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("about = 'x'\n[expect]\nsessions_ok = 'routers * 2'")
    with pytest.raises(ScenarioError, match=r"mine: \[expect\] sessions_ok: 'routers' is no name; there are callers"):
        planned(scenario=str(path))


@pytest.mark.parametrize("name", NAMES)
def test_every_built_in_scenario_can_be_read_and_demands_something(name: str) -> None:
    made = planned(scenario=name, environment={"SIMULATE_API_TOKEN": "t"}, api_url="http://127.0.0.1:8080")
    assert made.scenario.about.endswith(".")
    assert load(name).scenario.expect.model_dump(exclude_defaults=True)


@pytest.mark.parametrize("option", ["acs_url", "api_url"])
@pytest.mark.parametrize(
    "url",
    [
        "http://user:hush hush@acs/",
        "ftp://user:hush@acs/?token=hush",
        "http://user:hush@acs:99999/",
        "http://user:hush@[acs/",
        "user:hush@acs?hush",
    ],
)
def test_an_address_that_is_none_is_told_without_the_secrets_in_it(option: str, url: str) -> None:
    with pytest.raises(OptionError, match="is no http:// or https:// address") as caught:
        plan(Options(**{option: url}), {})  # type: ignore[arg-type]
    assert "hush" not in str(caught.value)


def test_the_command_that_is_told_makes_the_same_run_again(tmp_path: Path) -> None:
    made = planned(
        environment={"SIMULATE_API_TOKEN": "secret", "SIMULATE_PASSWORD": "secret"},
        api_url="http://127.0.0.1:8080",
        connection_requests="off",
        insecure=True,
        ca=tmp_path / "ca.pem",
    )
    found = options_to_repeat(made)
    assert (found["api-url"], found["connection-requests"]) == ("http://127.0.0.1:8080", "off")
    assert (found["insecure"], found["ca"]) == (True, str(tmp_path / "ca.pem"))
    assert found["password"] == "***"
    assert "secret" not in str(found)
