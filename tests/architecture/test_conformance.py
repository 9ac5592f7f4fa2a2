"""The conformance list names tests that exist, each row one."""

import ast
import re
from collections.abc import Iterator

from tests.outside import ROOT

DOCUMENT = ROOT / "docs" / "protocol" / "conformance.md"
_ROW = re.compile(r"\| ([^|]+) \| ([^|]+) \| `([\w/]+\.py)::(\w+)` \|")


def rows() -> Iterator[str]:
    for line in DOCUMENT.read_text().splitlines():
        if line.startswith("|") and not line.startswith(("| clause", "|---")):
            yield line


def test_each_row_names_a_clause_a_duty_and_a_test_that_exists() -> None:
    defined: dict[str, set[str]] = {}
    for row in rows():
        found = _ROW.fullmatch(row)
        assert found is not None, f"not a row of the list: {row}"
        _, _, path, name = found.groups()
        if path not in defined:
            tree = ast.parse((ROOT / path).read_text())
            defined[path] = {
                node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            }
        assert name in defined[path], f"{path} has no {name}"


def test_the_list_is_not_empty_and_says_nothing_twice() -> None:
    duties = [row.rpartition(" | ")[0] for row in rows()]
    assert len(duties) > 2
    assert len(set(duties)) == len(duties)
