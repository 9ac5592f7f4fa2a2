"""Reads a document whose examples are ``curl`` commands and their answers, and does what it says."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any, Final

import aiohttp

from tests.api.client import Client, Said

_BLOCK: Final = re.compile(r"^```(\w+)\n(.*?)^```$|^<!-- (\w+)(?:: (.*?))? -->$", re.MULTILINE | re.DOTALL)
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
ANYTHING: Final = "..."
"""Stands in an answer for what may be anything, and for members that are not shown."""
# Other ones each time.
_VOLATILE: Final = frozenset({"id", "uuid", "transaction_id", "execution_id", "request_id", "token"})


@dataclass(frozen=True, slots=True)
class Command:
    """A command that a reader would type."""

    text: str
    """As it stands there."""
    answer: object
    """What the document says that comes back; None: nothing is said."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens meanwhile, as a comment says that readers do not see."""

    name: str
    """What happens."""
    argument: str
    """What else the comment says."""


def steps(document: Path) -> Iterator[Command | Event]:
    """The commands and events of a document, in order."""
    pending: str | None = None
    for language, content, name, argument in _BLOCK.findall(document.read_text(encoding="utf-8")):
        if language == "json" and pending is not None:
            yield Command(pending, json.loads(content))
            pending = None
            continue
        if pending is not None:
            yield Command(pending, None)
            pending = None
        if name:
            yield Event(name, argument)
        elif language == "sh":
            pending = content
    if pending is not None:
        yield Command(pending, None)


@dataclass(slots=True)
class Request:
    """What a ``curl`` command asks for."""

    method: str
    path: str
    headers: dict[str, str]
    data: bytes | aiohttp.FormData | None = None

    async def send(self, client: Client) -> Said:
        """Ask."""
        return await client.as_(None).ask(self.method, self.path, headers=self.headers, data=self.data)


def request_of(command: str, variables: Mapping[str, str], folder: Path) -> Request:
    """The request of a ``curl`` command; anything that this does not understand is an error."""
    words = shlex.split(Template(command.replace("\\\n", " ")).substitute(variables))
    assert words.pop(0) == "curl", command
    request = Request("", "", {})
    form: aiohttp.FormData | None = None
    while words:
        word = words.pop(0)
        match word:
            case "-s":
                pass
            case "-X":
                request.method = words.pop(0)
            case "-H":
                name, _, value = words.pop(0).partition(": ")
                request.headers[name] = value
            case "--json":
                request.data = words.pop(0).encode()
                request.headers["Content-Type"] = "application/json"
            case "-F":
                form = form or aiohttp.FormData()
                name, _, value = words.pop(0).partition("=")
                if value.startswith("@"):
                    content = (folder / value[1:]).read_bytes()
                    form.add_field(name, content, filename=value[1:], content_type="application/octet-stream")
                else:
                    form.add_field(name, value)
            case _:
                assert not word.startswith("-"), f"{word} in {command}"
                assert not request.path, command
                request.path = word
    request.data = form or request.data
    request.method = request.method or ("GET" if request.data is None else "POST")
    return request


def fits(shown: Any, real: Any, place: str = "") -> list[str]:
    """Where an answer is not as it is shown."""
    if shown == ANYTHING:
        return []
    if isinstance(shown, dict) and isinstance(real, dict):
        keys = set(shown) - {ANYTHING}
        wrong = [f"{place}.{key} is not there" for key in sorted(keys - set(real))]
        if ANYTHING not in shown:
            wrong += [f"{place}.{key} is not shown" for key in sorted(set(real) - keys)]
        for key in sorted(keys & set(real)):
            if key in _VOLATILE and type(shown[key]) is type(real[key]):
                continue
            wrong += fits(shown[key], real[key], f"{place}.{key}")
        return wrong
    if isinstance(shown, list) and isinstance(real, list):
        is_open = bool(shown) and shown[-1] == ANYTHING
        items = shown[:-1] if is_open else shown
        wrong = [] if len(items) == len(real) or (is_open and len(items) < len(real)) else [f"{place} has {len(real)}"]
        for number, (one, other) in enumerate(zip(items, real, strict=False)):
            wrong += fits(one, other, f"{place}[{number}]")
        return wrong
    if isinstance(shown, str) and isinstance(real, str) and _MOMENT.fullmatch(shown) and _MOMENT.fullmatch(real):
        return []
    return [] if shown == real and type(shown) is type(real) else [f"{place} is {real!r}, not {shown!r}"]
