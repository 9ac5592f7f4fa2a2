"""The device's side of sessions and the ACS's, back to back, on a line that loses posts and answers."""

from collections import Counter
from itertools import count

import pytest

from acs.session.events import Answered, AnsweredLate, Informed, Requested, RpcLost
from acs.session.machine import AcsSession
from acs.session.states import State as AcsState
from cwmp_schemas import events
from cwmp_schemas.decode import decode
from cwmp_schemas.encode import encode
from cwmp_schemas.faults import Fault
from cwmp_schemas.messages import AcsRequest, answers
from cwmp_schemas.rpc.control import Reboot, ScheduleInform
from cwmp_schemas.rpc.parameters import GetParameterValues
from cwmp_schemas.rpc.session import Event, GetRPCMethods, Inform
from cwmp_schemas.rpc.transfers import TransferComplete, TransferFault
from cwmp_schemas.rpc.vendor import VendorMessage
from cwmp_schemas.values import UNKNOWN_TIME
from simulators.device.chance import Chance
from simulators.device.pending import OwnRequest
from tests.simulators.device.conversing import START, device


class Line:
    """An ACS at the other end of a line that loses what is said on it."""

    def __init__(self, seed: int, lost: float) -> None:
        self.chance = Chance(seed)
        self.lost = lost
        self.now = START
        self.cpe = device(is_known=False, seed=seed)
        self.acs: AcsSession | None = None
        self.sessions = count()
        self.sent: Counter[str] = Counter()
        self.ended: Counter[str] = Counter()
        self.told: set[Event] = set()
        self.completed: set[str] = set()
        self.retries: list[int] = []

    def run(self, rpcs: list[AcsRequest]) -> bool:
        """One session, from the moment at which the device wants it; whether it went well."""
        self.now = max(self.now, self.cpe.due_at)
        if not self.cpe.advance(self.now):
            return False
        session = self.cpe.open(self.now)
        post: bytes | None = session.begin(self.now)
        while post is not None:
            self.now += 0.1
            if self._is_lost() or (reply := self._answered(post, rpcs)) is None or self._is_lost():
                self.cpe.session_failed(self.now)
                return False
            post = session.receive(reply, self.now)
        self.cpe.session_over(self.now)
        return True

    def _is_lost(self) -> bool:
        return self.chance.happens(self.lost)

    def _answered(self, post: bytes, rpcs: list[AcsRequest]) -> bytes | None:
        envelope = decode(post).envelope if post else None
        if envelope is not None and isinstance(envelope.message, Inform):
            # The old session, if any, was cut off: the device calls anew.
            if self.acs is not None:
                if self.acs.state is not AcsState.ENDED:
                    self.acs.supersede()
                self._note()
            self.acs = AcsSession(self.now, id_prefix=f"{next(self.sessions)}-")
        acs = self.acs
        assert acs is not None
        answer = acs.receive(envelope, self.now)
        self._note()
        if answer is None and acs.state is AcsState.ACS_TURN:
            if not rpcs:
                acs.end(self.now)
                return b""
            answer = acs.send(rpcs.pop(0), self.now)
            self.sent[answer.id or ""] += 1
        return encode(answer) if answer is not None else b""

    def _note(self) -> None:
        assert self.acs is not None
        for event in self.acs.events():
            match event:
                case Informed(inform=inform):
                    self.told.update(inform.event)
                    self.retries.append(inform.retry_count)
                case Requested(request=TransferComplete(command_key=key)):
                    self.completed.add(key)
                case Answered(rpc_id=rpc_id, method=method, answer=answer):
                    assert answers(answer, method)
                    assert not isinstance(answer, Fault) or method.startswith("X_")
                    self.ended[rpc_id] += 1
                case RpcLost(rpc_id=rpc_id):
                    self.ended[rpc_id] += 1
                case AnsweredLate():
                    raise AssertionError("the device answers no RPC of an earlier session")
                case _:
                    pass


@pytest.mark.parametrize("lost", [0.0, 0.05, 0.3])
def test_on_any_line_all_is_told_and_every_rpc_is_answered_or_lost_once(lost: float) -> None:
    for seed in range(60):
        line = Line(seed, lost)
        owed = {Event(events.BOOTSTRAP), Event(events.BOOT)}
        for round_number in range(4):
            key = f"{round_number}"
            message = TransferComplete(key, TransferFault(0, ""), UNKNOWN_TIME, UNKNOWN_TIME)
            line.cpe.pending.request(
                OwnRequest(message, (Event(events.TRANSFER_COMPLETE), Event(events.M_DOWNLOAD, key)))
            )
            rpcs: list[AcsRequest] = [
                GetRPCMethods(),
                GetParameterValues(("Device.",)),
                VendorMessage("X_00A0F1_Do"),
                ScheduleInform(10, key),
                Reboot(key),
            ]
            for _ in range(100):
                if line.run(rpcs) and not rpcs and not line.cpe.wants_session and line.cpe.is_on:
                    break
        for _ in range(100):
            if line.run([]) and not line.cpe.pending:
                break
        assert line.completed == {"0", "1", "2", "3"}, seed
        assert owed <= line.told, seed
        assert set(line.ended) <= set(line.sent), seed
        assert all(times == 1 for times in line.ended.values()), seed
        assert len(line.sent) - len(line.ended) in {0, 1}, seed
        assert line.cpe.due_at < float("inf"), seed
        if not lost:
            keys = {event.command_key for event in line.told if event.event_code == events.M_REBOOT}
            assert keys == {"0", "1", "2", "3"}, seed
            assert set(line.retries) == {0}, seed
            assert line.ended == line.sent, seed
