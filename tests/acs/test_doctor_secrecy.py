"""What the doctor says of what others could read or change."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from acs.doctor import State, examine
from acs.doctor.examination import RELEASED
from acs.doctor.secrecy import open_api_findings, settings_file_findings
from acs.settings import Settings
from acs.settings.loading import settings_file

PLAIN = 'cwmp_port = 7547\nfiles_folder = "files"\n'
SECRET = 'database_url = "postgresql://aioacs:hunter2@db/aioacs"\nbootstrap_token = "0123456789abcdef"\n'


@pytest.mark.parametrize(
    ("text", "mode", "state"),
    [
        (PLAIN, 0o644, State.OK),
        (PLAIN, 0o664, State.FAILURE),
        (PLAIN, 0o646, State.FAILURE),
        (SECRET, 0o600, State.OK),
        (SECRET, 0o640, State.WARNING),
        (SECRET, 0o604, State.WARNING),
        (SECRET, 0o666, State.FAILURE),
        ("no TOML", 0o644, State.OK),
    ],
)
def test_a_settings_file_is_closed_to_others_as_far_as_it_must_be(
    tmp_path: Path, text: str, mode: int, state: State
) -> None:
    path = tmp_path / "aioacs.toml"
    path.write_text(text)
    path.chmod(mode)
    (finding,) = settings_file_findings(path)
    assert finding.state is state
    assert "hunter2" not in finding.sentence
    if state is State.WARNING:
        assert "database_url, bootstrap_token" in finding.sentence


def test_without_a_settings_file_there_is_nothing_to_say(tmp_path: Path) -> None:
    assert list(settings_file_findings(tmp_path / "aioacs.toml")) == []


async def test_the_file_that_is_looked_at_is_the_one_that_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "other.toml"
    path.write_text(SECRET)
    path.chmod(0o644)
    monkeypatch.setenv("AIOACS_CONFIG", str(path))
    assert settings_file() == path
    settings = Settings(database_url=SecretStr(f"sqlite:///{tmp_path}/a.db"), cwmp_port=0, api_port=0)
    findings = await examine(settings, now=RELEASED + 1)
    assert [each.state for each in findings if each.subject == "settings"] == [State.WARNING]


@pytest.mark.parametrize(
    ("host", "is_open"),
    [("127.0.0.1", False), ("::1", False), ("localhost", False), ("0.0.0.0", True), ("::", True), ("10.0.0.1", True)],
)
def test_an_api_that_other_machines_reach_without_tls_is_told(host: str, is_open: bool) -> None:
    findings = list(open_api_findings(Settings(api_host=host)))
    assert [each.state for each in findings] == [State.WARNING] * is_open
