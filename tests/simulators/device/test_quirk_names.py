"""Quirks have names, which can be combined where they do not contradict each other."""

import dataclasses
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest

from acs.provisioning.quirks import Quirks as TypeQuirks
from simulators.device.errors import QuirkError
from simulators.device.quirk_names import REGISTRY, contradiction, describe, named, quirk, quirks_named, settings_for
from simulators.device.quirks import PLAIN, PLAIN_HTTP, PLAIN_MANNERS, PLAIN_WIRE, HttpQuirks, Manners, WireQuirks

GROUPS: dict[str, type] = {"http": HttpQuirks, "wire": WireQuirks, "manners": Manners}


@pytest.mark.parametrize("name", REGISTRY)
def test_each_name_changes_something_and_says_what(name: str) -> None:
    found = named(name)
    assert quirk(name) != PLAIN
    assert describe(name) == f"{found.sentence} ({found.device})"
    assert found.sentence[0].islower()
    assert not found.sentence.endswith(".")


@pytest.mark.parametrize("name", REGISTRY)
def test_each_name_gives_its_switches_what_they_can_be(name: str) -> None:
    found = named(name)
    if found.group == "namespace":
        return
    hints = get_type_hints(GROUPS[found.group])
    for switch, value in found.changes.items():
        if get_origin(hints[switch]) is Literal:
            assert value in get_args(hints[switch])
        elif isinstance(hints[switch], type):
            assert isinstance(value, hints[switch])


@pytest.mark.parametrize("group", GROUPS)
def test_each_switch_has_a_name(group: str) -> None:
    switches = {field.name for field in dataclasses.fields(GROUPS[group])}
    assert {switch for each in REGISTRY.values() if each.group == group for switch in each.changes} == switches


@pytest.mark.parametrize("group", GROUPS)
def test_each_spelling_of_a_switch_has_a_name(group: str) -> None:
    defaults: dict[str, Any] = {field.name: field.default for field in dataclasses.fields(GROUPS[group])}
    named_values = {
        (switch, value)
        for each in REGISTRY.values()
        if each.group == group
        for switch, value in each.changes.items()
        if isinstance(value, str)
    }
    for switch, hint in get_type_hints(GROUPS[group]).items():
        if get_origin(hint) is Literal:
            missing = {(switch, value) for value in get_args(hint) if value != defaults[switch]} - named_values
            assert not missing


def test_what_the_acs_has_to_know_are_settings_that_it_has() -> None:
    for name in REGISTRY:
        TypeQuirks.from_dict(settings_for([name]))


def test_names_can_be_combined_in_any_order() -> None:
    both = quirks_named(["no-cookie", "latin-1"])
    assert both is quirks_named(["latin-1", "no-cookie"])
    assert (both.http.cookies, both.wire.charset) == ("never", "latin-1")
    assert both.manners is PLAIN_MANNERS
    assert quirks_named([]) is PLAIN


def test_what_is_left_out_adds_up() -> None:
    assert set(quirks_named(["no-event", "no-retry-count"]).wire.lacks) == {"Event", "RetryCount"}


def test_a_part_that_no_name_changes_is_the_plain_one() -> None:
    assert quirk("one-rpc-a-session").http is PLAIN_HTTP
    assert quirk("one-rpc-a-session").wire is PLAIN_WIRE
    assert quirk("namespace-1-0").wire is PLAIN_WIRE


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("no-cookie", "quoted-cookie"),
        ("gzip", "deflate"),
        ("chunked", "counts-characters"),
        ("newlines", "indented"),
        ("small-batches-9004", "small-batches-9002"),
        ("namespace-1-0", "namespace-1-4"),
        ("secrets-told", "secrets-read-empty"),
        ("no-id", "invented-id"),
    ],
)
def test_names_that_contradict_each_other_are_refused(one: str, other: str) -> None:
    for names in ([one, other], [other, "three-empty-posts", one]):
        with pytest.raises(QuirkError, match="contradict each other") as caught:
            quirks_named(names)
        assert one in str(caught.value)
        assert other in str(caught.value)
        assert contradiction(names) == str(caught.value)


def test_a_name_that_is_none_is_refused_with_those_that_are_close() -> None:
    with pytest.raises(QuirkError, match=r"no quirk 'cookie-less'; there is .*no-cookie|there is comma-joined-cookie"):
        quirk("cookie-less")
    with pytest.raises(QuirkError, match=r"^there is no quirk 'xyz'$"):
        describe("xyz")
