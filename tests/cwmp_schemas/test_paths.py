import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwmp_schemas.paths import MAX_LENGTH, Path, PathError, SegmentKind, covers, template_of

VALID = [
    "",
    "Device.",
    "Device.WiFi.SSID.1.Enable",
    "Device.WiFi.SSID.1.",
    "Device.WiFi.SSID.{i}.Enable",
    "Device.WiFi.SSID.*.Enable",
    "Device.WiFi.SSID.1.*",
    "*.DeviceInfo.SoftwareVersion",
    "Device.WiFi.SSID.[guest 2.4 GHz].Enable",
    "InternetGatewayDevice.X_00D09E_Ext-1.Value",
    "VoiceServiceNumberOfEntries",
]

numbers = st.integers(0, 99999).map(str)
aliases = st.from_regex(r"\[[a-zA-Z][^\[\]\x00-\x1f]{0,20}\]", fullmatch=True).filter(str.isprintable)
names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]{0,12}", fullmatch=True)
# Each segment beside what its template says.
segments = st.one_of(
    names.map(lambda text: (text, text)),
    st.just(("*", "*")),
    st.just(("{i}", "{i}")),
    numbers.map(lambda text: (text, "{i}")),
    aliases.map(lambda text: (text, "{i}")),
)
# A root object, what is below it, and a parameter's name or nothing.
paths = st.tuples(names, st.lists(segments, max_size=6), st.one_of(st.just(""), names)).map(
    lambda parts: tuple(
        f"{parts[0]}." + "".join(f"{segment[which]}." for segment in parts[1]) + parts[2] for which in (0, 1)
    )
)
# Texts that nearly are paths find more than texts of any letters.
near_paths = st.text(st.sampled_from("a1.[]{}i* \x00é²"), max_size=30)
thorough = settings(derandomize=True, deadline=None, max_examples=200)


@pytest.mark.parametrize("text", VALID)
def test_a_path_reads_back_as_it_was_written(text: str) -> None:
    assert str(Path.parse(text)) == text


def test_every_segment_tells_its_kind() -> None:
    path = Path.parse("Device.3.[cpe-1].{i}.*.")
    assert [(segment.text, segment.kind) for segment in path.segments] == [
        ("Device", SegmentKind.NAME),
        ("3", SegmentKind.INSTANCE),
        ("[cpe-1]", SegmentKind.ALIAS),
        ("{i}", SegmentKind.PLACEHOLDER),
        ("*", SegmentKind.WILDCARD),
    ]


def test_a_dot_inside_an_alias_separates_nothing() -> None:
    path = Path.parse("Device.IP.Interface.[wan.eth.0].Enable")
    assert [segment.text for segment in path.segments] == ["Device", "IP", "Interface", "[wan.eth.0]", "Enable"]


@pytest.mark.parametrize(
    ("text", "position", "what"),
    [
        (".", 0, "empty segment"),
        ("Device..Uptime", 7, "empty segment"),
        ("Device.WiFi..", 12, "empty segment"),
        (" Device.", 0, "no blanks"),
        ("Device.Wi Fi.", 7, "no blanks"),
        ("Device.Up\ntime", 7, "no blanks"),
        ("Device.SSID*.", 7, "stars"),
        ("Device.{j}.", 7, "braces"),
        ("Device.a]b.", 7, "brackets"),
        ("Device.WiFi.SSID.1", 17, "a dot must follow the instance number"),
        ("Device.WiFi.SSID.[lan]", 17, "a dot must follow the instance alias"),
        ("Device.WiFi.SSID.{i}", 17, "a dot must follow the {i}"),
        ("1.Enable", 0, "begins with the name of the root object"),
        ("{i}.Enable", 0, "begins with the name of the root object"),
        ("Device.[].", 7, "an alias is a letter"),
        ("Device.[1st].", 7, "an alias is a letter"),
        ("Device.[open.Enable", 7, "an alias is a letter"),
        ("Device.[a]b.", 7, "an alias is a letter"),
        ("Device.[a]].", 7, "an alias is a letter"),
        ("Device.[a\tb].", 7, "an alias is a letter"),
        (f"Device.[{'a' * 65}].", 7, "up to 63 more characters"),
        ("D" * 257, 256, "longer than 256 characters"),
    ],
)
def test_what_is_no_path_is_refused_with_the_place(text: str, position: int, what: str) -> None:
    with pytest.raises(PathError, match=f"at position {position}") as refused:
        Path.parse(text)
    assert refused.value.path == text
    assert refused.value.position == position
    assert what in refused.value.what


