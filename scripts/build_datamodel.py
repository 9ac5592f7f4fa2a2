"""Make the outline of the published data models that cwmp_schemas.datamodel bundles.

    python scripts/build_datamodel.py SOURCE_FOLDER [OUTPUT_FILE]

The folder holds one table for each model, with a line for each path and a tab between its four columns: path, access
(``ro`` or ``rw``), type, and limits joined by "; ". The same tables always give the same bytes.
"""

import argparse
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from cwmp_schemas.datamodel.facts import parse_facts
from cwmp_schemas.paths import Path as ParameterPath

# What each model's paths begin below. TR-104 and TR-196 describe services, which stand below either root object.
SOURCES: Final[Mapping[str, str]] = {
    "tr-098-1.8.tsv": "",
    "tr-104-2.0.tsv": "*.Services.",
    "tr-181-2.17.tsv": "",
    "tr-196-2.1.tsv": "*.Services.",
}

HEADER: Final = """\
# Facts of the data models published by the Broadband Forum: TR-181 2.17, TR-098 1.8, TR-104 2.0 and TR-196 2.1.
# Made by scripts/build_datamodel.py; not to be edited. One line a path, below its object: name, access, type, limits.
"""

OUTPUT: Final = Path(__file__).parents[1] / "cwmp_schemas" / "datamodel" / "facts.txt"


class SourceError(Exception):
    """A source that cannot be read; the text names the file and the line."""


def main() -> None:
    """Read the folder, write the outline."""
    parser = argparse.ArgumentParser(description="Make the outline of the published data models.")
    parser.add_argument("source_folder", type=Path, help="holds " + ", ".join(SOURCES))
    parser.add_argument("output_file", type=Path, nargs="?", default=OUTPUT, help="the bundled file, unless given")
    arguments = parser.parse_args()
    try:
        facts = read_models(arguments.source_folder)
    except SourceError as error:
        sys.exit(str(error))
    arguments.output_file.write_bytes((HEADER + "".join(outline(facts))).encode())
    print(f"{arguments.output_file}: {len(facts)} paths")


def read_models(folder: Path) -> dict[str, str]:
    """The facts of every path of every model, and of the tables."""
    facts: dict[str, str] = {}
    for name, below in SOURCES.items():
        try:
            text = (folder / name).read_bytes().decode()
        except (OSError, UnicodeDecodeError) as error:
            raise SourceError(f"{folder / name}: {error}") from None
        for number, line in enumerate(text.split("\n"), 1):
            if not line or line.startswith("#"):
                continue
            try:
                for path, words in read_line(line):
                    if below + path in facts:
                        raise ValueError(f"{path} is said twice")
                    facts[below + path] = words
            except ValueError as error:
                raise SourceError(f"{folder / name}, line {number}: {error}") from None
    return facts


def read_line(line: str) -> Iterator[tuple[str, str]]:
    """The path and its facts in the words parse_facts reads; with an instance comes its table, which has no line."""
    columns = line.split("\t")
    if len(columns) != 4:
        raise ValueError(f"{len(columns)} columns instead of 4")
    path, access, kind, limits = columns
    # TR-098 1.8 publishes five names with a blank at their end; no device has it.
    path = path.rstrip(" ")
    ParameterPath.parse(path)
    if (kind == "object") != path.endswith("."):
        raise ValueError(f"{path} is of type {kind}: objects, and they alone, end in a dot")
    if (limits == "multi") != path.endswith("{i}."):
        raise ValueError(f"{path} has the limits {limits!r}: instances, and they alone, are multi")
    if limits == "multi":
        kind, limits = "instance", ""
        yield path.removesuffix("{i}."), f"{access} table"
    if kind == "list":
        # TR-181 2.17 gives MoCA bands no type but this: a list of strings.
        kind, limits = "string", "; ".join(filter(None, (limits, "list")))
    if "list" in limits.split("; "):
        # TR-196 2.1 writes the defaults of lists in brackets, which no list has on the wire (TR-106 3.2.3).
        limits = re.sub(r"\bdefault \[([^\]]*)\]", r"default \1", limits)
    words = f"{access} {kind} {limits}".rstrip(" ")
    parse_facts(words)
    yield path, words


def outline(facts: Mapping[str, str]) -> Iterator[str]:
    """The lines, each below its object, indented by a tab."""
    objects: list[str] = []
    # In this order all that begins like an object follows it.
    for path in sorted(facts):
        while objects and not path.startswith(objects[-1]):
            objects.pop()
        yield "\t" * len(objects) + path.removeprefix(objects[-1] if objects else "") + f" {facts[path]}\n"
        if path.endswith("."):
            objects.append(path)


if __name__ == "__main__":
    main()
