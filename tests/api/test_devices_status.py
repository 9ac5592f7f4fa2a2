"""Up and Down through the API: as devices are heard, and as they are found when somebody asks."""

from acs.domain.reach import Reach, ReachKind
from tests.api.conftest import Api
from tests.api.inventory import PATH, device_type, make
from tests.e2e.defaults import PARAMETERS
from tests.e2e.device import Parameter, ScriptedDevice

URL = "Device.ManagementServer.ConnectionRequestURL"
NOT_REACHED = "X-Status-Not-Reached"
REFUSED = Reach(ReachKind.REFUSED, 0.01, "nobody listens there")
REACHED = Reach(ReachKind.REACHED, 0.01, "it answered")


async def callable_device(api: Api, name: str, serial: str, kind: int) -> ScriptedDevice:
    """A device that is Up and can be called."""
    await make(api, name, serial_number=serial, type=kind)
    parameters = {**PARAMETERS, URL: Parameter("http://127.0.0.1:9/x", writable=False)}
    device = api.served.device(serial=serial, parameters=parameters)
    await device.run_session()
    return device


async def test_one_is_looked_at_before_it_is_shown(api: Api) -> None:
    kind = await device_type(api, "t", helpers=["connection_request"])
    await callable_device(api, "a", "S1", kind)
    api.served.clock.advance(60)
    api.served.calls.outcome = REFUSED
    assert (await api.client.get(f"{PATH}a/")).json["status"] == "Up"
    assert (await api.client.get(f"{PATH}a/?update_status=false")).json["status"] == "Up"
    down = await api.client.get(f"{PATH}a/?update_status=true")
    assert (down.status, down.headers[NOT_REACHED]) == (200, "0")
    assert (down.json["status"], down.json["status_change"]) == ("Down", "2027-01-15T08:01:00Z")
    api.served.clock.advance(60)
    api.served.calls.outcome = REACHED
    up = (await api.client.get(f"{PATH}a/?update_status=1")).json
    assert (up["status"], up["status_change"]) == ("Up", "2027-01-15T08:02:00Z")
    assert up["last_connection"] == "2027-01-15T08:02:00Z"


async def test_those_of_a_page_are_looked_at_before_they_are_shown(api: Api) -> None:
    kind = await device_type(api, "t", helpers=["connection_request"])
    for number in range(3):
        await callable_device(api, f"a{number}", f"S{number}", kind)
    api.served.calls.outcome = Reach(ReachKind.NO_URL, 0.0, "it has not told where")
    page = await api.client.get(f"{PATH}?update_status=true")
    assert page.headers[NOT_REACHED] == "3", "they cannot be called, and are what they were"
    assert [each["status"] for each in page.json["results"]] == ["Up", "Up", "Up"]
    api.served.calls.outcome = REFUSED
    page = await api.client.get(f"{PATH}?update_status=true&limit=2")
    assert [each["status"] for each in page.json["results"]] == ["Down", "Down"]
    assert page.headers[NOT_REACHED] == "0"
    assert [each["name"] for each in (await api.client.get(f"{PATH}?status=Up")).json["results"]] == ["a2"]
    api.served.calls.outcome = REACHED
    up = await api.client.get(f"{PATH}?update_status=true&status=Down&type={kind}")
    assert up.json["results"] == [], "they are Up now"
    assert NOT_REACHED not in (await api.client.get(PATH)).headers


async def test_one_that_is_not_heard_is_down_and_one_that_calls_is_up_again(api: Api) -> None:
    await make(api, "a", serial_number="S1", update_frequency=60)
    device = api.served.device(serial="S1")
    await device.run_session()
    up = (await api.client.get(f"{PATH}a/")).json
    api.served.clock.advance(30)
    await device.run_session()
    later = (await api.client.get(f"{PATH}a/")).json
    assert later["status_change"] == up["status_change"] < later["last_connection"], "it moves when it flips"
    await api.served.sweep(151)
    assert (await api.client.get(f"{PATH}a/")).json["status"] == "Down"
    await device.run_session()
    assert (await api.client.get(f"{PATH}a/")).json["status"] == "Up"
