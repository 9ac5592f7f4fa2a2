"""The page of a run is one file, well-formed, safe whatever peers said, and it tells what the document says."""

import re
from dataclasses import replace

import pytest
from lxml import etree
from lxml import html as lxml_html

from simulators.figures import duration
from simulators.report.document import Document, Expectation
from simulators.report.html import page
from simulators.tally import OK, Tally
from tests.simulators.report.sample import BROKEN, HOLDS, HOSTILE, PASSWORD, START, hostile, made, small

DOCUMENTS = {
    "small": made(small(), 10.0, HOLDS, BROKEN),
    "empty": made(Tally(START), 0.0),
    "hostile": made(hostile(), 100.0, Expectation(HOSTILE, HOSTILE, HOSTILE, False), scenario=HOSTILE),
}


@pytest.fixture(params=DOCUMENTS, name="document")
def _document(request: pytest.FixtureRequest) -> Document:
    return DOCUMENTS[request.param]


def _tree(document: Document) -> etree._Element:
    return etree.fromstring(page(document))


def _text(element: etree._Element) -> str:
    return re.sub(r"\s+", " ", "".join(map(str, element.itertext())))


def test_it_is_well_formed(document: Document) -> None:
    assert _tree(document).tag == "html"


def test_browsers_read_the_same_tree(document: Document) -> None:
    ours, theirs = _tree(document), lxml_html.document_fromstring(page(document))
    assert [each.tag for each in theirs.iter() if isinstance(each.tag, str)] == [each.tag for each in ours.iter()]


def test_it_needs_nothing_from_outside_and_runs_nothing(document: Document) -> None:
    tree = _tree(document)
    names = {each.tag for each in tree.iter()}
    assert not names & {"script", "link", "img", "iframe", "object", "embed", "image", "use", "a", "form", "base"}
    attributes = {str(name) for each in tree.iter() for name in each.attrib}
    assert not attributes & {"src", "href", "srcset", "action", "data", "background", "poster"}
    assert not [name for name in attributes if name.startswith("on")]
    style = tree.findtext("head/style")
    assert style is not None
    assert "url(" not in style
    assert "@import" not in style
    addresses = set(re.findall(r"\w+://[^\s<\"']*", page(document)))
    assert addresses == {"http://127.0.0.1:7547/cwmp"}
    policy = tree.find("head/meta[@http-equiv='Content-Security-Policy']")
    assert policy is not None
    assert str(policy.get("content")).startswith("default-src 'none'")


def test_what_a_peer_says_is_text_and_nothing_else() -> None:
    told = page(DOCUMENTS["hostile"])
    tree = etree.fromstring(told)
    assert "<script" not in told
    assert "&lt;script&gt;alert(" in told
    assert len(tree.findall(".//style")) == len(tree.findall(".//title[1]/..[style]")) == 1
    assert not [character for character in told if not character.isprintable() and character != "\n"]


def test_no_password_and_no_place_is_in_it(document: Document) -> None:
    told = page(document)
    assert PASSWORD not in told
    assert "somebody" not in told
    assert "someone" not in told


def test_it_works_in_light_and_dark_and_on_a_phone(document: Document) -> None:
    told = page(document)
    assert "@media (prefers-color-scheme: dark)" in told
    assert '<meta name="color-scheme" content="light dark"/>' in told
    assert '<meta name="viewport" content="width=device-width, initial-scale=1"/>' in told


def test_every_colour_has_a_value_for_the_dark() -> None:
    style = page(DOCUMENTS["empty"])
    light, dark = (set(re.findall(r"(--[\w]+): #", block)) for block in re.findall(r":root \{([^}]*)\}", style))
    assert light == dark
    used = set(re.findall(r"var\((--\w+)\)", style))
    assert used <= light


