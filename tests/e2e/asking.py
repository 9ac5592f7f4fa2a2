"""RPCs to try the scripted device with, and what it answers to them."""

from tests.e2e.check import Heard
from tests.e2e.device import EndedBy, Parameter, ScriptedDevice
from tests.e2e.envelopes import AcsMessage, read
from tests.e2e.fake_acs import DONE, INFORMED, asks, fake_acs, session
from tests.e2e.model import Tables

SSID = "Device.WiFi.SSID.1.SSID"
PARAMETERS = {
    "Device.DeviceInfo.SoftwareVersion": Parameter("1.0", writable=False),
    "Device.ManagementServer.ConnectionRequestURL": Parameter("", writable=False),
    "Device.ManagementServer.ParameterKey": Parameter("", writable=False),
    "Device.WiFi.SSID.1.Enable": Parameter("1", "boolean", invalid=lambda value: value not in {"0", "1"}),
    SSID: Parameter("home"),
}
TABLES: Tables = {
    "Device.NAT.PortMapping.": {},
    "Device.WiFi.SSID.": {"SSID": Parameter("new")},
    "Device.WiFi.SSID.{i}.Stub.": {"X": Parameter("")},
}

UUID = "00000000-0000-5000-8000-000000000009"
UNINSTALL = (
    '<Operations xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:type="cwmp:UninstallOpStruct">'
    f"<UUID>{UUID}</UUID></Operations><CommandKey>k</CommandKey>"
)


def router(port: int, **more: object) -> ScriptedDevice:
    told = {"parameters": PARAMETERS, "tables": TABLES, "heard": Heard()} | more
    return ScriptedDevice(port, serial="S1", **told)  # type: ignore[arg-type]


async def answers(device: ScriptedDevice, *rpcs: bytes) -> list[AcsMessage]:
    """What a device answers to these."""
    async with fake_acs(*session(*rpcs)) as acs:
        device.link = router(acs.port).link
        assert (await device.run_session()).ended_by is EndedBy.NO_CONTENT
        return [read(got.body) for got in acs.got[2:]]


def strings(name: str, *texts: str) -> str:
    return f"<{name}>{''.join(f'<string>{text}</string>' for text in texts)}</{name}>"


def sets(*pairs: tuple[str, str], key: str = "k") -> bytes:
    structs = "".join(
        f"<ParameterValueStruct><Name>{name}</Name><Value>{value}</Value></ParameterValueStruct>"
        for name, value in pairs
    )
    return asks("SetParameterValues", f"<ParameterList>{structs}</ParameterList><ParameterKey>{key}</ParameterKey>")


def names_of(path: str, next_level: str) -> bytes:
    return asks("GetParameterNames", f"<ParameterPath>{path}</ParameterPath><NextLevel>{next_level}</NextLevel>")


def objects(method: str, path: str) -> bytes:
    return asks(method, f"<ObjectName>{path}</ObjectName><ParameterKey>k</ParameterKey>")


def transfer(method: str, url: str, file_type: str = "1 Firmware Upgrade Image") -> bytes:
    return asks(
        method,
        f"<CommandKey>k</CommandKey><FileType>{file_type}</FileType><URL>{url}</URL><Username>u</Username>"
        "<Password>p</Password><FileSize>4</FileSize>",
    )


async def two_sessions(*rpcs: bytes, **more: object) -> tuple[ScriptedDevice, list[AcsMessage]]:
    """A device and the posts of the session after one with these RPCs."""
    acknowledged = asks("TransferCompleteResponse")
    async with fake_acs(*session(*rpcs), INFORMED, acknowledged, DONE) as acs, router(acs.port, **more) as device:
        await device.run_session()
        del acs.got[:]
        await device.run_session()
        return device, [read(got.body) for got in acs.got if got.body]


def events(message: AcsMessage) -> list[tuple[str, str]]:
    return [(event["EventCode"], event["CommandKey"]) for event in message.structs("EventStruct")]
