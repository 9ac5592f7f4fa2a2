"""Material that is not part of the project and that some tests use where it is there.

Each folder is named by an environment variable, or stands beside the repository.
"""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
_BESIDE = ROOT.parent / "shared"


def folder(name: str, variable: str, left_out: str) -> Path:
    """A folder of outside material; skips the test or module, saying what is left out, where there is none."""
    named = os.environ.get(variable)
    path = Path(named) if named else _BESIDE / name
    if named:
        assert path.is_dir(), f"{variable} names {named}, which is no folder"
    elif not path.is_dir():
        pytest.skip(f"no {name} here (set {variable}): left out {left_out}", allow_module_level=True)
    return path