@pytest.mark.parametrize(
    ("expectations", "words", "style"),
    [
        ((), "No expectations were set", "open"),
        ((HOLDS,), "The expectation holds", "holds"),
        ((BROKEN,), "The expectation is broken", "broken"),
        ((HOLDS, HOLDS), "All 2 expectations hold", "holds"),
        ((HOLDS, BROKEN), "1 of 2 expectations is broken", "broken"),
        ((BROKEN, BROKEN, HOLDS), "2 of 3 expectations are broken", "broken"),
    ],
)
def test_the_headline_says_whether_all_is_as_it_should_be(
    expectations: tuple[Expectation, ...], words: str, style: str
) -> None:
    tree = _tree(made(small(), 10.0, *expectations))
    verdict = tree.find(f".//p[@class='verdict {style}']")
    assert verdict is not None
    assert verdict.text == words


def _rows(document: Document, heading: str) -> list[list[str]]:
    tables = [table for table in _tree(document).iter("table") if _text(table).startswith(heading)]
    (table,) = tables
    return [[_text(cell) for cell in row] for row in table.iterfind("tbody/tr")]


def test_the_table_of_rpcs_has_their_figures_with_the_most_frequent_first() -> None:
    document = DOCUMENTS["small"]
    p50 = duration(document.rpcs["GetParameterValues"].latency.p50)
    assert _rows(document, "RPC") == [
        ["GetParameterValues", "2", "1 (50.0 %)", p50, "20.0 ms", "20.0 ms"],
        ["Download", "1", "1 (100 %)", "500 ms", "500 ms", "500 ms"],
    ]


def test_a_bar_is_as_long_as_its_share_of_the_longest() -> None:
    row = _tree(DOCUMENTS["small"]).xpath("//tr[th[.='Download']]")[0]
    bars = [re.findall(r"--bar-end:([\d.]+)%", str(cell.get("style"))) for cell in row.iterfind("td")]
    assert bars == [["50.0"], ["100.0"], ["100.0"], ["100.0"], []]


def test_counts_are_told_with_the_most_frequent_first_and_faults_in_words() -> None:
    document = DOCUMENTS["small"]
    assert _rows(document, "reason of failure") == [["timeout", "6", "60.0 %"], ["busy 503", "4", "40.0 %"]]
    assert _rows(document, "fault answered") == [
        ["9005 invalid parameter name", "1", "50.0 %"],
        ["9010 transfer failed", "1", "50.0 %"],
    ]
    assert _rows(document, "fault of a transfer") == [["9018 file corrupted", "1", "100 %"]]
    assert _rows(document, "HTTP status") == [["200", "45", "81.8 %"], ["503", "10", "18.2 %"]]
    assert _rows(document, "request of a device") == [["TransferComplete", "2", "1", "1"]]
    assert _rows(document, "fault told afterwards") == [["9018 file corrupted", "1", "100 %"]]
    assert _rows(document, "file") == [["1 Firmware Upgrade Image", "2", "1", "4.98 KiB"]]


def test_machine_and_settings_are_told() -> None:
    told = _text(_tree(DOCUMENTS["small"]))
    for words in ("A processor <fast>, 8 cores, 2 of them for this process", "16.0 GiB", "Linux 6.1", "CPython 3.11.7"):
        assert words in told
    assert "aioacs simulate --acs-url http://127.0.0.1:7547/cwmp --devices 3" in told
    assert "--password '***'" in told


def test_a_run_of_hours_makes_a_page_that_can_still_be_mailed() -> None:
    tally = Tally(START)
    for second in range(3000):
        tally.began(START + second)
        tally.ended(OK if second % 3 else f"reason {second % 7}", 0.001 * (second % 50 + 1), START + second)
    assert len(page(made(tally, 3000.0))) < 300_000


def test_the_charts_say_whose_time_it_is() -> None:
    real, lapse = made(small(), 10.0), replace(made(small(), 10.0), settings={"time-lapse": True}, real_seconds=2.0)
    told = [[_text(each) for each in _tree(document).iterfind(".//p[@class='below']")] for document in (real, lapse)]
    assert told == [
        ["time since the start"] * 4,
        ["simulated time since the start; 10.0 s of it took 2.00 s"] * 4,
    ]
    assert ("sessions per second" in page(real), "sessions per simulated second" in page(lapse)) == (True, True)
    assert "Sessions per second" not in page(lapse)
