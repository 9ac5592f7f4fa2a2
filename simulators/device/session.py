"""The device's side of one session (TR-069 3.7): answers of the ACS in, posts out."""

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from cwmp_schemas.decode import decode
from cwmp_schemas.envelope import Envelope, Received
from cwmp_schemas.errors import DecodeError
from cwmp_schemas.faults import AcsFault, CpeFault, Fault
from cwmp_schemas.messages import CPE_REQUESTS, AcsRequest, CpeResponse, answers, method_of
from cwmp_schemas.oddities import Oddity
from cwmp_schemas.rpc.session import Event, InformResponse
from cwmp_schemas.rpc.vendor import VendorMessage
from simulators.device import headers, manners
from simulators.device.errors import AcsError, RefusedError
from simulators.device.pending import OwnRequest
from simulators.device.quirks import PLAIN_MANNERS
from simulators.device.spelling import VERSIONS
from simulators.device.states import TRANSITIONS, Input, State

if TYPE_CHECKING:
    from simulators.device.cpe import Cpe

MAX_REPEATS: Final = 5
"""How often a request is repeated because the ACS asks for it (fault 8005)."""
MAX_RPCS: Final = 2_000
"""How many RPCs a session bears; an ACS that never ends would keep it for ever."""
Late = Callable[[float], CpeResponse]
"""An answer that is made when it is sent; RefusedError is a fault."""
_SMALL: Final = 1_024

_LISTENING: Final = frozenset({State.INFORMING, State.REQUESTING, State.ACS_TURN})
_MALFORMED: Final = frozenset(
    {Oddity.BAD_NUMBER, Oddity.BAD_BOOLEAN, Oddity.BAD_TIME, Oddity.BAD_BASE64, Oddity.EMPTY_NAME}
)

# Those that only a device makes are RPCs as well, though none that it answers.
_REQUESTS: Final = (*AcsRequest.__args__, *CPE_REQUESTS)

# An InformResponse is the same for all devices that say the same ID.
_decode_again: Final = lru_cache(maxsize=256)(decode)


