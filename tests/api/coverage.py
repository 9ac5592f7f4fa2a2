"""Every answer that the document of the API promises must be provoked by a test, in whichever process that ran."""

from pathlib import Path
from typing import Any, Final

import pytest

from tests.api.client import CONTRACTS
from tests.api.contract import Case

_HERE: Final = Path(__file__).parent
# Answered by no request of a client that keeps to HTTP.
_NEVER: Final = {"timeout"}
_OUTPUT: Final = "answers of the API without a test"
_FOUND: Final = pytest.StashKey[list[set[Case]]]()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A process that ran tests tells the one that gathers; that one fails the run."""
    config = session.config
    found = config.stash.setdefault(_FOUND, [])
    ran = {item.path for item in session.items} if hasattr(session, "items") else set()
    if CONTRACTS and ran.issuperset(_HERE.glob("test_*.py")):
        (contract,) = CONTRACTS
        found.append({case for case in contract.promised() - contract.provoked if case[3] not in _NEVER})
    if hasattr(config, "workeroutput"):
        config.workeroutput[_OUTPUT] = [sorted(each) for each in found]
    elif not session.testsfailed and _missing(config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """A process of pytest-xdist has ended."""
    told = getattr(node, "workeroutput", {}).get(_OUTPUT, [])
    node.config.stash.setdefault(_FOUND, []).extend({tuple(case) for case in each} for each in told)


def pytest_terminal_summary(terminalreporter: Any, exitstatus: int, config: pytest.Config) -> None:
    """Say which."""
    missing = _missing(config)
    if exitstatus != pytest.ExitCode.OK or not missing:
        return
    terminalreporter.section(f"{len(missing)} answers of the API that no test has provoked", red=True)
    for case in sorted(missing):
        terminalreporter.line(" ".join(map(str, case)))


def _missing(config: pytest.Config) -> set[Case]:
    found = config.stash.get(_FOUND, [])
    return set.intersection(*found) if found else set()