def test_a_refusal_quotes_no_more_than_a_line() -> None:
    with pytest.raises(PathError) as refused:
        Path.parse("\n" * 100_000)
    assert len(str(refused.value)) < 450
    assert "\n" not in str(refused.value)


def test_the_longest_name_and_the_longest_alias_are_paths() -> None:
    assert Path.parse("D" * MAX_LENGTH).segments[0].kind is SegmentKind.NAME
    assert Path.parse(f"Device.[{'a' * 64}].").segments[1].kind is SegmentKind.ALIAS


@pytest.mark.parametrize(
    ("text", "is_root", "is_partial", "is_concrete"),
    [
        ("", True, True, True),
        ("Device.", False, True, True),
        ("Device.WiFi.SSID.1.Enable", False, False, True),
        ("Device.WiFi.SSID.[lan].", False, True, True),
        ("Device.WiFi.SSID.*.Enable", False, False, False),
        ("Device.WiFi.SSID.{i}.", False, True, False),
    ],
)
def test_a_path_knows_what_it_means(text: str, is_root: bool, is_partial: bool, is_concrete: bool) -> None:
    path = Path.parse(text)
    assert (path.is_root, path.is_partial, path.is_concrete) == (is_root, is_partial, is_concrete)


def test_parents_lead_to_the_root_and_no_further() -> None:
    path = Path.parse("Device.WiFi.SSID.1.Enable")
    seen = []
    while not path.is_root:
        path = path.parent
        seen.append(str(path))
    assert seen == ["Device.WiFi.SSID.1.", "Device.WiFi.SSID.", "Device.WiFi.", "Device.", ""]
    assert path.parent == path


def test_a_child_is_read_like_any_path() -> None:
    table = Path.parse("").child("Device.").child("WiFi.SSID.")
    assert str(table.child("3.").child("Enable")) == "Device.WiFi.SSID.3.Enable"
    with pytest.raises(PathError, match="a dot must follow"):
        table.child("3")


def test_a_parameter_has_no_child() -> None:
    with pytest.raises(PathError, match="nothing stands below a parameter"):
        Path.parse("Device.DeviceInfo.UpTime").child("Seconds")


def test_filling_goes_from_the_left_and_leaves_the_rest() -> None:
    template = Path.parse("Device.Bridging.Bridge.{i}.Port.{i}.Enable")
    assert str(template.fill([4])) == "Device.Bridging.Bridge.4.Port.{i}.Enable"
    assert str(template.fill([4, "[lan]"])) == "Device.Bridging.Bridge.4.Port.[lan].Enable"
    assert template.fill([]) == template


@pytest.mark.parametrize("instances", [[1, 2], ["Enable"], ["*"], [-1], [""], ["1.2"]])
def test_only_instances_fill_and_no_more_than_there_are_places(instances: list[int | str]) -> None:
    with pytest.raises(PathError):
        Path.parse("Device.WiFi.SSID.{i}.Enable").fill(instances)


def test_filling_makes_no_path_that_is_too_long() -> None:
    template = Path.parse("Device." + "A.{i}." * 40)
    with pytest.raises(PathError, match="longer than 256 characters"):
        template.fill([f"[{'a' * 64}]"] * 3)


def test_the_template_filled_with_its_instances_is_the_path_again() -> None:
    path = Path.parse("Device.Bridging.Bridge.2.Port.[wan.1].Stats.")
    assert path.template == "Device.Bridging.Bridge.{i}.Port.{i}.Stats."
    assert path.instances == ("2", "[wan.1]")
    assert Path.parse(path.template).fill(path.instances) == path


