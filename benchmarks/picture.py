"""The figures that are laid down as a picture: a bar each, as a share of what is allowed."""

from typing import Final
from xml.sax.saxutils import escape

from benchmarks.figures import Figure

_ROW: Final = 34
_LEFT: Final = 330
_FULL: Final = 360


def picture(figures: list[Figure], machine: str) -> str:
    """An SVG: bars for the figures with a limit, a line where the limit is."""
    rows = [figure for figure in figures if figure.at_most is not None]
    height = 70 + _ROW * len(rows)
    bars = "".join(_bar(figure, 50 + _ROW * index) for index, figure in enumerate(rows))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_LEFT + _FULL + 260} {height}"'
        ' font-family="sans-serif" font-size="13">'
        '<rect width="100%" height="100%" fill="white"/>'
        f'<text x="12" y="24" font-size="15">Figures as a share of what is allowed ({escape(machine)})</text>'
        f'{bars}<line x1="{_LEFT + _FULL}" x2="{_LEFT + _FULL}" y1="46" y2="{height - 15}" stroke="#444"/>'
        f'<text x="{_LEFT + _FULL}" y="42" text-anchor="middle">allowed</text></svg>\n'
    )


def _bar(figure: Figure, top: int) -> str:
    share = figure.value / (figure.at_most or figure.value)
    colour = "#2a7f4f" if figure.reached else "#b3261e"
    return (
        f'<text x="{_LEFT - 10}" y="{top + 15}" text-anchor="end">{escape(figure.name)}</text>'
        f'<rect x="{_LEFT}" y="{top}" width="{max(1, min(share, 1.2) * _FULL):.0f}" height="20" fill="{colour}"/>'
        f'<text x="{_LEFT + max(min(share, 1.2), 1) * _FULL + 8:.0f}" y="{top + 15}">'
        f"{figure.value:.2f} {figure.unit}{' (bar cut)' if share > 1.2 else ''}</text>"
    )
