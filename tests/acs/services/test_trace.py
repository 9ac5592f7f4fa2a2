"""The messages of devices that are being debugged: masked whatever is cut off, and not where devices are served."""

import asyncio
import threading
from pathlib import Path
from typing import Final

import pytest

from acs.domain.device import Identity, ManagedDevice
from acs.services import trace
from acs.services.trace import Trace, masked

SECRET: Final = "Zq7 top & secret"
ESCAPED: Final = SECRET.replace("&", "&amp;")
VALUE: Final = (
    "<ParameterValueStruct><Name>{name}</Name><Value xsi:type='xsd:string'>{value}</Value></ParameterValueStruct>"
)
MESSAGE: Final = "".join(
    (
        "<s:Envelope><s:Body><cwmp:SetParameterValues>",
        VALUE.format(name="Device.WiFi.SSID.1.SSID", value="home"),
        VALUE.format(name="Device.WiFi.AccessPoint.1.Security.KeyPassphrase", value=ESCAPED),
        VALUE.format(name="Device.X.Password", value=f"<![CDATA[{SECRET}]]> and {ESCAPED}"),
        VALUE.format(name="Device.X.PreSharedKey", value=f"<![CDATA[a]]b]]>{ESCAPED}"),
        VALUE.format(name="Device.ManagementServer.ConnectionRequestURL", value=f"http://user:{ESCAPED}@192.0.2.1:7/x"),
        f"<v:From>https://noc:{ESCAPED}@192.0.2.1/</v:From><v:To><![CDATA[https://user:{SECRET}@192.0.2.1/]]></v:To>",
        f"<Password>{ESCAPED}</Password><v:AdminPassword><![CDATA[{SECRET}]]></v:AdminPassword>",
        f"<URL>http://user:{ESCAPED}@192.0.2.1/</URL><Username>{ESCAPED}</Username>",
        "</cwmp:SetParameterValues></s:Body></s:Envelope>",
    )
)


def device() -> ManagedDevice:
    """One that is being debugged."""
    known = dict.fromkeys(ManagedDevice.__dataclass_fields__)
    return ManagedDevice(**known | {"id": 1, "identity": Identity("00D09E", "", "S1"), "debug": True})  # type: ignore[arg-type]


def content_of(path: Path) -> str:
    """What is in a file; nothing if there is none yet."""
    return path.read_text() if path.exists() else ""


def test_what_is_cut_anywhere_shows_nothing_of_a_secret() -> None:
    message = MESSAGE.encode()
    assert b"home" in masked(message)
    assert b"http://********@192.0.2.1:7/x" in masked(message)
    for end in range(len(message) + 1):
        assert b"Zq7" not in masked(message[:end]), end


async def test_messages_are_cut_and_masked_where_they_hold_up_no_device(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[int] = []

    def noted(message: bytes, *, hides_faults: bool = False) -> bytes:
        threads.append(threading.get_ident())
        return masked(message, hides_faults=hides_faults)

    monkeypatch.setattr(trace, "masked", noted)
    traces = Trace(tmp_path, most_per_device=64 * 1024, most=1024 * 1024, on_error=pytest.fail)
    traces.received(device(), MESSAGE.encode() + b"x" * 1_000_000, 1_800_000_000.0)
    assert threads == []
    writing = asyncio.create_task(traces.run())
    try:
        async with asyncio.timeout(10):
            while not (await asyncio.to_thread(content_of, traces.path_of(1))).endswith("\n\n"):
                pass
    finally:
        writing.cancel()
    assert threads != []
    assert threading.get_ident() not in threads
    written = content_of(traces.path_of(1))
    assert f"({len(MESSAGE) + 1_000_000} octets, cut)" in written
    assert "home" in written
    assert "Zq7" not in written
    assert len(written) < 17 * 1024
