"""A device of many parameters, and a server that reads it while somebody looks at it from within."""

from itertools import islice

from lxml import etree

from benchmarks.engine.device import Message, inform_template
from benchmarks.engine.large_device import LargeDevice, measure

TEMPLATE = inform_template()


def _asked(device: LargeDevice, method: str, inner: str) -> etree._Element:
    element = etree.fromstring(f"<{method}>{inner}</{method}>")
    return etree.fromstring(device.answer(Message("1", method, element)))


def _values(device: LargeDevice, path: str) -> list[str]:
    asked = f"<ParameterNames><string>{path}</string></ParameterNames>"
    answer = _asked(device, "GetParameterValues", asked)
    return [name.text or "" for name in answer.iter("Name", "FaultCode")] or [
        code.text or "" for code in answer.iter("FaultCode")
    ]


def _children(device: LargeDevice, path: str) -> list[str]:
    asked = f"<ParameterPath>{path}</ParameterPath><NextLevel>1</NextLevel>"
    return [name.text or "" for name in _asked(device, "GetParameterNames", asked).iter("Name")]


def test_it_tells_all_its_parameters_at_once_if_it_can() -> None:
    found = _values(LargeDevice(TEMPLATE, None), "Device.")
    assert len(found) == len(set(found)) == 10_000


def test_it_refuses_what_is_too_large_and_can_be_read_by_its_parts() -> None:
    device = LargeDevice(TEMPLATE, 250)
    assert _values(device, "Device.") == ["9004"]
    (vendor,) = _children(device, "Device.")
    (place,) = _children(device, vendor)
    parts = _children(device, place)
    assert len(parts) == 40
    assert len({name for part in parts for name in _values(device, part)}) == 10_000


def test_the_server_reads_it_and_tells_how_long_its_loop_was_held() -> None:
    # The first way is enough: the servers end with the generator.
    took, cpu, grown, pause = islice(measure("sqlite", rounds=1, idle_seconds=0.0), 4)
    assert took.value > 0
    assert cpu.value > 0
    assert took.details["statements"] > 0
    assert grown.unit == "MB"
    assert pause.value > 0
    assert pause.limit is not None
    assert pause.limit.bound == 50
