"""What is told of the settings of a run: enough to run it again, but not where on a machine something is."""

import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import urlsplit, urlunsplit

Scalar = str | int | float | bool | None
"""What a setting, or a figure of an expectation, may be."""

HIDDEN: Final = "***"
"""Stands where a secret was set, or what may have one in it."""


def told(settings: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """The settings without places on the machine."""
    return {name: place(value) if isinstance(value, str) else value for name, value in settings.items()}


def command(program: str, settings: Mapping[str, Scalar]) -> str:
    """A command line with these settings; those that are not set are not in it."""
    return " ".join([program, *_options(told(settings))])


def place(value: str) -> str:
    """A text without what says where on a machine something is, or how to log in to an address."""
    if "://" in value:
        return _address(value)
    if value.startswith(("/", "~", "./", "../")) or re.match(r"[A-Za-z]:\\", value):
        return re.split(r"[/\\]", value.rstrip("/\\"))[-1]
    return value


def _address(url: str) -> str:
    """An address without who logs in there, and without a query, which may hold a token."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return HIDDEN
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment=""))


def _options(settings: Mapping[str, Scalar]) -> Iterator[str]:
    for name, value in settings.items():
        if value is None or value is False:
            continue
        option = "--" + name.replace("_", "-")
        yield option if value is True else f"{option} {shlex.quote(str(value))}"
