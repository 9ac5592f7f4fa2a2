"""The threat model names tests that exist, rules for every entry, and every parser of what strangers send."""

import ast
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cache

from packaging.version import Version

from fuzz.targets import NAMES
from tests.outside import ROOT

DOCUMENT = (ROOT / "docs" / "threat-model.md").read_text()
_RULE = re.compile(r"\| ([A-Z][^|]+\.) \| ([STRIDE](?:, [STRIDE])*) \| `(tests/[\w/]+\.py)::(test_\w+)` \|")
_ENTRY = re.compile(r"\| \[([^\]]+)\]\(#([\w-]+)\) \| ([^|]+) \| ([^|]+) \|([^|]*)\|")
_TICKED = re.compile(r"`([^`]+)`")
_EXEMPTION = re.compile(r"# (?:ruff: )?noqa: ((?:[A-Z]+\d+(?:, )?)+)(.*)")
_SECURITY = re.compile(r"\bS\d{3}\b")


def sections(marks: str, text: str) -> dict[str, str]:
    """What stands under each heading of a level."""
    parts = re.split(rf"^{marks} (.+)$", text, flags=re.MULTILINE)[1:]
    found = dict(zip(parts[::2], parts[1::2], strict=True))
    assert len(found) == len(parts) // 2, "a heading comes twice"
    return found


def rows(text: str) -> Iterator[str]:
    """The rows of a section's tables, without their heads."""
    place = 0
    for line in text.splitlines():
        place = place + 1 if line.startswith("|") else 0
        if place > 2:
            yield line


CHAPTERS = sections("##", DOCUMENT)
ENTRIES = sections("###", CHAPTERS["Entries"])


@cache
def defined_in(path: str) -> frozenset[str]:
    """The tests that a module defines."""
    tree = ast.parse((ROOT / path).read_text())
    return frozenset(each.name for each in tree.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef))


def test_each_rule_says_against_what_it_is_and_names_a_test_that_exists() -> None:
    for name, text in ENTRIES.items():
        for row in rows(text):
            found = _RULE.fullmatch(row)
            assert found is not None, f"not a rule, under {name}: {row}"
            _, against, path, test = found.groups()
            assert len(set(against.split(", "))) == len(against.split(", ")), row
            assert (ROOT / path).is_file(), f"{path} is named under {name}"
            assert test in defined_in(path), f"{path} has no {test}"


def test_each_entry_is_listed_once_and_has_a_rule() -> None:
    listed = [_ENTRY.fullmatch(row) for row in rows(CHAPTERS["Entries"].partition("###")[0])]
    assert listed
    assert None not in listed
    names = [(each[1], each[2]) for each in listed if each is not None]
    anchors = [(name, re.sub(r"[^\w -]", "", name.lower()).replace(" ", "-")) for name in ENTRIES]
    assert names == anchors
    assert all(any(rows(text)) for text in ENTRIES.values())


def test_each_fuzzed_parser_stands_at_one_entry() -> None:
    fuzzed = Counter(
        name
        for row in rows(CHAPTERS["Entries"].partition("###")[0])
        if (entry := _ENTRY.fullmatch(row)) is not None
        for name in _TICKED.findall(entry[5])
    )
    assert fuzzed == Counter(NAMES)


def test_no_rule_is_there_twice_and_every_threat_is_met() -> None:
    found = [_RULE.fullmatch(row) for text in ENTRIES.values() for row in rows(text)]
    tests = Counter((each[3], each[4]) for each in found if each is not None)
    assert max(tests.values()) == 1
    assert {letter for each in found if each is not None for letter in each[2].split(", ")} == set("STRIDE")


def test_each_accepted_risk_says_why_and_what_can_be_done() -> None:
    risks = list(rows(CHAPTERS["Accepted risks"]))
    assert len(risks) > 10
    for row in risks:
        cells = [each.strip() for each in row.strip("|").split("|")]
        assert len(cells) == 3, row
        assert all(each.endswith(".") for each in cells), row


def test_the_settings_that_are_named_exist() -> None:
    known = (ROOT / "docs" / "settings.md").read_text()
    for name in set(re.findall(r"`(AIOACS_[A-Z_]+)", DOCUMENT)):
        assert f"`{name}`" in known, name


def test_everything_that_is_installed_is_locked_by_its_hash() -> None:
    locked = re.split(r"^(?=[A-Za-z])", (ROOT / "requirements.lock").read_text(), flags=re.MULTILINE)[1:]
    assert len(locked) > 50
    for each in locked:
        assert re.match(r"[\w.\-\[\]]+==\S+", each), each
        assert "--hash=sha256:" in each, each
    installs = [line for line in (ROOT / "Makefile").read_text().splitlines() if "pip install" in line]
    assert [line for line in installs if "--require-hashes" not in line and "--no-deps" not in line] == [
        "\t$(BIN)/python -m pip install --quiet uv==$(UV_VERSION)"
    ]


def test_nothing_is_locked_that_is_older_than_what_mended_a_known_weakness() -> None:
    text = (ROOT / "requirements.lock").read_text()
    locked = dict(re.findall(r"^([\w.\-]+)==([^\s;]+)", text, re.MULTILINE))
    known = [row for row in rows(CHAPTERS["Known weaknesses of dependencies"]) if row.count("|") == 5]
    assert len(known) > 5
    for row in known:
        package, advisories, mended, meaning = (each.strip() for each in row.strip("|").split("|"))
        assert re.match(r"CVE-\d{4}-\d+|GHSA(-\w{4}){3}", advisories), row
        assert meaning.endswith("."), row
        assert Version(locked[package]) >= Version(mended), row


def test_each_exemption_from_the_security_rules_has_its_reason_beside_it() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    lint = tomllib.loads(text)["tool"]["ruff"]["lint"]
    assert "S" in lint["select"]
    assert not any(each.startswith("S") and each[1:].isdigit() for each in lint["ignore"])
    lines = text.splitlines()
    for place, codes in lint["per-file-ignores"].items():
        assert "S" not in codes, f"{place} is free of all of them"
        if any(map(_SECURITY.fullmatch, codes)):
            (number,) = [number for number, line in enumerate(lines) if line.startswith(f'"{place}" =')]
            assert lines[number - 1].startswith("# "), f"nothing says why {place} is free of some"
    for path in (path for folder in _folders() for path in (ROOT / folder).rglob("*.py")):
        for line in path.read_text().splitlines():
            found = _EXEMPTION.search(line)
            if found is not None and _SECURITY.search(found[1]):
                assert re.search(r"\w{3,}", found[2]), f"{path.relative_to(ROOT)}: {line.strip()}"


def _folders() -> list[str]:
    return ["cwmp_schemas", "acs", "api", "simulators", "fuzz", "benchmarks", "scripts", "tests"]
