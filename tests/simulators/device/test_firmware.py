"""Images: which a device takes, and what version it has afterwards."""

import hashlib

import pytest

from cwmp_schemas.faults import CpeFault
from simulators.device.firmware import MAX_VERSION, image_fault, version_after
from simulators.device.labels import version_in

CONTENT = b"\x7fELF" + bytes(20)


def image(*lines: str) -> bytes:
    """An image with these lines before its content."""
    return "\n".join(lines).encode() + b"\n\n" + CONTENT


@pytest.mark.parametrize(
    ("head", "fault"),
    [
        (CONTENT, None),
        (image("version=1.2.3"), None),
        (image("version=1.2.3", "model=Box", "signature=valid"), None),
        (image("version=1.2.3", f"sha256={hashlib.sha256(CONTENT).hexdigest()}"), None),
        (image("version=1.2.3", f"sha256={'0' * 64}"), CpeFault.FILE_CORRUPTED),
        (image("version=1.2.3", "model=Other"), CpeFault.FILE_CORRUPTED),
        (image("version=1.2.3", "signature=none"), CpeFault.FILE_AUTHENTICATION),
        (image("version="), CpeFault.FILE_CORRUPTED),
        (b"", CpeFault.FILE_CORRUPTED),
        (b"\n<!DOCTYPE html>", CpeFault.FILE_CORRUPTED),
    ],
)
def test_an_image_is_refused_for_what_is_wrong_with_it(head: bytes, fault: CpeFault | None) -> None:
    assert image_fault(head, len(head), "Box") is fault


def test_a_checksum_of_which_not_all_was_seen_is_not_looked_at() -> None:
    head = image("version=1.2.3", f"sha256={'0' * 64}")
    assert image_fault(head, len(head) + 1, "Box") is None


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("http://files.example/box-2.10.3.bin", "2.10.3"),
        ("http://files.example/v7/box_v1.2-rc3.img?token=9.9.9", "1.2-rc3"),
        ("1.2.3", "1.2.3"),
        ("firmware.bin", ""),
        ("http://10.0.0.1/firmware.bin", ""),
        ("", ""),
    ],
)
def test_the_version_is_what_looks_like_one_in_a_name(name: str, version: str) -> None:
    assert version_in(name) == version


def test_what_an_image_says_goes_before_what_its_names_say() -> None:
    assert version_after(image("version=3.0"), ("box-2.0.bin",), "1.0") == "3.0"
    assert version_after(CONTENT, ("box.bin", "http://files.example/box-2.0.bin"), "1.0") == "2.0"


def test_an_image_without_a_version_leaves_one_that_tells_it_from_others() -> None:
    first = version_after(CONTENT, ("box.bin",), "1.0")
    assert first == f"1.0+{hashlib.sha256(CONTENT).hexdigest()[:8]}"
    second = version_after(CONTENT[1:], ("box.bin",), first)
    assert second.startswith("1.0+")
    assert len(second) == len(first)
    assert second != first
    assert len(version_after(CONTENT, (), "1" * 100)) == MAX_VERSION
