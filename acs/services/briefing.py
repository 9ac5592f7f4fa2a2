"""What planning needs to know of a device, and what follows when an operation is over."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from acs.auth.sealing import SealError
from acs.domain.device import ManagedDevice
from acs.domain.operation import (
    Operation,
    OperationKind,
    Outcome,
    OutcomeState,
    VariableStatus,
)
from acs.domain.queue import ClaimedOperation
from acs.domain.setting import SettingState
from acs.domain.settlement import Consequences, Rhythm, SettingsReport
from acs.provisioning.context import Context
from acs.provisioning.planner import plan_for_due_settings
from acs.provisioning.quirks import Quirks
from acs.services.errand import Errand
from acs.services.in_hand import push_text, read_push
from acs.services.informs import interval_of
from acs.services.knowledge import INTERVALS, known_parameters, known_root_of, root_of
from acs.services.live import LiveSession
from acs.services.logins import DeviceLogins
from acs.services.requested import Requested
from acs.services.secret_values import holds_secret
from acs.services.tools import Tools
from acs.services.transfers import Transfers
from acs.services.values import ValueKeeper
from acs.services.wanted import Wanted, WantedSettings
from cwmp_schemas.datamodel import lookup

_ABOUT_SETTINGS: Final = frozenset({OperationKind.SYNC, OperationKind.RECONF})
_DONE: Final = frozenset({VariableStatus.APPLIED, VariableStatus.ACCEPTED})
# Where nothing says what a sync is to read: all of it.
_EVERYTHING: Final = ("",)


class DeviceBriefing:
    """Knows what planning needs beside the operation."""

    def __init__(
        self, tools: Tools, keeper: ValueKeeper, wanted: WantedSettings, logins: DeviceLogins, transfers: Transfers
    ) -> None:
        self._tools = tools
        self._keeper = keeper
        self._wanted = wanted
        self._logins = logins
        self._transfers = transfers

    async def context(self, session: LiveSession, claimed: ClaimedOperation, requested: Requested) -> Context:
        """The context of an operation; PlanningError if it cannot be carried out."""
        device, operation = session.device, requested.operation
        if operation.kind in _ABOUT_SETTINGS:
            await self._note_revision(session)
        known = await self.knowledge(device, session.quirks, claimed.command_key, operation)
        match operation.kind:
            case OperationKind.DOWNLOAD | OperationKind.UPLOAD:
                return replace(known, request=await self._transfers.prepare(session, claimed, requested))
            case OperationKind.DEVICE_FACTORY if not claimed.progress:
                await self._wanted.drop(device.id)
                self._keeper.forget(device.id)
                await self._tools.devices.forget_beliefs(device.id)
        return known

    async def knowledge(self, device: ManagedDevice, quirks: Quirks, command_key: str, operation: Operation) -> Context:
        """What is known for the planning of an operation; nothing is changed by it."""
        base = Context(learned_quirks(quirks, device.batches), lookup=lookup, command_key=command_key)
        match operation.kind:
            case OperationKind.SET | OperationKind.ADD_OBJECT:
                names = [each.name for each in operation.variables]
                return replace(base, known=await known_parameters(self._tools, device.id, names))
            case OperationKind.SYNC | OperationKind.RECONF:
                # No name that is our guess: its refusal would be the operation's.
                wanted = await self._wanted.of_device(device, await known_root_of(self._tools, device.id))
                return replace(
                    base,
                    known=await known_parameters(self._tools, device.id, wanted),
                    settings={path: each.setting for path, each in wanted.items()},
                    managed=tuple(json.loads(device.managed)) or _EVERYTHING,
                )
            case _:
                return base

    async def errands(self, session: LiveSession) -> list[Errand]:
        """What is to be done without being asked, once the operations are done."""
        errands: list[Errand] = []
        if session.starts_until(self._tools.clock.wall()) is not None:
            # All of them change the device: what is due stays so, for a later session.
            session.credentials_due = session.settings_due = False
            return errands
        if session.credentials_due:
            session.credentials_due = False
            errand = await self._logins.errand(session, await root_of(self._tools, session.device.id))
            errands += [errand] if errand else []
        if session.settings_due:
            session.settings_due = False
            errand = await self._settings_errand(session)
            errands += [errand] if errand else []
        return errands

    async def consequences(
        self, session: LiveSession, claimed: ClaimedOperation, outcome: Outcome, at: float
    ) -> Consequences:
        """What follows from the end of an operation for parameters, settings and the like."""
        kind, device = OperationKind(claimed.kind), session.device
        batches = _learned(session, outcome)
        found = Consequences(
            await self._keeper.keep(device.id, outcome.learned),
            settings=None if batches is None else SettingsReport(batches=batches),
            rhythm=self._rhythm(device.id, outcome),
        )
        match kind:
            case OperationKind.SYNC | OperationKind.RECONF:
                root = await known_root_of(self._tools, device.id)
                wanted = await self._wanted.of_device(device, root)
                report = self._settings_report(session, wanted, outcome, at, batches)
                # What was left out for want of its name stays as due as it was.
                return replace(
                    found, settings=report if root else replace(report, settings_due=report.settings_due or None)
                )
            case OperationKind.SET if outcome.state is OutcomeState.COMPLETED:
                return replace(found, update_frequency=_interval(outcome))
            case OperationKind.DELETE_OBJECT:
                gone = [each.name for each in outcome.variables if each.status is VariableStatus.APPLIED]
                self._keeper.forget(device.id)
                return replace(found, gone=gone)
            case OperationKind.DOWNLOAD | OperationKind.UPLOAD:
                return replace(found, transfer=await self._transfers.answered(session, claimed, outcome, at))
            case _:
                return found

    async def _settings_errand(self, session: LiveSession) -> Errand | None:
        device, tools = session.device, self._tools
        progress = await self._note_revision(session)
        wanted = await self._wanted.of_device(device, await root_of(tools, device.id))
        context = Context(
            learned_quirks(session.quirks, device.batches),
            await known_parameters(tools, device.id, wanted),
            lookup,
            settings={path: each.setting for path, each in wanted.items() if not each.is_refused},
        )
        try:
            plan = plan_for_due_settings(context, read_push(tools.vault, device.id, progress))
        except (SealError, ValueError) as error:
            tools.complain(f"push {device.id}", "a push begins anew", device=device.name, reason=str(error))
            plan = plan_for_due_settings(context)
        if plan is None:
            report = SettingsReport(settings_due=False, settings_revision=session.settings_revision, progress="")
            nothing_due = Consequences(settings=report)
            await tools.operations.keep(device.id, session.fence, nothing_due, tools.clock.wall())
            return None

        async def keep(outcome: Outcome, batches: str | None, left: str) -> None:
            at = tools.clock.wall()
            report = self._settings_report(session, wanted, outcome, at, batches)
            # What has been settled is due no more, and what is left is another push.
            report = replace(report, progress="" if report.states else left)
            values = await self._keeper.keep(device.id, outcome.learned)
            found = Consequences(values, settings=report, rhythm=self._rhythm(device.id, outcome))
            await tools.operations.keep(device.id, session.fence, found, at)

        async def done(outcome: Outcome) -> None:
            await keep(outcome, _learned(session, outcome), "")

        async def cut_off() -> None:
            revision, _ = await tools.wanted.pushed(device.id)
            if revision != session.settings_revision:
                # It was reset, or is to have something else: nothing of this may be believed.
                return
            left = push_text(tools.vault, device.id, plan)
            plan.give_up("the session ended before it was done")
            # Which size it bears is not found out yet.
            await keep(plan.outcome, None, left)

        return Errand(plan, done, cut_off)

    async def _note_revision(self, session: LiveSession) -> str:
        """Before it is looked at what a device is to have: of what is wished later nothing is said. How far the push of
        it is, as kept.
        """
        session.settings_revision, progress = await self._tools.wanted.pushed(session.device.id)
        return progress

    def _settings_report(
        self, session: LiveSession, wanted: Mapping[str, Wanted], outcome: Outcome, at: float, batches: str | None
    ) -> SettingsReport:
        """What became of the wishes that were pushed."""
        states: list[SettingState] = []
        open_ones = 0
        for result in outcome.variables:
            each = wanted.get(result.name)
            # Another value may be wanted by now than the one that was pushed.
            if each is None or each.setting.value != result.value:
                continue
            is_done = result.status in _DONE or (result.status is VariableStatus.REFUSED and result.fault is not None)
            if is_done and not each.uuid:
                # Of what follows from the update frequency nothing is noted.
                continue
            if result.status in _DONE:
                # What was not read back now is spelt as it was.
                found = each.setting.shown if result.found is None else result.found
                shown = self._shown(session.device.id, result.name, found)
                states.append(SettingState(result.name, each.uuid, "applied", shown=shown))
            elif result.status is VariableStatus.REFUSED and result.fault is not None:
                states.append(SettingState(result.name, each.uuid, "refused", result.fault.string))
            else:
                open_ones += 1
        return SettingsReport(
            states,
            settings_due=open_ones > 0,
            settings_revision=session.settings_revision,
            progress="",
            last_configuration=at,
            batches=batches,
        )

    def _rhythm(self, device_id: int, outcome: Outcome) -> Rhythm | None:
        """How often the device informs, if it was given an interval or shows one; what it shows is what counts."""
        told = {each.name: each.value for each in outcome.variables if each.status is VariableStatus.APPLIED}
        told |= {each.name: each.value for each in outcome.learned}
        seconds = next((found for name in INTERVALS if (found := interval_of(told.get(name))) is not None), None)
        if seconds is None:
            return None
        # Until when it could not be down no longer stands: its next Inform says anew when to look.
        self._keeper.forget(device_id)
        return Rhythm(seconds, self._tools.settings.down_factor * seconds)

    def _shown(self, device_id: int, path: str, found: str | None) -> str | None:
        """What the device shows of a value that it took, as kept."""
        if found is None:
            return None
        is_secret = holds_secret(path, found)
        return self._tools.vault.keep(found, "setting_state", (device_id, path), "shown", is_secret=is_secret)


def learned_quirks(quirks: Quirks, batches: str) -> Quirks:
    """The quirks of a type, with the batches that just this device turned out to bear."""
    if not batches:
        return quirks
    learned = json.loads(batches)
    return replace(
        quirks,
        gpv_batch=min(quirks.gpv_batch, learned.get("gpv") or quirks.gpv_batch),
        spv_batch=min(quirks.spv_batch, learned.get("spv") or quirks.spv_batch),
    )


def _learned(session: LiveSession, outcome: Outcome) -> str | None:
    """The batches that the device bears, if something new was learned of them: the session goes by them at once."""
    known = session.device.batches
    if outcome.gpv_batch is None and outcome.spv_batch is None:
        return None
    learned = json.loads(known) if known else {}
    learned |= {
        name: size for name, size in (("gpv", outcome.gpv_batch), ("spv", outcome.spv_batch)) if size is not None
    }
    batches = json.dumps(learned)
    session.device = replace(session.device, batches=batches)
    return batches


def _interval(outcome: Outcome) -> int | None:
    """The interval that a device was given, if it was."""
    given = [each.value for each in outcome.variables if each.name in INTERVALS and each.value is not None]
    seconds = [interval for value in given if (interval := interval_of(value)) is not None]
    return seconds[-1] if seconds else None
