"""Material that is not part of the project and that some tests use where it is there.

Each folder is looked for in an environment variable, else beside the repository.
"""

import os
from pathlib import Path

import pytest

_BESIDE = Path(__file__).parents[2] / "shared"


def folder(name: str, variable: str, left_out: str) -> Path:
    """A folder of outside material; skips the test or module, saying what is left out, where there is none."""
    path = Path(os.environ.get(variable, _BESIDE / name))
    if not path.is_dir():
        pytest.skip(f"no {name} here (set {variable}): left out {left_out}", allow_module_level=True)
    return path
