"""What the document on problems claims is true of the code."""

import re

from api.problems import Kind
from api.told import HEADERS
from tests.outside import ROOT

_ROW = re.compile(r"^\| `(\S+)` \| (\d+) \| (\S.*\S) \| (\S.*\S) \|$", re.MULTILINE)


def test_the_document_has_every_kind_of_problem_and_no_other() -> None:
    rows = _ROW.findall((ROOT / "docs" / "rest" / "problems.md").read_text())
    assert [(uri, int(status)) for uri, status, _, _ in rows] == [(kind.uri, kind.status) for kind in Kind]


def test_the_documents_call_headers_and_settings_as_they_are_called() -> None:
    text = (ROOT / "docs" / "rest" / "README.md").read_text()
    rows = re.findall(r"^\| (`.*`) \| (?:answer|both) \|", text, re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`([\w-]+)`", row)}
    assert len(named) > 7
    assert named - set(HEADERS) == {"Allow"}
    settings = (ROOT / "docs" / "settings.md").read_text()
    for document in ("README.md", "problems.md"):
        spoken = re.findall(r"`(AIOACS_\w+)`", (ROOT / "docs" / "rest" / document).read_text())
        assert [name for name in spoken if f"| `{name}` |" not in settings] == []
