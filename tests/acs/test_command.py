"""The command as an operator uses it: in a process of its own, by its output and its exit status."""

import http.client
import os
import signal
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.outside import ROOT

SECRET = "hunter2hunter2"
INFORM = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:cwmp="urn:dslforum-org:cwmp-1-0"><s:Body>'
    "<cwmp:Inform><DeviceId><OUI>00D09E</OUI><SerialNumber>S1</SerialNumber></DeviceId></cwmp:Inform>"
    "</s:Body></s:Envelope>"
)


def aioacs(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("AIOACS_")}
    # What is tested is what stands beside the test, whatever is installed.
    own["PYTHONPATH"] = str(ROOT)
    return subprocess.run(
        [sys.executable, "-m", "acs", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env=own | {f"AIOACS_{name}": value for name, value in settings.items()},
        timeout=60,
    )


def test_workers_take_no_modules_from_the_folder_they_run_in(tmp_path: Path) -> None:
    for name in ("acs", "structlog", "asyncio"):
        (tmp_path / f"{name}.py").write_text("open('owned', 'w').close()\nraise SystemExit('owned')\n")
    own = {name: value for name, value in os.environ.items() if not name.startswith("AIOACS_")}
    own |= {"AIOACS_WORKERS": "2", "AIOACS_DATABASE_URL": "postgresql://127.0.0.1:1/none", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        # As the command is started: without the folder.
        [sys.executable, "-P", "-m", "acs", "serve"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env=own,
        timeout=60,
    )
    assert (done.returncode, "PostgreSQL cannot be reached" in done.stderr) == (1, True), done.stderr
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize("command", ["version", "--version"])
def test_the_version_is_told_whatever_the_settings_are(tmp_path: Path, command: str) -> None:
    done = aioacs(tmp_path, command, CWMP_PORT="wrong")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"aioacs {version('aioacs')}\n", "")


def test_the_version_loads_nothing_of_the_server(tmp_path: Path) -> None:
    program = (
        "import sys, runpy; sys.argv = ['aioacs', 'version']\n"
        "try: runpy.run_module('acs', run_name='__main__')\n"
        "except SystemExit: pass\n"
        "server = {'pydantic_settings', 'aiohttp', 'asyncpg', 'lxml', 'structlog', 'acs.settings'}\n"
        "print(sorted(server & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.splitlines()[-1] == "[]"


def test_help_names_every_command(tmp_path: Path) -> None:
    done = aioacs(tmp_path, "--help")
    assert done.returncode == 0
    assert all(command in done.stdout for command in ("serve", "migrate", "token", "doctor", "version"))


@pytest.mark.parametrize("command", ["serve", "migrate"])
def test_wrong_settings_are_all_told_on_standard_error_with_status_2(tmp_path: Path, command: str) -> None:
    done = aioacs(tmp_path, command, CWMP_PORT="x", WORKERS="0", BOOTSTRAP_TOKEN=SECRET, NO_SUCH=SECRET)
    assert (done.returncode, done.stdout) == (2, "")
    told = done.stderr.splitlines()
    assert len(told) == 4
    assert all(line.startswith("aioacs: AIOACS_") for line in told)
    assert SECRET not in done.stderr
    assert list(tmp_path.iterdir()) == [], "nothing is started, and nothing is made"


def test_the_tables_are_made_once(tmp_path: Path) -> None:
    first, second = (aioacs(tmp_path, "migrate") for _ in range(2))
    assert (first.returncode, second.returncode) == (0, 0)
    assert all(line.startswith("applied ") for line in first.stdout.splitlines())
    assert first.stdout
    assert second.stdout == "already up to date\n"
    assert (tmp_path / "data" / "aioacs.db").exists()


def test_a_database_that_cannot_be_used_is_told_without_a_traceback_or_its_password(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    done = aioacs(tmp_path, "migrate")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    done = aioacs(tmp_path, "migrate", DATABASE_URL=f"postgresql://u:{SECRET}@127.0.0.1:1/aioacs")
    assert done.returncode == 1
    assert SECRET not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_the_doctor_finds_a_fresh_machine_fit(tmp_path: Path) -> None:
    done = aioacs(tmp_path, "doctor", CWMP_PORT="0", API_PORT="0")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ok      database: data/aioacs.db is not there yet; the first start makes it" in done.stdout.splitlines()


def test_the_doctor_ends_with_status_1_if_something_fails(tmp_path: Path) -> None:
    done = aioacs(tmp_path, "doctor", CWMP_PORT="0", API_PORT="0", CWMP_PUBLIC_URL="http://localhost")
    assert done.returncode == 1
    assert "failure public URL: http://localhost leads devices to themselves" in done.stdout


def test_the_doctor_tells_wrong_settings_too(tmp_path: Path) -> None:
    done = aioacs(tmp_path, "doctor", DATABASE_URL=f"postgresql//u:{SECRET}@db", CWMP_PORT="x")
    assert done.returncode == 1
    assert [line.split(" is ")[0] for line in done.stdout.splitlines()] == [
        "failure settings: AIOACS_DATABASE_URL",
        "failure settings: AIOACS_CWMP_PORT",
    ]
    assert SECRET not in done.stdout + done.stderr


def test_a_port_that_is_taken_is_said_in_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = aioacs(tmp_path, "serve", CWMP_HOST="127.0.0.1", CWMP_PORT=str(port), DRAIN_TIMEOUT="0")
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1] == (
        f"aioacs: cannot listen on port {port} of 127.0.0.1: Address already in use; aioacs doctor says more"
    )
    assert "Traceback" not in done.stderr


def test_an_address_that_cannot_be_found_is_said_in_the_words_of_the_resolver(tmp_path: Path) -> None:
    done = aioacs(tmp_path, "serve", CWMP_HOST="no.such.host.invalid", CWMP_PORT="0")
    assert done.returncode == 1
    assert "Unknown error" not in done.stderr
    assert done.stderr.startswith("aioacs: cannot listen on port 0 of no.such.host.invalid: ")


def test_a_key_file_that_this_user_may_not_look_for_is_said_in_one_sentence(tmp_path: Path) -> None:
    # A name that is too long fails as one below a closed folder does, for root as well.
    done = aioacs(tmp_path, "serve", SECRET_KEY_FILE=f"{'long' * 100}/keys", CWMP_PORT="0")
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert "cannot be read: File name too long" in done.stderr


def test_files_of_tls_that_cannot_be_used_are_said_by_name_and_nobody_is_asked_for_a_password(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    sealed = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(SECRET.encode()))
    (tmp_path / "key.pem").write_bytes(sealed)
    tls = {"CWMP_TLS_PORT": "0", "CWMP_TLS_CERTIFICATE": "none.pem", "CWMP_TLS_KEY": "key.pem", "CWMP_PORT": "0"}
    done = aioacs(tmp_path, "serve", **tls)
    assert (done.returncode, done.stderr) == (
        1,
        "aioacs: none.pem or key.pem cannot be read: No such file or directory (check who may read them)\n",
    )
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "acs.example.net")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
    (tmp_path / "none.pem").write_bytes(builder.sign(key, SHA256()).public_bytes(Encoding.PEM))
    done = aioacs(tmp_path, "serve", **tls)
    assert (done.returncode, done.stderr) == (
        1,
        "aioacs: key.pem has a password (take the password off: nobody is there to type it)\n",
    )


def test_a_second_ctrl_c_does_not_wait_for_open_sessions(tmp_path: Path) -> None:
    own = {name: value for name, value in os.environ.items() if not name.startswith("AIOACS_")}
    settings = {
        "CWMP_HOST": "127.0.0.1",
        "CWMP_PORT": "0",
        "API_PORT": "0",
        "ONBOARDING": "open",
        "DRAIN_TIMEOUT": "600",
    }
    with subprocess.Popen(
        [sys.executable, "-m", "acs", "serve"],
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=own | {f"AIOACS_{name}": value for name, value in settings.items()},
    ) as server:
        assert server.stderr is not None
        try:
            told = server.stderr.readline()
            assert "the first admin token, shown this once: aioacs_" in server.stderr.readline()
            port = int(told.partition(" cwmp=127.0.0.1:")[2].partition(" ")[0])
            device = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            device.request("POST", "/", INFORM)
            assert device.getresponse().status == 200
            server.send_signal(signal.SIGINT)
            assert "stopping sessions=1 seconds_at_most=600" in server.stderr.readline()
            server.send_signal(signal.SIGINT)
            assert server.wait(30) == 0
            assert server.stderr.readlines()[-1].rstrip().endswith(" stopped")
            device.close()
        finally:
            server.kill()
