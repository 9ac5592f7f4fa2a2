"""Each endpoint of the document has a command that can be pasted as it stands, and that the server takes."""

import asyncio
import re
from pathlib import Path
from typing import Any

from simulators.access import Access, connected
from simulators.demo.curls import curls
from simulators.demo.preparing import prepare, routers_of
from tests.api.alive import calling_api
from tests.api.client import ADMIN
from tests.api.tour import request_of
from tests.e2e.device import ScriptedDevice

IMAGE = b"version=2.1\n"
ROUTERS = 5


async def test_each_endpoint_has_a_command_that_the_server_takes(tmp_path: Path) -> None:
    (tmp_path / "image.bin").write_bytes(IMAGE)
    async with calling_api(f"sqlite:///{tmp_path}/a.db", tmp_path) as served:
        for number in range(ROUTERS):
            async with ScriptedDevice(served.served.port, serial=f"DEMO{number}", product_class="Home Box") as device:
                await device.run_session()
        async with connected(Access(f"http://127.0.0.1:{served.client.port}", ADMIN)) as api:
            routers = await routers_of(api, "Home Box", ROUTERS)
            preparing = asyncio.ensure_future(prepare(api, routers, "image.bin", IMAGE))
            while not preparing.done():
                await asyncio.wait([preparing], timeout=0.1)
                await served.served.sweep(1)
            known = await preparing
            document: dict[str, Any] = await api.ask("GET", "/openapi.json")
        made = list(curls(document, known))
        operations = sum(len(methods) for methods in document["paths"].values())
        assert len(made) == operations > 100
        wrong = []
        for curl in made:
            command = re.sub(r'"\$API', '"', curl.text)
            said = await request_of(command, {"AUTH": f"Authorization: Bearer {ADMIN}"}, tmp_path).send(served.client)
            if said.status >= 400:
                wrong.append(f"{curl.text}\n    {said.status} {said.octets.decode()[:500]}")
        assert not wrong, "\n".join(wrong)
