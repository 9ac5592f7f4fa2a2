"""The command itself."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from acs.__main__ import app
from tests.e2e.serving import serving
from tests.outside import ROOT

ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("SIMULATE_")}


async def simulate(*arguments: str) -> tuple[int, str]:
    """The command in a process of its own: its status, and what it said."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "acs", "simulate", *arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=ROOT,
        env=ENVIRONMENT,
    )
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


def run(*arguments: str) -> tuple[int, str]:
    """The command within this process, where nobody has to answer meanwhile."""
    done = CliRunner().invoke(app, ["simulate", *arguments])
    return done.exit_code, done.output


async def test_a_run_is_told_to_programs_and_to_people_and_ends_with_0(tmp_path: Path) -> None:
    async with serving(f"sqlite:///{tmp_path}/a.db", tmp_path) as served:
        status, said = await simulate(
            *("--acs-url", f"http://127.0.0.1:{served.port}/", "--devices", "3", "--time-lapse"),
            *("--password", "hunter2", "--json", f"{tmp_path}/run.json", "--report", f"{tmp_path}/run.html"),
        )
    assert status == 0, said
    told = json.loads((tmp_path / "run.json").read_text())
    assert told["sessions"]["ok"] == 15
    assert "<svg" in (tmp_path / "run.html").read_text()
    assert "hunter2" not in (tmp_path / "run.json").read_text() + (tmp_path / "run.html").read_text() + said


def test_an_acs_that_is_not_there_is_counted_and_ends_with_1(tmp_path: Path) -> None:
    status, said = run(
        "--acs-url", "http://127.0.0.1:1/", "--devices", "2", "--time-lapse", "--json", f"{tmp_path}/run.json"
    )
    assert status == 1
    assert "aioacs: no session succeeded: no connection" in said
    told = json.loads((tmp_path / "run.json").read_text())
    assert told["sessions"]["ok"] == 0
    assert told["sessions"]["failed"] == told["failures"]["no connection"] > 0
    assert "Traceback" not in said


def undemanding(folder: Path) -> str:
    """The path of a scenario that expects nothing."""
    scenario = folder / "mine.toml"
    scenario.write_text("about = 'x'\ndevices = 1\nduration = '61s'\ntime_lapse = true\nconnection_requests = 'off'")
    return str(scenario)


def test_without_expectations_a_run_has_not_succeeded_when_no_session_has(tmp_path: Path) -> None:
    status, said = run("--acs-url", "http://127.0.0.1:1/", "--scenario", undemanding(tmp_path), "--quiet")
    assert (status, said.count("\n")) == (1, 1)


async def test_without_expectations_it_takes_one_session_for_a_run_to_have_succeeded(tmp_path: Path) -> None:
    async with serving(f"sqlite:///{tmp_path}/a.db", tmp_path) as served:
        url = f"http://127.0.0.1:{served.port}/"
        assert await simulate("--acs-url", url, "--scenario", undemanding(tmp_path), "--quiet") == (0, "")


def test_a_run_in_which_nobody_called_did_not_succeed_and_says_so(tmp_path: Path) -> None:
    status, said = run(
        *("--devices", "1", "--duration", "1", "--time-lapse", "--connection-requests", "off"),
        *("--report", f"{tmp_path}/run.html"),
    )
    assert status == 1
    assert "aioacs: no session began" in said
    assert "No session began" in (tmp_path / "run.html").read_text()


def test_an_acs_whose_name_nobody_knows_is_told_as_what_is_wrong() -> None:
    status, said = run("--acs-url", "http://nowhere.invalid/", "--devices", "1")
    assert (status, said.count("\n")) == (2, 1)
    assert said.startswith("aioacs: --acs-url: nowhere.invalid cannot be found: ")


def test_a_wrong_option_ends_with_2_and_one_sentence() -> None:
    status, said = run("--duration", "long")
    assert (status, said.count("\n")) == (2, 1)
    assert said.startswith("aioacs: --duration: 'long' is no length of time")


async def test_ctrl_c_ends_a_run_in_good_order_with_its_report(tmp_path: Path) -> None:
    async with serving(f"sqlite:///{tmp_path}/a.db", tmp_path) as served, asked(served.port) as (port, sessions):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "acs", "simulate", "--acs-url", f"http://127.0.0.1:{port}/", "--time-lapse"),
            *("--devices", "5", "--interval", "1h", "--duration", "300d", "--json", f"{tmp_path}/run.json"),
            *("--report", f"{tmp_path}/run.html"),
            stderr=subprocess.PIPE,
            cwd=ROOT,
            env=ENVIRONMENT,
        )
        async with asyncio.timeout(60):
            for _ in range(5):
                await sessions.get()
        process.send_signal(signal.SIGINT)
        said = (await process.communicate())[1].decode()
    assert process.returncode == 130
    assert "not judged" in said
    told = json.loads((tmp_path / "run.json").read_text())
    assert told["sessions"]["ok"] > 3
    assert (told["sessions"]["open"], told["failures"]) == (0, {})
    assert (told["expectations"], told["is_whole"]) == ([], False)
    assert "Ended before its time: what was expected was not judged" in (tmp_path / "run.html").read_text()


@asynccontextmanager
async def asked(port: int) -> AsyncIterator[tuple[int, asyncio.Queue[None]]]:
    """A port before a server's, and the connections that came through it."""
    came: asyncio.Queue[None] = asyncio.Queue()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.put_nowait(None)
        there, back = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(carry(reader, back), carry(there, writer))

    async with await asyncio.start_server(meet, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1], came


def test_the_scenarios_are_listed_with_how_long_they_take() -> None:
    status, said = run("--list-scenarios")
    assert status == 0
    lines = [re.split(r"  +", line, maxsplit=2) for line in said.splitlines()]
    taking = {name: takes for name, takes, about in lines if about}
    assert next(iter(taking)) == "steady"
    assert (taking["steady"], taking["firmware-campaign"]) == ("5 min", "25.0 s to 10 min 15 s")


@pytest.mark.parametrize("option", ["--json", "--report"])
def test_a_report_that_cannot_be_written_is_told_before_the_run(option: str, tmp_path: Any) -> None:
    status, said = run(option, f"{tmp_path}/nowhere/run")
    assert status == 2
    assert f"cannot write {tmp_path}/nowhere/run: there is no folder" in said


def test_one_report_cannot_have_the_place_of_the_other(tmp_path: Path) -> None:
    status, said = run("--json", f"{tmp_path}/run", "--report", f"{tmp_path}/run")
    assert status == 2
    assert "--json and --report: one would take the place of the other" in said


def test_a_name_that_cannot_be_is_told_before_the_run(tmp_path: Path) -> None:
    status, said = run("--json", f"{tmp_path}/{'x' * 300}")
    assert status == 2
    assert "file name too long" in said


def test_a_folder_is_no_place_for_a_report(tmp_path: Path) -> None:
    status, said = run("--report", str(tmp_path))
    assert status == 2
    assert f"cannot write {tmp_path}: it is a folder" in said
