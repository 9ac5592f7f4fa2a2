"""How a device behind a NAT stays reachable: it asks a STUN server how it is seen, and goes on asking (Annex G.2.1)."""

import math
from dataclasses import dataclass, field
from typing import Final

from simulators.device.chance import Chance
from simulators.device.cpe import Cpe
from simulators.device.keepalive import KeepAlive
from simulators.device.model import Leaf
from simulators.device.numbers import whole_number
from simulators.device.stun import (
    CONNECTION_REQUEST_BINDING,
    Address,
    Attribute,
    Kind,
    StunMessage,
    address_value,
    decode_stun,
    encode_stun,
    is_signed,
    text_value,
)
from simulators.device.tree import Tree

# RFC 3489 section 9.3: sent again after 0.1, 0.2, 0.4, 0.8 and then 1.6 seconds, nine times in all.
_FIRST_WAIT: Final = 0.1
_LONGEST_WAIT: Final = 1.6
_MOST_SENT: Final = 9
_UNAUTHORIZED: Final = 401
_PORT: Final = 3478


@dataclass(frozen=True, slots=True)
class StunSettings:
    """What the ManagementServer object says of STUN (TR-181 2.17)."""

    is_enabled: bool
    """STUNEnable."""
    host: str
    """STUNServerAddress; empty for the host of the ACS."""
    port: int
    """STUNServerPort."""
    username: str
    """STUNUsername; a device without one signs nothing."""
    password: str = field(repr=False)
    """STUNPassword."""
    least: float
    """STUNMinimumKeepAlivePeriod, in seconds."""
    most: float
    """STUNMaximumKeepAlivePeriod, in seconds; infinity without one."""


_OFF: Final = StunSettings(False, "", _PORT, "", "", 1.0, 1.0)


