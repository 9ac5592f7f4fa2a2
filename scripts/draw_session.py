"""Draws the session's table of moves into docs/protocol/session.md; run it after a change to acs/session/states.py."""

from pathlib import Path

from acs.session.diagram import redrawn

DOCUMENT = Path(__file__).parents[1] / "docs" / "protocol" / "session.md"


def main() -> None:
    """Rewrite the document."""
    text = DOCUMENT.read_text(encoding="utf-8")
    DOCUMENT.write_text(redrawn(text), encoding="utf-8")


if __name__ == "__main__":
    main()
