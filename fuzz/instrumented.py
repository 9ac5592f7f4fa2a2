"""One target under libFuzzer, in a process of its own, as ``fuzz.guided`` starts it."""

import sys
import tempfile
from pathlib import Path
from typing import Final

import atheris

from fuzz.target import CORPUS, PACKAGES

_PATIENCE: Final = 8.0
"""The instruments make everything slower, and others use the machine."""


def main() -> None:
    """Run until so many executions are done, or one is a find."""
    name, folder, *options = sys.argv[1:]
    with atheris.instrument_imports(include=list(PACKAGES)):
        from fuzz.targets import target  # noqa: PLC0415  only what is imported here is measured

        found = target(name)
    with tempfile.NamedTemporaryFile("w", suffix=".dict") as words:
        words.writelines(f'"{_escaped(word)}"\n' for word in found.words)
        words.flush()
        arguments = [
            sys.argv[0],
            folder,
            str(CORPUS / name),
            f"-max_len={found.longest}",
            *([f"-dict={words.name}"] if found.words else []),
            f"-artifact_prefix={Path(folder).parent}/{name}-",
            "-timeout=30",
            "-rss_limit_mb=2048",
            "-print_final_stats=1",
            "-reload=0",
            *options,
        ]
        atheris.Setup(arguments, lambda data: found.judge(bytes(data), _PATIENCE))
        atheris.Fuzz()


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{octet:02x}" for octet in word)


if __name__ == "__main__":
    main()
