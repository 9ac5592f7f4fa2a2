import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acs.session.errors import LocalProtocolError, SnapshotError
from acs.session.events import Answered, AnsweredLate, Ended
from acs.session.limits import SessionLimits
from acs.session.machine import AcsSession
from acs.session.rpcs import SentRpc
from acs.session.states import State
from cwmp_schemas.envelope import Envelope
from cwmp_schemas.faults import Fault
from cwmp_schemas.rpc.control import AddObject
from cwmp_schemas.rpc.transfers import Download
from tests.acs.session.samples import INFORM, READ, VALUES


def busy_session() -> AcsSession:
    """A session with something in every field: an RPC lost, one answered, one out."""
    session = AcsSession(0.0, id_prefix="k3-", hold_requests=True)
    session.receive(Envelope("c1", INFORM, minor=2, session_timeout=90, no_more_requests=True), 1.0)
    session.receive(None, 2.0)
    session.send(READ, 2.0)
    session.receive(None, 3.0)
    session.send(AddObject("Device.Hosts.Host."), 3.0)
    session.receive(Envelope("k3-2", Fault(9005, "Invalid parameter name")), 4.0)
    session.send(READ, 4.0)
    session.events()
    return session


def stored(session: AcsSession, now: float) -> dict[str, Any]:
    """What a database gives back."""
    snapshot: dict[str, Any] = json.loads(json.dumps(session.snapshot(now)))
    return snapshot


def test_a_restored_session_goes_on_where_it_stood() -> None:
    session = AcsSession.restore(stored(busy_session(), 10.0), 500.0)
    assert session.state is State.AWAITING_ANSWER
    assert session.outstanding == SentRpc("k3-3", "GetParameterValues")
    assert session.holding
    assert session.no_more_requests
    session.receive(Envelope(None, VALUES), 501.0)
    session.receive(Envelope("k3-1", VALUES), 502.0)
    assert session.events() == [
        Answered("k3-3", "GetParameterValues", VALUES),
        AnsweredLate("k3-1", "GetParameterValues", VALUES),
    ]
    assert session.send(READ, 503.0) == Envelope("k3-4", READ, minor=2, hold_requests=True)
    assert session.deadline() == 593.0


def test_what_remains_of_the_time_is_stored_so_the_time_in_between_is_free() -> None:
    session = AcsSession(0.0, limits=SessionLimits(idle_timeout=30.0, session_timeout=31.0))
    session.receive(Envelope("c1", INFORM), 1.0)
    session.events()
    restored = AcsSession.restore(stored(session, 21.0), 1000.0, limits=SessionLimits())
    assert restored.deadline() == 1010.0
    restored.receive(None, 1005.0)
    assert restored.deadline() == 1011.0


def test_a_snapshot_holds_no_argument_of_an_rpc() -> None:
    session = AcsSession(0.0)
    session.receive(Envelope("c1", INFORM), 1.0)
    session.receive(None, 2.0)
    session.send(Download("key", "1 Firmware Upgrade Image", "http://files.example/", "user", "s3cret"), 2.0)
    session.events()
    text = json.dumps(session.snapshot(2.0))
    assert "Download" in text
    assert "s3cret" not in text
    assert "files.example" not in text


def test_a_snapshot_is_refused_while_events_would_be_lost() -> None:
    session = AcsSession(0.0)
    session.receive(Envelope("c1", INFORM), 1.0)
    with pytest.raises(LocalProtocolError, match="drained"):
        session.snapshot(1.0)


def test_limits_that_changed_in_between_count() -> None:
    session = busy_session()
    session.receive(None, 5.0)
    session.events()
    restored = AcsSession.restore(stored(session, 5.0), 0.0, limits=SessionLimits(rpcs=3))
    assert not restored.may_send


def test_a_session_that_has_ended_stays_so() -> None:
    session = AcsSession(0.0)
    session.close()
    assert session.events() == [Ended("closed")]
    assert AcsSession.restore(stored(session, 1.0), 5.0).state is State.ENDED


WRONG: list[tuple[str, object]] = [
    ("version", 2),
    ("version", "1"),
    ("version", True),
    ("state", "ASLEEP"),
    ("state", None),
    ("state", "ACS_TURN"),
    ("state", "AWAITING_INFORM"),
    ("device", ["001122", "Box"]),
    ("device", ["001122", "Box", 1]),
    ("device", "S1"),
    ("device", None),
    ("minor", -1),
    ("minor", 99),
    ("sent", 0),
    ("minor", 2.0),
    ("informing", 0),
    ("holding", None),
    ("no_more_requests", "no"),
    ("asked_timeout", -1),
    ("empty_posts", "3"),
    ("id_prefix", 5),
    ("sent", True),
    ("lost", None),
    ("outstanding", None),
    ("outstanding", ["k3-3", "Reboot"]),
    ("outstanding", ["k3-3", "Reboot", 0]),
    ("outstanding", {"id": "k3-3"}),
    ("earlier", None),
    ("earlier", ["k3-1"]),
    ("earlier", [["x", "Reboot", False]] * 17),
    ("idle_left", None),
    ("idle_left", float("nan")),
    ("idle_left", 10**400),
    ("idle_left", True),
    ("session_left", float("inf")),
    ("session_left", "soon"),
    ("session_left", None),
]


@pytest.mark.parametrize(("key", "value"), WRONG)
def test_a_wrong_value_is_refused_by_the_name_of_its_key(key: str, value: object) -> None:
    with pytest.raises(SnapshotError) as refused:
        AcsSession.restore(stored(busy_session(), 4.0) | {key: value}, 4.0)
    # A state that contradicts the rest is told by what it contradicts.
    assert refused.value.key in ({key} if key != "state" else {"state", "outstanding"})
    assert str(refused.value).startswith(f"session snapshot: {refused.value.key} ")


@pytest.mark.parametrize("key", list(busy_session().snapshot(4.0)))
def test_a_missing_value_is_refused_by_the_name_of_its_key(key: str) -> None:
    snapshot = stored(busy_session(), 4.0)
    del snapshot[key]
    with pytest.raises(ValueError, match=f"session snapshot: {key} is missing"):
        AcsSession.restore(snapshot, 4.0)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.dictionaries(st.sampled_from(sorted(busy_session().snapshot(4.0))), JSON, max_size=4))
def test_any_stored_value_gives_a_session_that_works_or_a_snapshot_error(changes: dict[str, Any]) -> None:
    try:
        session = AcsSession.restore(stored(busy_session(), 4.0) | changes, 4.0)
    except SnapshotError:
        return
    deadline = session.deadline()
    if deadline is not None:
        session.handle_timeout(deadline)
        assert isinstance(session.events()[-1], Ended)
    assert session.state is State.ENDED