class CpeSession:
    """One session. Its driver posts what ``begin`` and then ``receive`` give, until that is None: the session is over.

    AcsError says that it has failed; the driver tells the device by ``Cpe.session_failed`` whatever it was.
    """

    __slots__ = (
        "_asked",
        "_cpe",
        "_holding",
        "_id",
        "_late",
        "_repeats",
        "_rpcs",
        "acknowledged",
        "done",
        "pause",
        "refused",
        "state",
        "takes_any_id",
        "told_faults",
    )

    def __init__(self, cpe: "Cpe") -> None:
        self._cpe = cpe
        self._id = 0
        self._asked: OwnRequest | None = None
        self._holding = False
        self._late: tuple[str | None, str, Late] | None = None
        self._repeats = 0
        self._rpcs = 0
        self.state = State.IDLE
        """Whose turn it is."""
        self.done: tuple[str, str, int] | None = None
        """What the last answer of the ACS led to, for counting: ``("rpc", method, fault code)``, or ``("request",
        method, fault code)``."""
        self.acknowledged: list[Event] = []
        """The events that the last answer of the ACS acknowledged, for counting."""
        self.told_faults: tuple[int, ...] = ()
        """The faults of which the request told that the last answer acknowledged."""
        self.refused: tuple[OwnRequest, ...] = ()
        """The requests of the device that the ACS would not take; they are not repeated in this session."""
        self.takes_any_id = cpe.quirks.wire.ids != "normal"
        """Whether an answer need not have the ID of its request: for a device that sends IDs of another making."""
        self.pause = 0.0
        """How many seconds the device takes before it sends the post that it gave last."""

    def begin(self, now: float) -> bytes:
        """The post that opens the session; once more if the ACS wants it again."""
        if self.state is State.IDLE:
            # Said again it has the ID that it had.
            self._id += 1
        self._move(Input.INFORM)
        return self._cpe.inform(str(self._id), now)

    def cut(self) -> None:
        """The device has gone down: nothing more comes of the session."""
        self._late = None
        if self.state is not State.ENDED:
            self._move(Input.FAIL)

    def answer_late(self, seconds: float, answer: Late) -> None:
        """Have the RPC that is being carried out answered in a while, by what there is to say then."""
        self.pause = seconds
        self._late = (None, "", answer)

    def late_answer(self, now: float) -> bytes | None:
        """What is to be posted after the pause in place of what ``receive`` gave; None if that still holds."""
        if self._late is None:
            return None
        (identifier, method, late), self._late = self._late, None
        answer: CpeResponse | Fault
        try:
            answer = late(now)
        except RefusedError as refused:
            answer = refused.fault
        self.done = ("rpc", method, answer.code if isinstance(answer, Fault) else 0)
        return self._cpe.spell(Envelope(identifier, answer), method)

    def receive(self, body: bytes, now: float) -> bytes | None:
        """The next post after what the ACS answered; None when the session is over."""
        self.done = None
        self.told_faults = ()
        self.acknowledged = []
        self.pause = 0.0
        self._late = None
        if self.state not in _LISTENING:
            raise AcsError("no session", f"an answer when it is {self.state.value}")
        try:
            return self._received(body, now) if body else self._nothing()
        except AcsError:
            self._move(Input.FAIL)
            raise

    def _received(self, body: bytes, now: float) -> bytes:
        try:
            received: Received = _decode_again(body) if len(body) < _SMALL else decode(body)
        except DecodeError as error:
            raise AcsError("unreadable", str(error)) from None
        envelope = received.envelope
        if self._cpe.quirks.manners is not PLAIN_MANNERS:
            manners.bear(self._cpe, body, envelope)
        unknown = ""
        if received.oddities or envelope.use_version is not None:
            unknown = headers.not_understood(body, received, says_versions=self._cpe.quirks.wire.says_versions)
        self._holding = envelope.hold_requests
        if self.state is State.ACS_TURN:
            return self._refuse_header(envelope, unknown) if unknown else self._carried_out(received, now)
        if unknown:
            raise AcsError("unknown header", unknown)
        if envelope.id != str(self._id) and not self.takes_any_id:
            raise AcsError("wrong ID", f"{envelope.id} to {self._id}")
        if self.state is State.INFORMING:
            return self._informed(envelope, now)
        return self._acknowledged(envelope, now)

    def _informed(self, envelope: Envelope, now: float) -> bytes:
        message = envelope.message
        if isinstance(message, InformResponse):
            if envelope.use_version is not None and envelope.use_version not in VERSIONS:
                raise AcsError("unknown version", envelope.use_version)
            self._move(Input.INFORMED)
            self._repeats = 0
            self.acknowledged = self._cpe.informed(now)
            return self._speak()
        if isinstance(message, Fault):
            self._repeat(message, "Inform")
            return self.begin(now)
        raise AcsError("no InformResponse", method_of(message))

    def _acknowledged(self, envelope: Envelope, now: float) -> bytes:
        message, request = envelope.message, self._asked
        assert request is not None  # noqa: S101  an answer comes behind a request alone
        method = method_of(request.message)
        if isinstance(message, Fault) and message.code == AcsFault.RETRY_REQUEST:
            self._repeat(message, method)
            return self._ask(request)
        if not answers(message, method):
            raise AcsError("wrong answer", f"{method_of(message)} to {method}")
        self._move(Input.ACKNOWLEDGED)
        self._repeats = 0
        self.done = ("request", method, message.code if isinstance(message, Fault) else 0)
        self.told_faults = request.told_faults
        self.acknowledged = self._cpe.acknowledged(request, message, now)
        if any(each is request for each in self._cpe.pending.requests):
            self.refused += (request,)
        return self._speak()

    def _carried_out(self, received: Received, now: float) -> bytes:
        envelope = received.envelope
        message = envelope.message
        if not isinstance(message, _REQUESTS) or (isinstance(message, VendorMessage) and message.is_response):
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
            _check_arguments(received)
            answer = self._cpe.carry_out(message, now)
        except RefusedError as refused:
            answer = refused.fault
        self.done = ("rpc", method_of(message), answer.code if isinstance(answer, Fault) else 0)
        self._move(Input.ANSWER)
        if self._late is not None:
            self._late = (envelope.id, method_of(message), self._late[2])
        return self._cpe.spell(Envelope(envelope.id, answer), method_of(message))

    def _refuse_header(self, envelope: Envelope, unknown: str) -> bytes:
        self._move(Input.RPC)
        self.done = ("rpc", method_of(envelope.message), 0)
        self._move(Input.ANSWER)
        return headers.fault(envelope.id, unknown)

    def _nothing(self) -> bytes | None:
        if self.state is not State.ACS_TURN:
            raise AcsError("no answer", f"nothing in answer to {self.state.value}")
        self._holding = False
        if self._next_request() is not None:
            self._move(Input.MORE)
            return self._speak()
        self._move(Input.END)
        return None

    def _speak(self) -> bytes:
        """The device's own requests first, one after the other, unless the ACS holds them back; then its turn."""
        request = None if self._holding else self._next_request()
        if request is not None:
            self._id += 1
            return self._ask(request)
        self._move(Input.HAND_OVER)
        return b""

    def _next_request(self) -> OwnRequest | None:
        waiting = self._cpe.pending.requests
        if not self.refused:
            return waiting[0] if waiting else None
        return next((each for each in waiting if all(each is not refused for refused in self.refused)), None)

    def _ask(self, request: OwnRequest) -> bytes:
        self._move(Input.REQUEST)
        self._asked = request
        return self._cpe.spell(Envelope(str(self._id), request.message))

    def _repeat(self, fault: Fault, method: str) -> None:
        self._repeats += 1
        if fault.code != AcsFault.RETRY_REQUEST or self._repeats > MAX_REPEATS:
            raise AcsError(f"fault {fault.code}", f"to {method}")

    def _move(self, what: Input) -> None:
        self.state = TRANSITIONS[self.state, what]


def _check_arguments(received: Received) -> None:
    """Fault 9003 where an argument cannot be read (A.5.1)."""
    wrong = received.oddities and _MALFORMED.intersection(received.oddities)
    if wrong:
        what = ", ".join(sorted(oddity.value for oddity in wrong))
        raise RefusedError(CpeFault.INVALID_ARGUMENTS, f"Invalid arguments: {what}")
