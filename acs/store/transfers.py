"""Files on their way to and from devices."""

import json
from collections.abc import Sequence
from typing import Any

from acs.domain.contact import HistoryEntry
from acs.domain.queue import OperationState
from acs.domain.settlement import TransferReport
from acs.domain.transfer import ReceivedFile
from acs.domain.transfer_record import TransferRecord
from acs.store.contacts import history_step
from acs.store.database import Database
from acs.store.statements import Row, Step, batch, query
from acs.store.writer import GroupWriter

_OPEN = batch("transfer", "open")
_BY_ID = query("transfer", "by_id")
_OPEN_OF_DEVICE = query("transfer", "open_of_device")
_UNPROVEN_OF_DEVICE = query("transfer", "unproven_of_device")
_OF_OPERATION = query("transfer", "of_operation")
_PUBLIC_ID = query("transfer", "public_id")
_NAMED_FILES = query("transfer", "named_files")
_RECEIVE = batch("transfer", "receive")
_REPORT = batch("transfer", "report")
_SETTLE_OPERATION = batch("transfer", "settle_operation")
_TO_CLOSE, _END = query("transfer", "to_close"), batch("transfer", "end")
_FIRMWARE_ARRIVED = batch("device", "firmware_arrived")


def transfer_steps(device_id: int, fence: int, report: TransferReport | None, at: float) -> tuple[Step, Step, Step]:
    """The steps that keep what the answer to its RPC says of a transfer."""
    if report is None:
        return (_FIRMWARE_ARRIVED, ()), (_REPORT, ()), (_END, ())
    number, image = report.transfer_id, report.arrived_image_id
    return (
        (_FIRMWARE_ARRIVED, [] if image is None else [(device_id, fence, image, at)]),
        (_REPORT, [(device_id, fence, number, report.reported, at)] if report.reported else []),
        (_END, [(device_id, fence, number, at)] if report.is_over else []),
    )


class TransferStore:
    """The table ``transfer``."""

    def __init__(self, database: Database, writer: GroupWriter) -> None:
        self._database = database
        self._writer = writer

    async def open(
        self,
        device_id: int,
        operation_id: int,
        *,
        direction: str,
        command_key: str,
        file_type: str,
        file_name: str,
        firmware_image_id: int | None,
        version: str,
        size: int | None,
        sha256: str,
        file_key: str,
        expires_at: float,
        at: float,
    ) -> int:
        """Begin the transfer of an operation, or find it begun; its row."""
        row = (
            device_id,
            operation_id,
            direction,
            command_key,
            file_type,
            file_name,
            firmware_image_id,
            version,
            size,
            sha256,
            file_key,
            expires_at,
            at,
        )
        (opened,) = await self._writer.write(device_id, (_OPEN, [row]))
        number: int = opened[0][1]
        return number

    async def by_id(self, transfer_id: int) -> TransferRecord | None:
        """A transfer."""
        rows = await self._database.fetch(_BY_ID, {"id": transfer_id})
        return _record(rows[0]) if rows else None

    async def open_of_device(self, device_id: int, most: int = 100) -> list[TransferRecord]:
        """The transfers of a device that have not ended."""
        rows = await self._database.fetch(_OPEN_OF_DEVICE, {"device_id": device_id, "most": most})
        return [_record(row) for row in rows]

    async def unproven_of_device(self, device_id: int, most: int = 100) -> list[TransferRecord]:
        """The transfers of a device that it may still prove, also those that have ended without, the newest first."""
        rows = await self._database.fetch(_UNPROVEN_OF_DEVICE, {"device_id": device_id, "most": most})
        return [_record(row) for row in rows]

    async def of_operation(self, operation_id: int) -> TransferRecord | None:
        """The transfer of an operation."""
        rows = await self._database.fetch(_OF_OPERATION, {"operation_id": operation_id})
        return _record(rows[0]) if rows else None

    async def receive(self, transfer_id: int, file: ReceivedFile, at: float) -> bool:
        """A file has come from the device; False if the transfer is no longer open."""
        row = (
            transfer_id,
            file.size,
            file.sha256,
            file.file_name,
            file.key,
            file.content_type,
            file.content_encoding,
            at,
        )
        (received,) = await self._writer.write(f"transfer {transfer_id}", (_RECEIVE, [row]))
        return bool(received)

    async def report(self, transfer: TransferRecord, reported: str, at: float) -> None:
        """What the device reported of a transfer, without an end to the operation."""
        await self._writer.write(transfer.device_id, (_REPORT, [(transfer.device_id, None, transfer.id, reported, at)]))

    async def finish(
        self,
        transfer: TransferRecord,
        *,
        state: OperationState,
        outcome: str,
        fault: str,
        reported: str,
        at: float,
        ends: bool,
        history: tuple[HistoryEntry, ...] = (),
    ) -> str | None:
        """End the operation of a transfer, and the transfer unless more may come of it; the public id, or None if the
        operation had ended before.
        """
        device_id, image = transfer.device_id, transfer.firmware_image_id
        has_arrived = image is not None and state is OperationState.COMPLETED
        settled, *_ = await self._writer.write(
            device_id,
            (_SETTLE_OPERATION, [(device_id, transfer.operation_id, state.value, outcome, fault, at)]),
            history_step(device_id, at, history),
            (_FIRMWARE_ARRIVED, [(device_id, None, image, at)] if has_arrived else []),
            (_REPORT, [(device_id, None, transfer.id, reported, at)]),
            (_END, [(device_id, None, transfer.id, at)] if ends else []),
        )
        return settled[0][2] if settled else None

    async def public_id(self, transfer: TransferRecord) -> str:
        """What the operation of a transfer is called."""
        rows = await self._database.fetch(_PUBLIC_ID, {"operation_id": transfer.operation_id})
        return str(rows[0][0]) if rows else ""

    async def named_files(self, keys: Sequence[str]) -> set[str]:
        """Which of these files a transfer or an image names."""
        rows = await self._database.fetch(_NAMED_FILES, {"keys": json.dumps(list(keys))})
        return {row[0] for row in rows}

    async def end_expired(self, at: float, most: int) -> int:
        """End the transfers whose time is over and whose operation no longer waits."""
        due = await self._database.fetch(_TO_CLOSE, {"at": at, "most": most})
        if not due:
            return 0
        rows = [(device_id, None, number, at) for device_id, number in sorted(due)]
        (ended,) = await self._writer.write("end transfers", (_END, rows))
        return len(ended)


def _record(row: Row) -> TransferRecord:
    fields: list[Any] = list(row)
    fields[-2:] = bool(row[-2]), bool(row[-1])
    return TransferRecord(*fields)