def read_stun(tree: Tree, now: float) -> StunSettings:
    """The settings as they are now; a device that has none of them does without STUN."""

    def text(name: str) -> str:
        return tree.value(tree.model.management(name), now) or ""

    def number(name: str, default: float) -> float:
        value = whole_number(text(name))
        return default if value is None else float(value)

    if text("STUNEnable") not in {"1", "true"}:
        return _OFF
    port = whole_number(text("STUNServerPort")) or _PORT
    return StunSettings(
        True,
        text("STUNServerAddress"),
        port if port < 65_536 else _PORT,
        text("STUNUsername"),
        text("STUNPassword"),
        least=max(1.0, number("STUNMinimumKeepAlivePeriod", 30.0)),
        # -1 is no maximum.
        most=number("STUNMaximumKeepAlivePeriod", math.inf),
    )


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A datagram to be sent."""

    data: bytes
    """What is sent."""
    host: str
    """The STUN server; empty for the host of the ACS."""
    port: int
    """Its port."""
    is_probe: bool
    """Whether it goes out at the second port, so that the binding of the first is left alone (G.2.1.2)."""


@dataclass(slots=True)
class _Exchange:
    """A request and what is still to come of it."""

    message: StunMessage
    """The request."""
    outgoing: Outgoing
    """The request as it is sent."""
    is_change: bool
    """Whether it says that the binding has changed."""
    password: str | None
    """What it is signed with."""
    next_at: float
    """When it is sent again, or given up."""
    wait: float = _FIRST_WAIT
    """How long the next wait is."""
    sent: int = 0
    """How often it was sent."""


class Binding:
    """The binding of one device. Its driver sends what ``advance`` gives it, hands on what comes, and calls again when
    ``due_at`` has come or something has been set.
    """

    __slots__ = (
        "_asks_first",
        "_chance",
        "_cpe",
        "_exchange",
        "_has_to_tell",
        "_keep_alive",
        "_local",
        "_next_at",
        "_revision",
        "_settings",
        "mapped",
    )

    def __init__(self, cpe: Cpe, local: Address) -> None:
        """A device that listens at an address of its own."""
        self._cpe = cpe
        self._local = local
        self._chance = Chance("stun", cpe.identity.device_id.serial_number, cpe.identity.index)
        self._revision = -1
        self._settings: StunSettings | None = None
        self._keep_alive = KeepAlive(1.0, 1.0)
        self._exchange: _Exchange | None = None
        self._next_at = math.inf
        self._has_to_tell = self._asks_first = False
        self.mapped: Address | None = None
        """Where the server has seen the device."""

    @property
    def due_at(self) -> float:
        """When ``advance`` is to be called next."""
        if not self._cpe.is_on:
            return self._cpe.back_at
        return self._next_at if self._exchange is None else self._exchange.next_at

    def advance(self, now: float) -> Outgoing | None:
        """Do what is due; what is to be sent."""
        settings = self._look(now)
        if settings is None or not settings.is_enabled:
            return None
        exchange = self._exchange
        if exchange is not None and now >= exchange.next_at and exchange.sent >= _MOST_SENT:
            self._give_up(exchange, settings, now)
            exchange = self._exchange
        if exchange is None and now >= self._next_at:
            exchange = self._exchange = self._next_exchange(settings, now)
        if exchange is None or now < exchange.next_at:
            return None
        exchange.sent += 1
        exchange.next_at = now + exchange.wait
        exchange.wait = min(2 * exchange.wait, _LONGEST_WAIT)
        return exchange.outgoing

    def received(self, data: bytes, now: float, *, at_second: bool = False) -> bool:
        """A message has come, perhaps at the second port; whether it was waited for. StunError if it is none."""
        message = decode_stun(data)
        exchange, settings = self._exchange, self._settings
        if exchange is None or settings is None or message.transaction != exchange.message.transaction:
            return False
        if message.kind is Kind.BINDING_REQUEST or (at_second and not exchange.outgoing.is_probe):
            return False
        if exchange.outgoing.is_probe:
            self._probed(now, came_round=message.kind is Kind.BINDING_RESPONSE and not at_second)
        elif message.kind is Kind.BINDING_ERROR:
            self._refused(message.error, exchange, settings, now)
        elif exchange.password is not None and _is_forged(message, data, exchange.password):
            return False
        else:
            self._learned(message.mapped, exchange, settings, now)
        return True

    def _look(self, now: float) -> StunSettings | None:
        """The settings, if the device is up; whatever has changed in them is begun anew."""
        if not self._cpe.is_on:
            # The socket is gone with the power, and after a while so is the binding.
            self._settings, self._revision, self.mapped = None, -1, None
            self._exchange = None
            return None
        if self._revision == self._cpe.tree.revision:
            return self._settings
        settings = read_stun(self._cpe.tree, now)
        if settings != self._settings:
            self._settings = settings
            self._keep_alive = KeepAlive(settings.least, settings.most)
            self._exchange, self.mapped = None, None
            self._next_at = now if settings.is_enabled else math.inf
            self._has_to_tell = self._asks_first = False
            if not settings.is_enabled:
                self._tell(self._local, now)
        self._revision = self._cpe.tree.revision
        return settings

    def _next_exchange(self, settings: StunSettings, now: float) -> _Exchange:
        must_ask = self._asks_first or self._has_to_tell or not self._is_behind_nat
        if self.mapped is not None and self._keep_alive.is_trial and not must_ask:
            return self._exchange_of(settings, now, response_to=self.mapped)
        return self._exchange_of(settings, now, is_change=self._has_to_tell)

    def _exchange_of(
        self,
        settings: StunSettings,
        now: float,
        *,
        is_change: bool = False,
        is_signed: bool = False,
        response_to: Address | None = None,
    ) -> _Exchange:
        attributes: list[tuple[int, bytes]] = []
        if settings.username:
            attributes.append((Attribute.USERNAME, text_value(settings.username)))
        if response_to is not None:
            attributes.append((Attribute.RESPONSE_ADDRESS, address_value(response_to)))
        else:
            attributes.append((Attribute.CONNECTION_REQUEST_BINDING, CONNECTION_REQUEST_BINDING))
        if is_change:
            attributes.append((Attribute.BINDING_CHANGE, b""))
        # The number of the device tells whose answer it is, where devices share a port.
        transaction = self._chance.bits().to_bytes(8, "big") + self._cpe.identity.index.to_bytes(8, "big")
        message = StunMessage(Kind.BINDING_REQUEST, transaction, tuple(attributes))
        password = settings.password if is_signed else None
        outgoing = Outgoing(encode_stun(message, password), settings.host, settings.port, response_to is not None)
        return _Exchange(message, outgoing, is_change, password, now)

    def _probed(self, now: float, *, came_round: bool) -> None:
        """The first port was silent for longer than ever before, and something has come of that."""
        if came_round:
            self._keep_alive.held()
        else:
            # Servers of today have no RESPONSE-ADDRESS (RFC 5389 section 19).
            self._keep_alive.stop()
        self._ask_at(now)
        # Whatever came in may have kept the binding alive: the next silence begins with a request of our own.
        self._asks_first = True

    def _refused(self, code: int, exchange: _Exchange, settings: StunSettings, now: float) -> None:
        if code == _UNAUTHORIZED and settings.username and exchange.password is None:
            # G.2.1.1: signed when the server wants that, and only then.
            self._exchange = self._exchange_of(settings, now, is_change=exchange.is_change, is_signed=True)
        else:
            self._ask_at(now + settings.least)

    def _learned(self, mapped: Address | None, exchange: _Exchange, settings: StunSettings, now: float) -> None:
        was_lost, self._asks_first = self._asks_first, False
        self._ask_at(now + settings.least)
        if mapped is None:
            return
        known, self.mapped = self.mapped, mapped
        if mapped != known:
            if known is not None and not was_lost:
                self._keep_alive = KeepAlive(settings.least, settings.most)
            self._tell(mapped, now)
            self._has_to_tell = True
            # G.2.1.3: the server is told at once; but a NAT that gives another port each time is not chased.
            if not exchange.is_change:
                self._ask_at(now)
            return
        self._has_to_tell = False
        self._ask_at(now + (self._keep_alive.wait if self._is_behind_nat else settings.least))

    def _give_up(self, exchange: _Exchange, settings: StunSettings, now: float) -> None:
        """Nothing has come."""
        if exchange.outgoing.is_probe:
            self._keep_alive.lost()
            self._asks_first = True
            self._ask_at(now)
        else:
            self._ask_at(now + settings.least)

    def _ask_at(self, moment: float) -> None:
        self._exchange = None
        self._next_at = moment

    @property
    def _is_behind_nat(self) -> bool:
        return self.mapped is not None and self.mapped != self._local

    def _tell(self, address: Address, now: float) -> None:
        """Keep what the ACS has to know, in so far as the device has places for it."""
        model, is_behind = self._cpe.tree.model, address != self._local
        told = {
            model.management("UDPConnectionRequestAddress"): str(address),
            model.management("NATDetected"): "1" if is_behind else "0",
        }
        self._cpe.changed_by_itself(
            {path: value for path, value in told.items() if isinstance(self._cpe.tree.item(path), Leaf)}, now
        )


def _is_forged(message: StunMessage, data: bytes, password: str) -> bool:
    """Whether an answer is signed by somebody else; servers that sign none are borne."""
    return message.value(Attribute.MESSAGE_INTEGRITY) is not None and not is_signed(data, password)
