"""A session that a test leads step by step, as the ACS."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cwmp_schemas.decode import decode
from cwmp_schemas.encode import encode
from cwmp_schemas.envelope import Envelope
from cwmp_schemas.messages import AcsRequest, Message
from cwmp_schemas.rpc.session import Inform, InformResponse
from simulators.device.cpe import Cpe
from simulators.device.session import CpeSession


def opened(cpe: Cpe, now: float) -> tuple[CpeSession, Inform]:
    """A session whose Inform is out, after a connection request."""
    cpe.called(now)
    assert cpe.advance(now), "the device wants no session"
    session = cpe.open(now)
    message = decode(session.begin(now)).envelope.message
    assert isinstance(message, Inform)
    return session, message


def response(message_id: str = "1") -> bytes:
    """The answer to an Inform."""
    return encode(Envelope(message_id, InformResponse(), 2))


def said(session: CpeSession, reply: bytes, now: float) -> Message | None:
    """What a device says to a reply; None for an empty post."""
    post = session.receive(reply, now)
    assert post is not None, "the session is over"
    return decode(post).envelope.message if post else None


def informed(cpe: Cpe, now: float) -> CpeSession:
    """A session in which it is the turn of the ACS."""
    session, _ = opened(cpe, now)
    assert session.receive(response(), now) == b""
    return session


@contextmanager
def in_session(
    cpe: Cpe, now: float, *, ends_well: bool = True, ends: bool = True
) -> Iterator[Callable[[AcsRequest], Message]]:
    """A session in which the ACS asks what the test asks; then it ends, or fails, or stays open."""
    session = informed(cpe, now)

    def ask(rpc: AcsRequest) -> Message:
        answer = said(session, encode(Envelope("acs", rpc, 2)), now)
        assert answer is not None
        return answer

    yield ask
    if ends and ends_well:
        assert session.receive(b"", now) is None
        cpe.session_over(now)
    elif ends:
        cpe.session_failed(now)
