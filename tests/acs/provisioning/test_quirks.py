import pytest

from acs.provisioning.errors import QuirksError
from acs.provisioning.quirks import Quirks
from cwmp_schemas.style import DEFAULT_STYLE, WireStyle


def test_a_device_without_quirks_is_written_to_in_the_default_style() -> None:
    assert Quirks().style == DEFAULT_STYLE
    assert Quirks().to_dict() == {}
    assert Quirks.from_dict({}) == Quirks()


def test_quirks_survive_being_a_dict() -> None:
    data = {"boolean_words": True, "gpv_batch": 8, "root_path": "Device.", "rpcs_per_session": 1, "config_delay": 600}
    quirks = Quirks.from_dict(data)
    assert quirks.style == WireStyle(boolean_words=True)
    assert quirks.to_dict() == data


def test_the_style_has_every_quirk_of_spelling() -> None:
    spelling = {"boolean_words": True, "next_level_words": True, "declaration": True, "milliseconds": True}
    assert Quirks.from_dict(spelling).style == WireStyle(**spelling)


def test_what_is_set_to_its_default_is_not_kept() -> None:
    assert Quirks.from_dict({"gpv_batch": 64, "session_timeout": None}).to_dict() == {}


def test_every_wrong_key_and_value_is_named_at_once() -> None:
    data: dict[str, object] = {
        "gpv_batch": 0,
        "spv_batch": 10_001,
        "read_back": "perhaps",
        "session_timeout": 1801,
        "colour": "red",
    }
    data["root_path"] = "Device"
    with pytest.raises(QuirksError) as caught:
        Quirks.from_dict(data)
    problems = {problem.where: problem.what for problem in caught.value.problems}
    assert problems.keys() == data.keys()
    assert problems["gpv_batch"] == "must be from 1 to 10000"
    assert problems["read_back"] == "'perhaps' is not a boolean"
    assert problems["colour"].startswith("is unknown; known are: boolean_words, ")


def test_a_root_path_is_a_path() -> None:
    with pytest.raises(QuirksError, match="root_path: must end in a dot"):
        Quirks.from_dict({"root_path": "Device"})


def test_only_the_empty_path_becomes_the_root_path() -> None:
    quirks = Quirks(root_path="InternetGatewayDevice.")
    assert quirks.tree_path("") == "InternetGatewayDevice."
    assert quirks.tree_path("Device.X.") == "Device.X."
    assert Quirks().tree_path("") == ""