@pytest.mark.parametrize(
    ("pattern", "name", "matches", "is_covered"),
    [
        ("Device.WiFi.SSID.*.Enable", "Device.WiFi.SSID.7.Enable", True, True),
        ("Device.WiFi.SSID.*.Enable", "Device.WiFi.SSID.[a.b].Enable", True, True),
        ("Device.WiFi.SSID.*.Enable", "Device.WiFi.SSID.7.Alias", False, False),
        ("Device.WiFi.SSID.*.Enable", "Device.WiFi.SSID.7.Stats.Enable", False, False),
        ("Device.WiFi.SSID.*.Enable", "Device.WiFi.SSID..Enable", False, False),
        ("Device.WiFi.*", "Device.WiFi.RadioNumberOfEntries", True, True),
        ("Device.WiFi.*", "Device.WiFi.", False, False),
        ("Device.WiFi.*.", "Device.WiFi.Radio.", True, True),
        ("Device.WiFi.*.", "Device.WiFi.Radio", False, False),
        ("Device.WiFi.*.", "Device.WiFi.Radio.1.Enable", False, True),
        ("*.DeviceInfo.", "InternetGatewayDevice.DeviceInfo.UpTime", False, True),
        ("Device.WiFi.SSID.{i}.Enable", "Device.WiFi.SSID.12.Enable", True, True),
        ("Device.WiFi.SSID.{i}.Enable", "Device.WiFi.SSID.[lan].Enable", True, True),
        ("Device.WiFi.SSID.{i}.Enable", "Device.WiFi.SSID.{i}.Enable", True, True),
        ("Device.WiFi.{i}.Enable", "Device.WiFi.Radio.Enable", False, False),
        ("Device.WiFi.", "Device.WiFi.", True, True),
        ("Device.WiFi.", "Device.WiFi", False, False),
        ("Device.WiFi.", "Device.WiFiX.SSID", False, False),
        ("Device.WiFi.", "Device.", False, False),
        ("Device.WiFi", "Device.WiFi", True, True),
        ("Device.WiFi", "Device.WiFi.", False, False),
        ("Device.WiFi", "Device.WiFi.SSID", False, False),
        ("Device.", "Device..Wi Fi. ", False, True),
        ("", "", True, True),
        ("", "Device.DeviceInfo.UpTime", False, True),
    ],
)
def test_a_pattern_matches_one_name_and_a_partial_path_covers_many(
    pattern: str, name: str, matches: bool, is_covered: bool
) -> None:
    path = Path.parse(pattern)
    assert path.matches(name) is matches
    assert path.covers(name) is is_covered
    if path.is_concrete:
        assert covers(pattern, name) is is_covered


@pytest.mark.parametrize(
    ("text", "template"),
    [
        ("", ""),
        ("Device.", "Device."),
        ("InternetGatewayDevice.LANDevice.1.Hosts.Host.24.", "InternetGatewayDevice.LANDevice.{i}.Hosts.Host.{i}."),
        ("Device.WiFi.SSID.[a.1.b].Enable", "Device.WiFi.SSID.{i}.Enable"),
        ("Device.WiFi.SSID.{i}.Enable", "Device.WiFi.SSID.{i}.Enable"),
        ("Device.WiFi.SSID.1", "Device.WiFi.SSID.1"),
        ("Device.WiFi.SSID.[a]", "Device.WiFi.SSID.[a]"),
        ("Device.LAN1.²..1.", "Device.LAN1.²..{i}."),
        ("Device.[open.1.Enable", "Device.[open.{i}.Enable"),
        (" . 1 .1. ", " . 1 .{i}. "),
    ],
)
def test_instances_that_a_dot_follows_become_placeholders(text: str, template: str) -> None:
    assert template_of(text) == template


@pytest.mark.parametrize("text", ["[." * 1_000_000, "]" + "[." * 1_000_000, "[." * 1_000_000 + "]"])
def test_hostile_brackets_take_no_longer_than_their_length(text: str) -> None:
    # Were every open bracket to search the rest of the text for its end, this would run for hours.
    assert template_of(text) == text


@thorough
@given(paths)
def test_any_valid_path_reads_back_and_agrees_with_its_template(path_and_template: tuple[str, str]) -> None:
    text, template = path_and_template
    path = Path.parse(text)
    assert str(path) == text
    assert path.template == template_of(text) == template
    assert path.matches(text)
    assert path.parent.covers(text)
    if path.is_concrete:
        assert Path.parse(template).fill(path.instances) == path
        assert Path.parse(template).matches(text)


@thorough
@given(st.one_of(st.text(), near_paths))
def test_any_text_is_a_path_or_refused(text: str) -> None:
    try:
        path = Path.parse(text)
    except PathError:
        return
    assert str(path) == text


@thorough
@given(st.one_of(st.text(), near_paths), st.one_of(st.text(), near_paths))
def test_any_text_has_a_template_and_can_be_asked_about(one: str, other: str) -> None:
    assert template_of(template_of(one)) == template_of(one)
    assert covers("", one)
    assert covers(one, one)
    assert covers(one, one + other) is (one == one + other or not one or one.endswith("."))
