"""Which octets answer a request."""

from http import HTTPStatus
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict

from acs.files.ranges import Selection, entity_tag, select

TAG: Final = entity_tag("ab" * 32)
CONTENT: Final = bytes(range(100))
WHOLE: Final = Selection(HTTPStatus.OK, 0, 100)


def selected(headers: dict[str, str], *, method: str = "GET", size: int = 100) -> Selection:
    return select(method, CIMultiDict(headers), TAG, size)


@given(st.binary(max_size=40), st.integers(0, 50), st.none() | st.integers(0, 50))
@settings(derandomize=True, deadline=None, max_examples=500)
def test_a_range_is_what_slicing_gives(content: bytes, first: int, last: int | None) -> None:
    selection = selected({"Range": f"bytes={first}-{'' if last is None else last}"}, size=len(content))
    if last is not None and last < first:
        assert selection == Selection(HTTPStatus.OK, 0, len(content))
    elif first >= len(content):
        assert selection.status is HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
        assert selection.start == selection.stop
    else:
        assert selection.status is HTTPStatus.PARTIAL_CONTENT
        stop = None if last is None else last + 1
        assert content[selection.start : selection.stop] == content[first:stop]
        assert 0 <= selection.start < selection.stop <= len(content)


@given(st.binary(min_size=1, max_size=40), st.integers(1, 50))
@settings(derandomize=True, deadline=None, max_examples=300)
def test_a_suffix_is_what_slicing_gives(content: bytes, count: int) -> None:
    selection = selected({"range": f"bytes=-{count}"}, size=len(content))
    assert selection.status is HTTPStatus.PARTIAL_CONTENT
    assert content[selection.start : selection.stop] == content[-count:]


@given(st.text(), st.integers(0, 1000))
@settings(derandomize=True, deadline=None, max_examples=300)
def test_whatever_the_range_the_selection_lies_within_the_file(text: str, size: int) -> None:
    for wanted in (text, "bytes=" + text):
        selection = selected({"Range": wanted, "If-Range": TAG}, size=size)
        assert 0 <= selection.start <= selection.stop <= size


@pytest.mark.parametrize(
    "wanted",
    [
        "bytes=0-1,5-6",
        "bytes=-",
        "bytes=5-2",
        "bytes=a-b",
        "bytes=",
        "bytes=--1",
        "bytes=\u0661-\u0662",
        "lines=0-1",
        "bytes=0-1;q",
        "",
        "bytes=" + "9" * 5000 + "-",
    ],
)
def test_several_ranges_other_units_and_nonsense_are_answered_with_the_whole(wanted: str) -> None:
    assert selected({"Range": wanted}) == WHOLE


@pytest.mark.parametrize("wanted", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_a_range_beyond_the_file_cannot_be_satisfied(wanted: str) -> None:
    assert selected({"Range": wanted}).status is HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE


def test_an_empty_file_is_whole_at_its_end_and_nowhere_else() -> None:
    assert selected({"Range": "bytes=-5"}, size=0).status is HTTPStatus.OK
    assert selected({"Range": "bytes=0-"}, size=0).status is HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE


def test_a_range_is_for_get_alone() -> None:
    assert selected({"Range": "bytes=0-1"}, method="HEAD") == WHOLE


@pytest.mark.parametrize("validator", [f"W/{TAG}", '"other"', "Wed, 21 Oct 2026 07:28:00 GMT", "*", ""])
def test_a_range_of_another_version_is_answered_with_the_whole(validator: str) -> None:
    assert selected({"Range": "bytes=0-1", "If-Range": validator}) == WHOLE


def test_a_range_of_this_version_is_answered() -> None:
    partial = Selection(HTTPStatus.PARTIAL_CONTENT, 0, 2)
    assert selected({"Range": "bytes=0-1", "If-Range": TAG}) == partial


@pytest.mark.parametrize("tags", [TAG, f"W/{TAG}", f'"a", {TAG}', "*", f'W/"a",{TAG} , "b"'])
def test_what_the_device_has_is_not_sent_again(tags: str) -> None:
    for method in ("GET", "HEAD"):
        assert selected({"If-None-Match": tags, "Range": "bytes=500-"}, method=method) == Selection(
            HTTPStatus.NOT_MODIFIED
        )


@pytest.mark.parametrize("tags", ['"a"', "", TAG.strip('"'), f'"x{TAG[1:]}'])
def test_what_the_device_has_not_is_sent(tags: str) -> None:
    assert selected({"If-None-Match": tags}) == WHOLE


def test_a_device_that_wants_this_version_or_none_gets_just_that() -> None:
    assert selected({"If-Match": TAG}) == WHOLE
    assert selected({"If-Match": "*"}) == WHOLE
    for others in ('"a"', f"W/{TAG}", ""):
        assert selected({"If-Match": others}).status is HTTPStatus.PRECONDITION_FAILED
