"""Who is calling: the check of credentials, before a body is read (CWMP.md 5; TR-069 3.4.4)."""

import hmac
from collections import OrderedDict
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from acs.auth.authenticator import Authenticator, Outcome, Verdict
from acs.auth.digest import Password
from acs.auth.headers import Credentials
from acs.auth.nonces import RANDOM_LENGTH
from acs.auth.sealing import SealError
from acs.domain.device import Credential
from acs.services.calling import Caller, Reply
from acs.services.steady import SteadyClock
from acs.services.tools import DEVICES_REMEMBERED, Tools
from acs.settings.values import Onboarding

_FRESH: Final = 5.0
"""Seconds for which it is believed what logins a username has, where nothing tells of a change."""
_ADDRESSES: Final = 10_000
_UNANSWERED: Final = 2


@dataclass(frozen=True, slots=True)
class Login:
    """What is known of a caller's credentials."""

    credential: Credential | None = None
    """The login that was proven; None: no credentials were asked for."""
    certificate: str | None = None
    """The name in the client certificate."""
    username: str = ""
    """The name that was claimed."""
    is_refused: bool = False
    """Whether the credentials failed: the caller may only be listed for an operator to look at."""
    is_trusted_place: bool = False
    """Whether it calls from a network where types may be let in without credentials."""


@dataclass(slots=True)
class _Known:
    logins: list[Credential]
    secrets: list[Password]
    read_at: float

    @property
    def is_guarded(self) -> bool:
        """Whether the commit of the Inform tells if they have changed: a device's revision does, a type's cannot."""
        return bool(self.logins) and all(login.device_id is not None for login in self.logins)


class Door:
    """Checks credentials of one listener and asks for them."""

    def __init__(self, tools: Tools, authenticator: Authenticator) -> None:
        self._tools = tools
        self._authenticator = authenticator
        # Nonces must not be refused until a clock that was set back is where it was.
        self._time = SteadyClock(tools.clock)
        self._known: OrderedDict[str, _Known] = OrderedDict()
        # How many challenges in a row nobody at an address has answered.
        self._unanswered: OrderedDict[str, int] = OrderedDict()
        tools.metrics.memories.watch("logins", DEVICES_REMEMBERED, lambda: len(self._known))
        tools.metrics.memories.watch("unanswered challenges", _ADDRESSES, lambda: len(self._unanswered))

    async def check(self, caller: Caller, *, is_again: bool = False) -> Login | Reply:
        """The login of a caller, or what to answer instead; ``is_again`` is for the same post once more."""
        tools = self._tools
        credentials = self._authenticator.read(caller.authorization)
        trusted = self._is_trusted_place(caller.address)
        if isinstance(credentials, Verdict):
            if credentials.outcome is Outcome.REFUSED:
                return self._refuse(caller, credentials)
            if caller.certificate is not None:
                return Login(certificate=caller.certificate)
            if trusted or tools.settings.onboarding is Onboarding.OPEN:
                return Login(is_trusted_place=trusted)
            return self._ask(caller)
        self._unanswered.pop(caller.address, None)
        verdict, logins = await self._verdict(caller, credentials, is_again)
        tools.metrics.logins.inc(verdict.outcome)
        if verdict.outcome is Outcome.ACCEPTED:
            credential = logins[verdict.proven or 0]
            return Login(credential, caller.certificate, credential.username, is_trusted_place=trusted)
        if verdict.outcome is Outcome.STALE:
            return self.challenge(stale=True)
        return self._refuse(caller, verdict)

    def challenge(self, *, stale: bool = False) -> Reply:
        """Ask for credentials."""
        chance, now = self._tools.chance, self._time.wall()
        headers = self._authenticator.challenges(now=now, random=chance.octets(RANDOM_LENGTH), stale=stale)
        return Reply(401, headers=tuple(("WWW-Authenticate", header) for header in headers))

    def forget(self, username: str) -> None:
        """What is known of a name has changed."""
        self._known.pop(username, None)

    def is_same(self, one: Credential, other: Credential) -> bool:
        """Whether who has proven one of two logins has proven the other."""
        if one.username != other.username:
            return False
        return one.uuid == other.uuid or hmac.compare_digest(
            self._password(one).encode("utf-8"), self._password(other).encode("utf-8")
        )

    async def _verdict(
        self, caller: Caller, credentials: Credentials, is_again: bool
    ) -> tuple[Verdict, list[Credential]]:
        known = await self._logins(credentials.username)
        verdict = self._judge(caller, credentials, known, is_again)
        if verdict.outcome is Outcome.REFUSED and known.read_at < self._tools.clock.monotonic() - 1.0:
            # What was believed may be old: a password that was just changed must work at once.
            self.forget(credentials.username)
            known = await self._logins(credentials.username)
            verdict = self._judge(caller, credentials, known, is_again)
        return verdict, known.logins

    def _judge(self, caller: Caller, credentials: Credentials, known: _Known, is_again: bool) -> Verdict:
        return self._authenticator.check(
            credentials,
            known.secrets,
            method=caller.method,
            target=caller.target,
            now=self._time.wall(),
            is_again=is_again,
        )

    async def _logins(self, username: str) -> _Known:
        now = self._tools.clock.monotonic()
        known = self._known.get(username)
        if known is not None and (known.is_guarded or now - known.read_at < _FRESH):
            return known
        # Bytes that are no UTF-8 are in no username of ours.
        readable = username.isascii() or not any("\ud800" <= each <= "\udfff" for each in username)
        logins = await self._tools.devices.logins(username) if readable and "\0" not in username else []
        secrets = [Password(self._password(login)) for login in logins]
        known = self._known[username] = _Known(logins, secrets, now)
        self._known.move_to_end(username)
        if len(self._known) > DEVICES_REMEMBERED:
            self._known.popitem(last=False)
        return known

    def _password(self, login: Credential) -> str:
        try:
            return self._tools.vault.open(login.password, "credential", login.uuid, "password")
        except SealError as error:
            self._tools.log.error("a password cannot be unsealed", credential_row=login.id, reason=str(error))
            # One that nobody can prove.
            return self._tools.chance.octets(32).hex()

    def _refuse(self, caller: Caller, verdict: Verdict) -> Login | Reply:
        username = verdict.username or ""
        self._tools.complain(
            f"login {caller.address}", "a login was refused", address=caller.address, username=username
        )
        if self._tools.settings.onboarding is Onboarding.QUARANTINE:
            return Login(username=username, is_refused=True)
        return self.challenge()

    def _ask(self, caller: Caller) -> Login | Reply:
        """A device without any credentials never answers a challenge: it is to be listed then, too."""
        count = self._unanswered.get(caller.address, 0) + 1
        self._unanswered[caller.address] = count
        self._unanswered.move_to_end(caller.address)
        if len(self._unanswered) > _ADDRESSES:
            self._unanswered.popitem(last=False)
        self._tools.metrics.logins.inc(Outcome.MISSING)
        if count > _UNANSWERED and self._tools.settings.onboarding is Onboarding.QUARANTINE:
            return Login(is_refused=True)
        # Each session with Digest begins with a challenge: those that are answered share a few lines.
        key = f"ask {caller.address}" if count > 1 else "ask"
        self._tools.remark(key, "asked to log in", address=caller.address, unanswered=count - 1)
        return self.challenge()

    def _is_trusted_place(self, address: str) -> bool:
        networks = self._tools.settings.no_authentication_networks
        if not networks:
            return False
        place = ip_address(address)
        return any(place in network for network in networks)
