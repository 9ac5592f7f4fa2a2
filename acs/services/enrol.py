"""Letting devices in: known ones, new ones, and those that an operator has to look at first."""

from collections import OrderedDict, deque
from dataclasses import dataclass, replace
from typing import Final

from acs.domain.device import Identity, ManagedDevice
from acs.services.admission import Admission, Answer, decide, reset
from acs.services.calling import FORBIDDEN, Caller, Reply
from acs.services.informs import Told, identity_of
from acs.services.login import Door, Login
from acs.services.rates import Rates
from acs.services.tools import DEVICES_REMEMBERED, Tools
from acs.services.turns import Turns
from acs.store.errors import ConflictError
from cwmp_schemas.rpc.session import Inform

_CHALLENGED: Final = 10_000
_MINUTE: Final = 60.0
_HOUR: Final = 3_600.0
_CLASHES: Final = 3
_CLASH_WINDOW: Final = 600.0
_MAX_NAME: Final = 200


@dataclass(frozen=True, slots=True)
class Admitted:
    """A device that is let in."""

    device: ManagedDevice
    """Who it is."""
    admission: Admission
    """Why."""
    login: Login
    """With what."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A device that is not."""

    reply: Reply
    """What it gets."""


class Enrolment:
    """Knows the devices that called lately, so that a periodic Inform needs no look-up."""

    def __init__(self, tools: Tools, door: Door) -> None:
        self._tools = tools
        self._door = door
        self._known: OrderedDict[Identity, ManagedDevice] = OrderedDict()
        # What a device says of itself may be more than its registration knew.
        self._told: dict[int, Identity] = {}
        self._challenged: OrderedDict[Identity, None] = OrderedDict()
        settings = tools.settings
        self._calls = Rates(
            settings.device_sessions_per_minute / _MINUTE, settings.device_sessions_per_minute, DEVICES_REMEMBERED
        )
        self._said = Rates(settings.device_bytes_per_hour / _HOUR, settings.device_bytes_per_hour, DEVICES_REMEMBERED)
        self._clashes: OrderedDict[int, deque[float]] = OrderedDict()
        self._new = Turns()
        watch = tools.metrics.memories.watch
        watch("known devices", DEVICES_REMEMBERED, lambda: len(self._known))
        watch("challenged devices", _CHALLENGED, lambda: len(self._challenged))
        watch("rates of sessions", DEVICES_REMEMBERED, lambda: len(self._calls))
        watch("rates of what devices say", DEVICES_REMEMBERED, lambda: len(self._said))
        watch("clashes of sessions", DEVICES_REMEMBERED, lambda: len(self._clashes))

    async def admit(self, caller: Caller, login: Login, inform: Inform, told: Told) -> Admitted | Refused:
        """Decide about an Inform."""
        identity = identity_of(inform)
        known = self._known.get(identity)
        if known is not None:
            admission = self._decide(identity, inform, told, login, [known])
            if admission.answer is Answer.ADMIT and not (admission.gets_credentials or told.is_bootstrap):
                return Admitted(known, admission, login)
        # One at a time of each identity, so that a new device is rarely tried to be made twice; an index forbids it.
        async with self._new.of(identity):
            return await self._admit(caller, login, inform, told, identity)

    async def admitted(self, admitted: Admitted) -> None:
        """The device is in, and that is durable: if it used a login that was pushed to it, only that is good now."""
        device, credential = admitted.device, admitted.login.credential
        if credential is not None and credential.device_id == device.id and not credential.is_confirmed:
            pushed = [
                each
                for purpose in ("cwmp", "connection_request")
                for each in await self._tools.devices.logins_of(device.id, purpose)
                if not each.is_confirmed
            ]
            await self._tools.devices.confirm_logins(device.id, pushed)
            self._door.forget(credential.username)
            self.forget(device)

    def forget(self, device: ManagedDevice) -> None:
        """What is known of a device has changed."""
        identity = self._told.pop(device.id, None)
        if identity is not None:
            self._known.pop(identity, None)

    def may_call(self, device: ManagedDevice, octets: int) -> bool:
        """Whether a device has not opened too many sessions lately, nor said too much with this Inform."""
        return not self._calls.wait(device.id, self._tools.clock.monotonic()) and self.may_say(device, octets)

    def may_say(self, device: ManagedDevice, octets: int) -> bool:
        """Whether a device has not said too much lately that nobody asked for: all of it may have to be kept."""
        if not self._said.wait(device.id, self._tools.clock.monotonic(), octets):
            return True
        self._tools.complain(f"said {device.id}", "a device says too much unasked", device=device.name)
        return False

    async def note_superseded(self, device: ManagedDevice, address: str) -> bool:
        """A session was cut by one from another address. Happens too often: two devices share an identity."""
        now = self._tools.clock.monotonic()
        clashes = self._clashes.setdefault(device.id, deque(maxlen=_CLASHES + 1))
        self._clashes.move_to_end(device.id)
        if len(self._clashes) > DEVICES_REMEMBERED:
            self._clashes.popitem(last=False)
        clashes.append(now)
        if len(clashes) <= _CLASHES or now - clashes[0] > _CLASH_WINDOW:
            return True
        at = self._tools.clock.wall()
        reason = "several devices seem to share this identity: its sessions cut each other from different addresses"
        await self._list(
            device.identity,
            reason,
            device_id=device.id,
            address=address,
            manufacturer=device.manufacturer,
            software_version=device.software_version,
        )
        await self._tools.devices.set_quarantined(device.id, at, is_quarantined=True)
        self.forget(device)
        self._clashes.pop(device.id, None)
        return False

    async def _admit(
        self, caller: Caller, login: Login, inform: Inform, told: Told, identity: Identity
    ) -> Admitted | Refused:
        candidates = await self._tools.devices.matching(identity)
        proven = await self._still_proven(identity, login, candidates)
        if proven is None:
            return self._ask_again(login)
        login = proven
        admission = self._decide(identity, inform, told, login, candidates)
        known = admission.device
        if known is not None and admission.may_be_reset and await self._tools.operations.was_told_to_reset(known.id):
            # It does not say why it calls, but we do know.
            admission = reset(known, admission.type_id)
        match admission.answer:
            case Answer.ADMIT | Answer.CREATE:
                device = admission.device or await self._create(identity, inform, admission)
                if device is None:
                    return Refused(self._door.challenge())
                device = await self._prepared(device, admission, told)
                self._remember(identity, device)
                return Admitted(device, admission, login)
            case Answer.CHALLENGE:
                self._say_asked(caller, identity, admission, login)
                return self._ask_again(login)
            case Answer.QUARANTINE if login.is_refused and not login.username and self._is_new_here(identity):
                # Others at its address never log in, but this one may.
                return Refused(self._door.challenge())
            case Answer.QUARANTINE:
                await self._list(
                    identity,
                    admission.reason,
                    device_id=admission.device.id if admission.device else None,
                    address=caller.address,
                    manufacturer=inform.device_id.manufacturer,
                    username=login.username,
                    software_version=told.software or "",
                )
                self._say(caller, identity, admission, "quarantine")
                return Refused(FORBIDDEN)
            case Answer.REFUSE:
                self._say(caller, identity, admission, "rejected")
                return Refused(FORBIDDEN)

    def _decide(
        self, identity: Identity, inform: Inform, told: Told, login: Login, candidates: list[ManagedDevice]
    ) -> Admission:
        onboarding = self._tools.settings.onboarding
        return decide(
            identity, inform.device_id.manufacturer, told, login, candidates=candidates, onboarding=onboarding
        )

    async def _still_proven(self, identity: Identity, login: Login, candidates: list[ManagedDevice]) -> Login | None:
        """The login, as the device's own that it is now; None if the device has it no more.

        What the door remembers of it may be older than what was just read of the device. Where several devices share a
        name and a password, it proves for each of them that it is one of them.
        """
        device = next((each for each in candidates if each.identity == identity), candidates[0] if candidates else None)
        credential = login.credential
        if credential is None or credential.device_id is None or device is None:
            return login
        own = await self._tools.devices.logins_of(device.id, "cwmp")
        same = next((each for each in own if self._door.is_same(each, credential)), None)
        if same is not None:
            return replace(login, credential=same)
        return login if credential.device_id != device.id else None

    def _ask_again(self, login: Login) -> Refused:
        """What the door remembers of this name may be what is wrong."""
        self._door.forget(login.username)
        return Refused(self._door.challenge())

    async def _create(self, identity: Identity, inform: Inform, admission: Admission) -> ManagedDevice | None:
        devices, at = self._tools.devices, self._tools.clock.wall()
        stem = identity.name[:_MAX_NAME]
        for _ in range(5):
            name, taken = stem, await devices.names_like(stem)
            number = 2
            while name in taken:
                name, number = f"{stem}-{number}", number + 1
            try:
                device_id = await devices.create(
                    uuid=self._tools.chance.octets(16).hex(),
                    name=name,
                    identity=identity,
                    at=at,
                    manufacturer=inform.device_id.manufacturer[:256],
                    type_id=admission.type_id,
                )
            except ConflictError as error:
                if error.columns != ("name",):
                    # Another worker has made it in this very moment: the device finds it when it calls again.
                    return None
                continue
            return await devices.by_id(device_id)
        return None

    async def _prepared(self, device: ManagedDevice, admission: Admission, told: Told) -> ManagedDevice:
        """What must be true before the Inform is recorded: after a reset nothing that was believed is."""
        devices = self._tools.devices
        changed = False
        if admission.is_reset:
            for lost in await devices.logins_of(device.id, "cwmp"):
                self._door.forget(lost.username)
            await devices.drop_logins(device.id)
            changed = True
        elif admission.gets_credentials and not device.has_credentials:
            await devices.want_logins(device.id)
        if (told.is_bootstrap or admission.is_reset) and device.is_registered:
            # Whatever it logs in with.
            await devices.forget_beliefs(device.id)
        if admission.type_id is not None and device.type_id is None:
            await devices.set_type(device.id, admission.type_id, self._tools.clock.wall())
            changed = True
        if not changed:
            return device
        return await devices.by_id(device.id) or device

    async def _list(
        self, identity: Identity, reason: str, *, device_id: int | None, address: str, manufacturer: str, **said: str
    ) -> None:
        await self._tools.devices.quarantine(
            identity,
            manufacturer=manufacturer[:256],
            address=address,
            username=said.get("username", "")[:256].encode("utf-8", "replace").decode("utf-8"),
            software_version=said.get("software_version", ""),
            reason=reason,
            device_id=device_id,
            at=self._tools.clock.wall(),
            most=self._tools.settings.max_quarantined,
        )

    def _is_new_here(self, identity: Identity) -> bool:
        """Whether a device without credentials was never asked for them."""
        if identity in self._challenged:
            return False
        self._challenged[identity] = None
        if len(self._challenged) > _CHALLENGED:
            self._challenged.popitem(last=False)
        return True

    def _remember(self, identity: Identity, device: ManagedDevice) -> None:
        self._known[identity] = device
        self._known.move_to_end(identity)
        self._told[device.id] = identity
        if len(self._known) > DEVICES_REMEMBERED:
            self.forget(self._known[next(iter(self._known))])

    def _say_asked(self, caller: Caller, identity: Identity, admission: Admission, login: Login) -> None:
        """The door knows the address alone: here is said which device it is that stays outside."""
        if login.username:
            self._complain(caller, identity, admission)
            return
        # Each session with Digest begins so, where others at the address never log in.
        key = f"ask {caller.address}" if login.is_refused else "ask"
        self._tools.remark(key, "asked to log in", device=identity.name, address=caller.address)

    def _say(self, caller: Caller, identity: Identity, admission: Admission, metric: str) -> None:
        self._tools.metrics.sessions_refused.inc(metric)
        self._complain(caller, identity, admission)

    def _complain(self, caller: Caller, identity: Identity, admission: Admission) -> None:
        self._tools.complain(
            f"refused {caller.address}",
            "a device was not let in",
            device=identity.name,
            address=caller.address,
            reason=admission.reason,
        )
