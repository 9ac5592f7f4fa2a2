"""The device's side of one session (TR-069 3.7): answers of the ACS in, posts out."""

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from cwmp_schemas.decode import decode
from cwmp_schemas.envelope import Envelope, Received
from cwmp_schemas.errors import DecodeError
from cwmp_schemas.faults import AcsFault, Fault
from cwmp_schemas.messages import AcsRequest, CpeResponse, answers, method_of
from cwmp_schemas.rpc.session import InformResponse
from simulators.device import manners
from simulators.device.errors import AcsError, RefusedError
from simulators.device.pending import OwnRequest
from simulators.device.quirks import PLAIN_MANNERS
from simulators.device.states import TRANSITIONS, Input, State

if TYPE_CHECKING:
    from simulators.device.cpe import Cpe

MAX_REPEATS: Final = 5
"""How often a request is repeated because the ACS asks for it (fault 8005)."""
MAX_RPCS: Final = 2_000
"""How many RPCs a session bears; an ACS that never ends would keep it for ever."""
_SMALL: Final = 1_024

_ACS_REQUESTS: Final = tuple(AcsRequest.__args__)

# An InformResponse is the same for all devices that say the same ID.
_decode_again: Final = lru_cache(maxsize=256)(decode)


class CpeSession:
    """One session. Its driver posts what ``begin`` and then ``receive`` give, until that is None: the session is over.

    AcsError says that it has failed; the driver tells the device by ``Cpe.session_failed`` whatever it was.
    """

    __slots__ = ("_cpe", "_holding", "_id", "_repeats", "_rpcs", "done", "pause", "state")

    def __init__(self, cpe: "Cpe") -> None:
        self._cpe = cpe
        self._id = 0
        self._holding = False
        self._repeats = 0
        self._rpcs = 0
        self.state = State.IDLE
        """Whose turn it is."""
        self.done: tuple[str, str, int] | None = None
        """What the last answer of the ACS led to, for counting: ``("rpc", method, fault code)``, or ``("request",
        method, fault code)``."""
        self.pause = 0.0
        """How many seconds the device takes before it sends the post that it gave last."""

    def begin(self, now: float) -> bytes:
        """The post that opens the session."""
        self._move(Input.INFORM)
        return self._cpe.inform(self._next_id(), now)

    def receive(self, body: bytes, now: float) -> bytes | None:
        """The next post after what the ACS answered; None when the session is over."""
        self.done = None
        self.pause = 0.0
        if not body:
            return self._nothing(now)
        try:
            received: Received = _decode_again(body) if len(body) < _SMALL else decode(body)
        except DecodeError as error:
            raise AcsError("unreadable", str(error)) from None
        envelope = received.envelope
        if self._cpe.quirks.manners is not PLAIN_MANNERS:
            manners.bear(self._cpe, body, envelope)
        self._holding = envelope.hold_requests
        if self.state is State.INFORMING:
            return self._informed(envelope, now)
        if self.state is State.REQUESTING:
            return self._acknowledged(envelope, now)
        return self._asked(envelope, now)

    def _informed(self, envelope: Envelope, now: float) -> bytes:
        message = envelope.message
        if isinstance(message, InformResponse):
            self._move(Input.INFORMED)
            self._repeats = 0
            self._cpe.informed(now)
            return self._speak(now)
        if isinstance(message, Fault):
            self._repeat(message, "Inform")
            return self.begin(now)
        raise AcsError("no InformResponse", method_of(message))

    def _acknowledged(self, envelope: Envelope, now: float) -> bytes:
        message, request = envelope.message, self._cpe.pending.requests[0]
        method = method_of(request.message)
        if isinstance(message, Fault) and message.code == AcsFault.RETRY_REQUEST:
            self._repeat(message, method)
            return self._ask(request)
        if not answers(message, method):
            raise AcsError("wrong answer", f"{method_of(message)} to {method}")
        self._move(Input.ACKNOWLEDGED)
        self._repeats = 0
        self.done = ("request", method, message.code if isinstance(message, Fault) else 0)
        # A fault other than 8005 is an answer, too: to say it again would change nothing.
        self._cpe.acknowledged(request, message, now)
        return self._speak(now)

    def _asked(self, envelope: Envelope, now: float) -> bytes:
        message = envelope.message
        if not isinstance(message, _ACS_REQUESTS):
            raise AcsError("no request", method_of(message))
        self._rpcs += 1
        if self._rpcs > MAX_RPCS:
            raise AcsError("endless session", f"more than {MAX_RPCS} RPCs")
        if self._cpe.quirks.manners is not PLAIN_MANNERS:
            manners.bear_another_rpc(self._cpe.quirks.manners, self._rpcs)
            self.pause = manners.pause(self._cpe.quirks.manners, message)
        self._move(Input.RPC)
        answer: CpeResponse | Fault
        try:
            answer = self._cpe.carry_out(message, now)
        except RefusedError as refused:
            answer = refused.fault
        self.done = ("rpc", method_of(message), answer.code if isinstance(answer, Fault) else 0)
        self._move(Input.ANSWER)
        return self._cpe.spell(Envelope(envelope.id, answer), method_of(message))

    def _nothing(self, now: float) -> bytes | None:
        if self.state is not State.ACS_TURN:
            raise AcsError("no answer", f"nothing in answer to {self.state.value}")
        if self._holding and self._cpe.pending.requests:
            self._holding = False
            self._move(Input.HELD)
            return self._speak(now)
        self._move(Input.END)
        return None

    def _speak(self, now: float) -> bytes:
        """The device's own requests first, one after the other, unless the ACS holds them back; then its turn."""
        requests = self._cpe.pending.requests
        if requests and not self._holding:
            return self._ask(requests[0])
        self._move(Input.HAND_OVER)
        return b""

    def _ask(self, request: OwnRequest) -> bytes:
        self._move(Input.REQUEST)
        return self._cpe.spell(Envelope(self._next_id(), request.message))

    def _repeat(self, fault: Fault, method: str) -> None:
        self._repeats += 1
        if fault.code != AcsFault.RETRY_REQUEST or self._repeats > MAX_REPEATS:
            raise AcsError(f"fault {fault.code}", f"to {method}")

    def _next_id(self) -> str:
        self._id += 1
        return str(self._id)

    def _move(self, what: Input) -> None:
        self.state = TRANSITIONS[self.state, what]
