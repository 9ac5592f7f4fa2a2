"""What the documents claim is true of the code."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.outside import ROOT

DOCUMENTS = [ROOT / "README.md", ROOT / "ARCHITECTURE.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/**/*.md"))]
# What running something makes, and what is not in the repository before.
MADE = {"benchmarks/out/bench.json", "benchmarks/out/bench.html", "data/aioacs.db", "data/secret.keys"}

_PATH = re.compile(r"`((?:[\w.\-]+/)+[\w.\-]*|[A-Z]+\.md|\.[a-z]+)`|\]\(((?:[\w.\-]+/)*[\w.\-]+/?)\)")


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_every_path_that_is_named_exists(document: Path) -> None:
    named = {
        code or str((document.parent / link).relative_to(ROOT)) for code, link in _PATH.findall(document.read_text())
    }
    missing = sorted(path for path in named - MADE if not (ROOT / path).exists())
    assert not missing, f"{_name(document)} names what is not there: {missing}"


def test_the_map_names_every_package_and_every_module_of_the_messages() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text()
    packages = [_name(path.parent) + "/" for path in ROOT.glob("[a-z]*/**/__init__.py")]
    modules = [_name(path) for path in ROOT.glob("cwmp_schemas/*.py") if path.stem not in {"__init__", "errors", "xml"}]
    assert not [path for path in [*packages, *modules] if f"`{path}`" not in text]


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z]+)(?: [a-z]+)*:", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for document in DOCUMENTS:
        for named in re.findall(r"(?:`|^    )make ([a-z]+)", document.read_text(), re.MULTILINE):
            assert named in targets, f"{_name(document)} names make {named}"


def test_the_example_of_the_readme_runs_and_prints_what_it_says() -> None:
    example = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert example is not None
    done = subprocess.run([sys.executable, "-c", example[1]], capture_output=True, text=True, check=True, cwd=ROOT)
    first, second, third = done.stdout.splitlines()
    assert first == "S1 5.17 & later"
    assert "RAW_AMPERSAND" in second
    assert third.startswith("<soap-env:Envelope") and "<string>Device.WiFi.</string>" in third  # noqa: PT018


@pytest.mark.parametrize("report", sorted(ROOT.glob("docs/**/*.html")), ids=_name)
def test_a_report_that_is_kept_is_small_stands_alone_and_tells_of_no_place(report: Path) -> None:
    text = report.read_text()
    assert len(text) < 1_000_000
    assert "expected" in text
    # No folder of a machine, no address that somebody could call, nothing that is loaded from elsewhere.
    assert (
        re.findall(
            r"(?<![\w/<])/(?:home|root|tmp|var|work|usr|opt)/|\bhttps?://(?!www\.w3\.org/)\S+|<link\b|\ssrc=", text
        )
        == []
    )
    assert re.findall(r"(?i)authorization|bearer |passw(?:or)?d\s*=|api[_-]?token", text) == []


def test_no_module_is_longer_than_400_lines() -> None:
    folders = ("cwmp_schemas", "acs", "api", "simulators", "fuzz", "benchmarks", "scripts", "tests")
    modules = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    long = {_name(path): lines for path in modules if (lines := len(path.read_text().splitlines())) > 400}
    assert not long
