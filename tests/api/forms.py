"""Forms that bring firmware images, octet by octet."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.api.client import Client, Said
from tests.api.conftest import Api

PATH = "/firmware_image/"
OCTETS = b"firmware of version 2.0\r\n--" * 20_000
NEW = {"name": "image", "version": "2.0"}
BOUNDARY = "a-boundary"


def part(name: str, octets: bytes, file_name: str | None = None) -> bytes:
    """A part of a form."""
    said = f'; filename="{file_name}"' if file_name is not None else ""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{said}\r\n\r\n'
    return head.encode() + octets + b"\r\n"


def form(fields: Mapping[str, str], octets: bytes | None = OCTETS, file_name: str = "box.bin") -> bytes:
    """A form, its file last."""
    parts = [part(name, value.encode()) for name, value in fields.items()]
    file = [] if octets is None else [part("file", octets, file_name)]
    return b"".join([*parts, *file, f"--{BOUNDARY}--\r\n".encode()])


async def send(client: Client, body: Any, query: str = "", **headers: str) -> Said:
    """Send a form."""
    sent = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    return await client.ask("POST", f"{PATH}{query}", data=body, headers=sent)


async def upload(api: Api, octets: bytes = OCTETS, **fields: str) -> int:
    """An image; its number."""
    made = await send(api.client, form(NEW | fields, octets))
    assert made.status == 201, made.json
    number: int = made.json["id"]
    return number


def files(folder: Path) -> list[str]:
    """What lies in the folder of files."""
    return sorted(each.name for each in (folder / "files").rglob("*") if each.is_file())
