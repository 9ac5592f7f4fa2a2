"""Files: from the RPC that announces one to the proof that it did what it was for (CWMP.md 7; TR-069 A.3.2.8)."""

import json
from typing import Final

from acs.domain.contact import HistoryEntry
from acs.domain.device import ManagedDevice
from acs.domain.firmware import misfits, read_applicability
from acs.domain.inventory import FirmwareImage
from acs.domain.operation import JSONObject, OperationFault, OperationKind, Outcome, OutcomeState
from acs.domain.queue import ClaimedOperation, OperationState
from acs.domain.settlement import TransferReport
from acs.domain.transfer import DeskUnavailableError, Offer, Receipt, ReceivedFile, Slot
from acs.domain.transfer_record import TransferRecord
from acs.domain.url_logins import masked_logins
from acs.provisioning.arguments import request_from
from acs.provisioning.errors import PlanningError, Problem
from acs.provisioning.quoted import secrets_of, without
from acs.services.in_hand import fault_text
from acs.services.live import LiveSession
from acs.services.ports import FileAddressBook
from acs.services.requested import Requested, outcome_text, read_requested
from acs.services.tools import Tools
from acs.store.errors import StoreError
from cwmp_schemas.messages import AcsRequest
from cwmp_schemas.rpc.transfers import FIRMWARE, UPLOAD_VENDOR_CONFIGURATION, TransferComplete

_MAX_TEXT: Final = 512


