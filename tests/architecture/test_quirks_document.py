"""The list of quirks is that of the code."""

from simulators.device.quirk_entry import NamedQuirk
from simulators.device.quirk_names import REGISTRY
from tests.outside import ROOT

DOCUMENT = ROOT / "docs" / "protocol" / "quirks.md"


def row(quirk: NamedQuirk) -> str:
    told = ", ".join(
        f"`{name}: {str(value).lower() if isinstance(value, bool) else value}`"
        for name, value in quirk.settings.items()
    )
    if quirk.outcome != "ok":
        told = f"nothing: it refuses such devices ({quirk.outcome})"
    return f"| `{quirk.name}` | {quirk.device} | {quirk.sentence} | {told} |"


def test_each_quirk_is_in_the_list_and_nothing_else_is() -> None:
    listed = [line for line in DOCUMENT.read_text().splitlines() if line.startswith("| `")]
    assert sorted(listed) == sorted(map(row, REGISTRY.values()))
