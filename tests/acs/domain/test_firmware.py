"""For which devices a firmware image is."""

import pytest

from acs.domain.firmware import Applicability, Candidate, misfits, read_applicability

BOX = Candidate("box", "Boxes Ltd", "00AABB", "B1", "1.0", "2.0")


@pytest.mark.parametrize(
    ("image", "wrong"),
    [
        (Applicability(), []),
        (Applicability(types=("other", "box"), product_classes=("B1",)), []),
        (Applicability(manufacturers=("BOXES LTD",), ouis=("00aabb",)), []),
        (Applicability(types=("Box",)), ["type"]),
        (Applicability(product_classes=("b1",), hardware_versions=("2.0",)), ["product class", "hardware version"]),
        (Applicability(software_versions=("1.0", "1.1"), manufacturers=("x",)), ["manufacturer", "software version"]),
    ],
    ids=str,
)
def test_of_each_list_one_must_hold(image: Applicability, wrong: list[str]) -> None:
    assert misfits(image, BOX) == wrong
    assert misfits(image, Candidate()) == [], "what is not known stands in no way"
    assert read_applicability(image.text) == image


def test_what_is_known_to_be_missing_fits_no_list() -> None:
    assert misfits(Applicability(hardware_versions=("1",)), Candidate(hardware_version="")) == ["hardware version"]