class Transfers:
    """Opens, proves and ends transfers; the file server's desk."""

    def __init__(self, tools: Tools, addresses: FileAddressBook) -> None:
        self._tools = tools
        self._addresses = addresses

    async def prepare(self, session: LiveSession, claimed: ClaimedOperation, requested: Requested) -> AcsRequest:
        """The RPC of a download or an upload, its transfer opened; PlanningError if there is none to be made."""
        if requested.operation.kind is OperationKind.UPLOAD:
            return await self._upload(session, claimed, requested)
        return await self._download(session, claimed, requested)

    async def answered(
        self, session: LiveSession, claimed: ClaimedOperation, outcome: Outcome, at: float
    ) -> TransferReport | None:
        """What the answer to the RPC says of the transfer; None: nothing."""
        transfer = await self._tools.transfers.of_operation(claimed.id)
        if transfer is None:
            return None
        if outcome.state is OutcomeState.FAILED:
            return TransferReport(transfer.id, is_over=True)
        if outcome.state is not OutcomeState.COMPLETED or outcome.result.get("status") != 0:
            return None
        # Status 0: it is done and applied, and no TransferComplete follows.
        reported = _report(0, "", at)
        if await self._awaits_version(session.device, transfer):
            return TransferReport(transfer.id, reported)
        return TransferReport(transfer.id, reported, is_over=True, arrived_image_id=transfer.firmware_image_id)

    async def completed(self, session: LiveSession, report: TransferComplete) -> None:
        """A TransferComplete: whose it is, and what it means."""
        transfer = await self._match(session.device.id, report.command_key)
        fault, at = report.fault_struct, self._tools.clock.wall()
        if transfer is None:
            words = masked_logins(fault.fault_string)[:_MAX_TEXT]
            said = "done" if fault.fault_code == 0 else f"fault {fault.fault_code}: {words}"
            entry = HistoryEntry("transfer", report.command_key[:_MAX_TEXT], None, f"{said} (of no open transfer)")
            if entry not in session.noted:
                await self._tools.contacts.add_history(session.device.id, at, entry)
                session.noted.add(entry)
            return
        text = await self._without_secrets(transfer, fault.fault_string) if fault.fault_string else ""
        await self._reported(session.device, transfer, fault.fault_code, text, at)

    async def prove_by_version(self, device: ManagedDevice, version: str) -> None:
        """The device runs a software version: it proves the downloads that were to bring it."""
        at = self._tools.clock.wall()
        for transfer in await self._tools.transfers.unproven_of_device(device.id):
            if not transfer.version or transfer.version != version or _awaits_boot(transfer):
                continue
            # Of a device that ran it before, a boot alone does not tell that it has fetched the image.
            if not transfer.ran_before or _is_reported_good(transfer):
                await self._settle(transfer, Outcome(OutcomeState.COMPLETED), transfer.reported, at, ends=True)

    async def offer(self, transfer_id: int) -> Offer | None:
        """See ``TransferDesk``."""
        transfer = await self._open_transfer(transfer_id, "download")
        if transfer is None or not transfer.file_key or transfer.size is None:
            return None
        return Offer(transfer.id, transfer.file_key, transfer.file_name, transfer.size, transfer.sha256)

    async def slot(self, transfer_id: int) -> Slot | None:
        """See ``TransferDesk``."""
        transfer = await self._open_transfer(transfer_id, "upload")
        return None if transfer is None else Slot(transfer.id, self._tools.settings.max_upload)

    async def received(self, transfer_id: int, file: ReceivedFile) -> Receipt:
        """See ``TransferDesk``. The file is what the operation was for: it counts whatever the device says later."""
        at = self._tools.clock.wall()
        try:
            before = await self._tools.transfers.by_id(transfer_id)
            if before is None or not await self._tools.transfers.receive(transfer_id, file, at):
                return Receipt(recorded=False)
            result: JSONObject = {"size": file.size, "sha256": file.sha256, "file_name": file.file_name}
            outcome = Outcome(OutcomeState.COMPLETED, result=result)
            await self._settle(before, outcome, before.reported, at, ends=False)
        except StoreError as error:
            raise DeskUnavailableError(str(error)) from error
        return Receipt(recorded=True, superseded=before.file_key or None)

    async def downloaded(self, transfer_id: int, octets: int, *, to_end: bool) -> None:
        """See ``TransferDesk``: what the device makes of it is what counts, so only the log tells."""
        self._tools.remark(f"download {transfer_id}", "download", transfer=transfer_id, octets=octets, to_end=to_end)

    async def _download(self, session: LiveSession, claimed: ClaimedOperation, requested: Requested) -> AcsRequest:
        arguments = dict(requested.operation.arguments)
        image: FirmwareImage | None = None
        if requested.firmware_image_id is not None:
            image = await self._tools.images.by_id(requested.firmware_image_id)
            if image is None:
                raise PlanningError([Problem("firmware_image", "there is no such firmware image any more")])
            # What the device said of itself may have changed since it was given the image.
            wrong = misfits(
                read_applicability(image.details.applicability), await self._tools.images.candidate(session.device.id)
            )
            if wrong:
                raise PlanningError([Problem("firmware_image", f"is not for the device's {each}") for each in wrong])
        transfer_id = await self._open(
            session,
            claimed,
            direction="download",
            file_type=image.details.file_type if image else str(arguments.get("file_type", FIRMWARE)),
            file_name=image.details.file_name if image else str(arguments.get("target_file_name", "")),
            image=image,
        )
        if image is not None:
            arguments = {
                "file_type": image.details.file_type,
                "url": self._addresses.download_url(self._base(session), transfer_id, image.details.file_name),
                "file_size": image.size,
                "target_file_name": image.details.file_name,
                **arguments,
            }
        return request_from("Download", arguments, claimed.command_key)

    async def _upload(self, session: LiveSession, claimed: ClaimedOperation, requested: Requested) -> AcsRequest:
        arguments = {"file_type": UPLOAD_VENDOR_CONFIGURATION, **requested.operation.arguments}
        transfer_id = await self._open(
            session, claimed, direction="upload", file_type=str(arguments["file_type"]), file_name="", image=None
        )
        if "url" not in arguments:
            arguments["url"] = self._addresses.upload_url(self._base(session), transfer_id, claimed.command_key)
        return request_from("Upload", arguments, claimed.command_key)

    async def _open(
        self,
        session: LiveSession,
        claimed: ClaimedOperation,
        *,
        direction: str,
        file_type: str,
        file_name: str,
        image: FirmwareImage | None,
    ) -> int:
        at = self._tools.clock.wall()
        self._tools.metrics.transfers.inc(direction, "started")
        return await self._tools.transfers.open(
            session.device.id,
            claimed.id,
            direction=direction,
            command_key=claimed.command_key,
            file_type=file_type,
            file_name=file_name,
            firmware_image_id=image.id if image else None,
            version=image.details.version if image and image.details.file_type == FIRMWARE else "",
            size=image.size if image else None,
            sha256=image.sha256 if image else "",
            file_key=image.file_key if image else "",
            expires_at=at + self._tools.settings.transfer_timeout,
            at=at,
        )

    async def _match(self, device_id: int, command_key: str) -> TransferRecord | None:
        """The transfer of a key; of an empty key the only open one (TR-069 A.3.3.2)."""
        waiting = await self._tools.transfers.open_of_device(device_id)
        if not command_key.strip():
            return waiting[0] if len(waiting) == 1 else None
        # One that has ended for want of a report may be reported yet.
        late = await self._tools.transfers.unproven_of_device(device_id)
        return next((each for each in (*waiting, *late) if each.command_key == command_key), None)

    async def _reported(self, device: ManagedDevice, transfer: TransferRecord, code: int, text: str, at: float) -> None:
        reported = _report(code, text, at)
        if code == 0 and (_awaits_boot(transfer) or await self._awaits_version(device, transfer)):
            await self._tools.transfers.report(transfer, reported, at)
            return
        # GigaSpire reports 9011 though the upload has arrived.
        if code == 0 or transfer.received_at is not None:
            outcome = Outcome(OutcomeState.COMPLETED)
        else:
            outcome = Outcome(OutcomeState.FAILED, OperationFault(text[:_MAX_TEXT], code))
        await self._settle(transfer, outcome, reported, at, ends=True)

    async def _without_secrets(self, transfer: TransferRecord, text: str) -> str:
        """What a device says of a transfer, without the secrets that it was sent for it."""
        record = (
            None
            if not text
            else await self._tools.operations.by_public_id(await self._tools.transfers.public_id(transfer))
        )
        if record is None:
            return text
        return without(text, secrets_of(read_requested(self._tools.vault, record).operation.arguments))

    async def _awaits_version(self, device: ManagedDevice, transfer: TransferRecord) -> bool:
        """Whether an image that is there has yet to be proven by the version that the device reports once it runs."""
        if not transfer.version:
            return False
        current = await self._tools.devices.by_id(device.id) or device
        return transfer.version != current.software_version

    async def _settle(
        self, transfer: TransferRecord, outcome: Outcome, reported: str, at: float, *, ends: bool
    ) -> None:
        state = OperationState(outcome.state.value)
        public_id = await self._tools.transfers.public_id(transfer)
        text = self._tools.vault.keep(outcome_text(outcome), "operation", public_id, "outcome", is_secret=True)
        settled = await self._tools.transfers.finish(
            transfer,
            state=state,
            outcome=text,
            fault=fault_text(outcome.fault),
            reported=reported,
            at=at,
            ends=ends,
            history=(HistoryEntry("transfer", public_id, None, f"{transfer.direction} {state.value}"),),
        )
        if settled is not None:
            self._tools.endings.ended(public_id, OperationKind(transfer.direction), state.value)
            self._tools.metrics.transfers.inc(transfer.direction, state.value)

    async def _open_transfer(self, transfer_id: int, direction: str) -> TransferRecord | None:
        try:
            transfer = await self._tools.transfers.by_id(transfer_id)
        except StoreError as error:
            raise DeskUnavailableError(str(error)) from error
        if transfer is None or transfer.state != "open" or transfer.direction != direction:
            return None
        return transfer if self._tools.clock.wall() < transfer.expires_at else None

    def _base(self, session: LiveSession) -> str:
        public = self._tools.settings.cwmp_public_url
        return str(public) if public else session.base_url


def _awaits_boot(transfer: TransferRecord) -> bool:
    """Whether the version proves nothing yet, because the device ran it before."""
    return transfer.ran_before and not transfer.booted_since


def _is_reported_good(transfer: TransferRecord) -> bool:
    return bool(transfer.reported) and json.loads(transfer.reported)["fault_code"] == 0


def _report(code: int, text: str, at: float) -> str:
    """What a device reported of a file, as it is kept."""
    return json.dumps({"fault_code": code, "fault_string": text[:_MAX_TEXT], "at": at})
