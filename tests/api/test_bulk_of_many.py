"""Two hundred devices, some of which fail and some of which never call: what is told of them is right at each step."""

from collections import Counter
from typing import Any

from acs.domain.reach import Reach, ReachKind
from tests.api.bulk import PATH, SSID, asked, outcomes, registered, routers, sessions, shown
from tests.api.conftest import Api
from tests.e2e.envelopes import Fault

BODY: dict[str, Any] = {
    "operation_type": "set",
    "device_filters": {},
    "variables": [{"variable_name": SSID, "value": "guests", "value_type": "string"}],
    "options": {"max_in_flight": 80, "timeout_minutes": 10},
}


async def test_two_hundred_devices(api: Api) -> None:
    good = await routers(api, 20)
    bad = await routers(api, 10, on_rpc={"SetParameterValues": lambda _: Fault(9003, "Invalid arguments")})
    for number in range(170):
        await registered(api, f"silent-{number}")
    api.served.calls.outcome = Reach(ReachKind.TIMEOUT, 5.0, "nothing was heard")
    public_id = await asked(api.client, BODY)
    await api.served.sweep()
    item = await shown(api.client, public_id)
    assert (item["status"], item["total_devices"], item["progress"]) == ("in_progress", 200, 0)
    assert (await outcomes(api.client, public_id, "status=in_progress")).json["count"] == 80
    assert (await outcomes(api.client, public_id, "status=scheduled")).json["count"] == 120

    # Those that call are the first ones; as they end, others have their turn.
    await sessions(good + bad)
    await api.served.sweep()
    item = await shown(api.client, public_id)
    assert (item["processed_devices"], item["failed_devices"], item["progress"]) == (30, 10, 15)
    assert item["operation_details"]["error_summary"] == {"device_faults": 10}
    assert (await outcomes(api.client, public_id, "status=in_progress")).json["count"] == 80
    assert all(device.model.parameters[SSID].value == "guests" for device in good)

    await api.served.calls.made(30 + 80)
    for step, (processed, failed) in enumerate(((110, 90), (190, 170), (200, 180))):
        await api.served.sweep(601)
        await api.served.sweep()
        item = await shown(api.client, public_id)
        assert (item["processed_devices"], item["failed_devices"]) == (processed, failed), step
        assert item["progress"] == processed // 2
        await api.served.calls.made(min(200, 110 + 80 * (step + 1)))
    assert (item["status"], item["progress"]) == ("completed", 100)
    assert item["operation_details"]["error_summary"] == {"device_faults": 10, "connection_timeouts": 170}

    found: list[dict[str, Any]] = []
    url: str | None = f"{PATH}{public_id}/devices/?limit=75"
    while url is not None:
        page = (await api.client.get(url)).json
        assert page["count"] == 200
        found += page["results"]
        url = page["next"]
    assert Counter(each["status"] for each in found) == {"completed": 20, "failed": 180}
    assert len({each["device_id"] for each in found}) == len({each["operation_id"] for each in found}) == 200
    log = [each.methods for each in await sessions(good + bad)]
    assert log == [()] * 30, "nothing is done twice"
