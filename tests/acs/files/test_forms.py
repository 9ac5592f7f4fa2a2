"""The first file of a form, however it is cut into pieces."""

from collections.abc import Awaitable, Callable
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acs.files.forms import FormError, FormReader, file_name

BOUNDARY: Final = "xyz"
TYPE: Final = f"multipart/form-data; boundary={BOUNDARY}"
FIELD: Final = b'--xyz\r\nContent-Disposition: form-data; name="a"\r\n\r\nvalue\r\n'
FILE_HEAD: Final = b'--xyz\r\nContent-Disposition: form-data; name="f"; filename="log.txt"\r\n\r\n'


def in_pieces(octets: bytes, sizes: list[int]) -> Callable[[int], Awaitable[bytes]]:
    """What reads these octets in pieces of these sizes, over and over."""
    position = turn = 0

    async def read(count: int) -> bytes:
        nonlocal position, turn
        piece = octets[position : position + min(count, sizes[turn % len(sizes)])]
        position += len(piece)
        turn += 1
        return piece

    return read


async def first_file(octets: bytes, sizes: list[int] | None = None, content_type: str = TYPE) -> tuple[str, bytes]:
    form = FormReader(content_type, in_pieces(octets, sizes or [1 << 20]))
    head = await form.open_file()
    content = b""
    while piece := await form.piece():
        content += piece
    await form.check_boundary()
    return file_name(head) or "", content


@given(
    content=st.lists(st.sampled_from([b"\r", b"\n", b"-", b"--xy", b"\r\n--x", b"\r\n", b"a", b"\0"])).map(b"".join),
    sizes=st.lists(st.integers(1, 9), min_size=1),
    before=st.sampled_from([b"", b"a preamble\r\n", b"\r\n", FIELD, FIELD * 2]),
    after=st.sampled_from([b"--", b"--\r\n", b"--\r\nan epilogue", b"\r\n" + FIELD, b" \r\n"]),
)
@settings(derandomize=True, deadline=None, max_examples=300)
async def test_the_file_comes_out_as_it_was(content: bytes, sizes: list[int], before: bytes, after: bytes) -> None:
    octets = before + FILE_HEAD + content + b"\r\n--xyz" + after
    assert await first_file(octets, sizes) == ("log.txt", content)


async def test_a_part_that_is_no_plain_text_is_a_file_without_a_name() -> None:
    field = FIELD.replace(b"\r\n\r\n", b"\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n")
    octets = field + b"--xyz\r\nContent-Type: application/x-log\r\n\r\ncontent\r\n--xyz--"
    assert await first_file(octets) == ("", b"content")


async def test_a_form_has_few_parts_for_the_head_of_each_is_dear() -> None:
    assert await first_file(FIELD * 63 + FILE_HEAD + b"content\r\n--xyz--") == ("log.txt", b"content")
    with pytest.raises(FormError, match="more than 64 parts"):
        await first_file(FIELD * 64 + FILE_HEAD + b"content\r\n--xyz--")


async def test_a_boundary_in_quotes_is_understood() -> None:
    octets = (FILE_HEAD + b"content\r\n--xyz--").replace(b"xyz", b"x y=z")
    assert await first_file(octets, content_type='multipart/form-data; boundary="x y=z"') == ("log.txt", b"content")


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"no form at all",
        FIELD,
        FIELD + b"--xyz--",
        FILE_HEAD + b"content",
        FILE_HEAD + b"content\r\n--xy",
        FILE_HEAD + b"content\r\n--xyz",
        FILE_HEAD + b"content\r\n--xyzabc\r\n--xyz--",
        b"--xyz\r\nContent-Disposition: form-data",
        FILE_HEAD[:-2] + b"X: y\r\n" * 5000 + b"\r\ncontent\r\n--xyz--",
    ],
)
async def test_what_is_no_form_or_holds_no_file_is_refused(octets: bytes) -> None:
    for sizes in ([1 << 20], [3]):
        with pytest.raises(FormError):
            await first_file(octets, sizes)


# One part has a number, and one has none.
_MIXED = ';boundary*0=a; boundary*="b"'


@pytest.mark.parametrize(
    "boundary", ["", ";boundary=", ";boundary=" + "a" * 71, ";boundary=\u00e4", ";a=\udc98\u00e4", _MIXED]
)
def test_a_form_without_a_fit_boundary_is_refused(boundary: str) -> None:
    with pytest.raises(FormError, match="boundary"):
        FormReader("multipart/form-data" + boundary, in_pieces(b"", [1]))


@pytest.mark.parametrize("name", [b'filename*0=a; filename*="', b"filename*=a\0b''"])
async def test_a_file_name_that_cannot_be_put_together_is_none(name: bytes) -> None:
    named = FILE_HEAD.replace(b'filename="', name)
    octets = named.replace(b"\r\n\r\n", b"\r\nContent-Type: application/octet-stream\r\n\r\n") + b"content\r\n--xyz--"
    reader = FormReader("multipart/form-data;boundary=xyz", in_pieces(octets, [1 << 20]))
    assert file_name(await reader.open_file()) is None


@given(st.binary(max_size=60), st.text(max_size=60))
@settings(derandomize=True, deadline=None, max_examples=300)
async def test_whatever_a_part_says_of_itself_there_is_a_file_or_a_form_error(head: bytes, name: str) -> None:
    for octets in (
        b"--xyz\r\n" + head + b"\r\n\r\n",
        b"--xyz\r\nContent-Disposition: " + head + b"\r\nContent-Type: a\r\n\r\n",
        b"--xyz\r\nContent-Disposition: form-data; filename*=" + name.encode("utf-8") + b"\r\n\r\n",
    ):
        try:
            await first_file(octets + b"content\r\n--xyz--")
        except FormError:
            continue
