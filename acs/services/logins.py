"""Logins of its own for each device: made here, pushed to it, and good once it has shown that it took them."""

from typing import Final

from acs.auth.sealing import SealError
from acs.domain.contact import HistoryEntry
from acs.domain.device import Credential
from acs.domain.operation import Operation, OperationKind, Outcome, OutcomeState, Variable
from acs.domain.reach import WakeTarget
from acs.domain.settlement import Consequences, SettingsReport
from acs.provisioning.context import Context
from acs.provisioning.planner import plan_for
from acs.services.errand import Errand
from acs.services.live import LiveSession
from acs.services.tools import Tools
from cwmp_schemas.datamodel import lookup

_SECRET_OCTETS: Final = 12
_NOT_DUE: Final = SettingsReport(credentials_due=False)
_PURPOSES: Final = ("cwmp", "connection_request")


class DeviceLogins:
    """Makes and pushes logins."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def errand(self, session: LiveSession, root: str) -> Errand | None:
        """Push the logins that the device is to take, the same ones until it answers; None if it has taken them."""
        pending = await self._pending(session)
        if not pending:
            # Only the answer to the push was lost: the device has logged in with what was pushed.
            at = self._tools.clock.wall()
            nothing_due = Consequences(settings=_NOT_DUE)
            await self._tools.operations.keep(session.device.id, session.fence, nothing_due, at)
            return None
        texts = {each.purpose: (each.username, self._password(each)) for each in pending}
        names = [
            ("Username", texts["cwmp"][0]),
            ("Password", texts["cwmp"][1]),
            ("ConnectionRequestUsername", texts["connection_request"][0]),
            ("ConnectionRequestPassword", texts["connection_request"][1]),
        ]
        variables = tuple(Variable(f"{root}ManagementServer.{name}", value, "xsd:string") for name, value in names)
        operation = Operation(OperationKind.SET, variables, verify=False)
        plan = plan_for(operation, Context(session.quirks, lookup=lookup))

        async def done(outcome: Outcome) -> None:
            await self._done(session, outcome)

        return Errand(plan, done)

    async def wake_target(self, device_id: int, url: str | None, address: str) -> WakeTarget:
        """How a device is called. While new logins are not confirmed the device has the ones that it last showed."""
        logins = await self._tools.devices.logins_of(device_id, "connection_request")
        for login in logins:
            try:
                return WakeTarget(url, login.username, self._password(login), address)
            except SealError as error:
                self._tools.log.error("a password cannot be unsealed", credential_row=login.id, reason=str(error))
        return WakeTarget(url, "", "", address)

    async def _pending(self, session: LiveSession) -> list[Credential]:
        devices, chance, at = self._tools.devices, self._tools.chance, self._tools.clock.wall()
        kept = [each for purpose in _PURPOSES for each in await devices.logins_of(session.device.id, purpose)]
        pending = [each for each in kept if not each.is_confirmed]
        has_its_own = any(each.purpose == "cwmp" for each in kept) and not pending
        if has_its_own or len(pending) == len(_PURPOSES):
            return pending
        username = f"{session.device.identity.oui}-{chance.octets(6).hex()}".lstrip("-")
        made: list[Credential] = []
        for purpose in _PURPOSES:
            uuid = chance.octets(16).hex()
            password = self._tools.vault.seal(chance.octets(_SECRET_OCTETS).hex(), "credential", uuid, "password")
            made.append(Credential(0, purpose, session.device.id, None, username, password, False, uuid))
        await devices.put_logins(session.device.id, made, at)
        return made

    async def _done(self, session: LiveSession, outcome: Outcome) -> None:
        at = self._tools.clock.wall()
        taken = outcome.state is OutcomeState.COMPLETED
        why = outcome.fault.string if outcome.fault else ""
        # A device that refuses is not asked in every session: it stays on what it has until it is reset.
        entry = HistoryEntry("credentials", "", None, "pushed" if taken else f"refused: {why}")
        done = Consequences(settings=_NOT_DUE, history=(entry,))
        await self._tools.operations.keep(session.device.id, session.fence, done, at)

    def _password(self, login: Credential) -> str:
        return self._tools.vault.open(login.password, "credential", login.uuid, "password")
