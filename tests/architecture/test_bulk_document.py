"""The words that bulks count by are those of the document."""

import re
from pathlib import Path

from acs.domain.bulk import ErrorKind

DOCUMENT = Path(__file__).parents[2] / "docs" / "rest" / "bulks.md"


def test_the_document_explains_each_word_that_errors_are_counted_by() -> None:
    assert set(re.findall(r"^\| `(\w+)` \|", DOCUMENT.read_text(), re.MULTILINE)) == {each.value for each in ErrorKind}
