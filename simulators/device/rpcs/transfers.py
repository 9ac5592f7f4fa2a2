"""Downloads, uploads and the queue of both (A.3.2.8, A.4.1.1, A.4.1.5, A.4.1.7 to A.4.1.9)."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final, TypeVar

from cwmp_schemas.faults import CpeFault
from cwmp_schemas.rpc.transfers import (
    AnyQueuedTransfer,
    CancelTransfer,
    CancelTransferResponse,
    Download,
    DownloadResponse,
    GetAllQueuedTransfers,
    GetAllQueuedTransfersResponse,
    GetQueuedTransfers,
    GetQueuedTransfersResponse,
    QueuedTransfer,
    ScheduleDownload,
    ScheduleDownloadResponse,
    Upload,
    UploadResponse,
)
from cwmp_schemas.values import UNKNOWN_TIME
from simulators.device.errors import RefusedError
from simulators.device.files import refuse_download, refuse_upload
from simulators.device.jobs import MAX_FILE, Place, scheme_fault
from simulators.device.rpcs.arguments import check_command_key, check_file_name
from simulators.device.rpcs.handler import Handler
from simulators.device.transfers import Method, Wish
from simulators.device.windows import windows_of

if TYPE_CHECKING:
    from simulators.device.cpe import Cpe

_DONE: Final = 0
_NOT_YET: Final = 1
T = TypeVar("T", DownloadResponse, UploadResponse)


def download(cpe: "Cpe", rpc: Download, now: float) -> DownloadResponse:
    """Fetch a file, after the session and the delay."""
    wish = _download(cpe, rpc, Method.DOWNLOAD)
    cpe.works.transfers.add(wish, rpc.delay_seconds, now)
    return _answered(cpe, rpc.delay_seconds, DownloadResponse, now)


def schedule_download(cpe: "Cpe", rpc: ScheduleDownload, now: float) -> ScheduleDownloadResponse:
    """Fetch a file within one of some time windows."""
    wish = _download(cpe, rpc, Method.SCHEDULE_DOWNLOAD)
    cpe.works.transfers.add(wish, 0.0, now, windows_of(rpc.time_window_list, cpe.chance, now))
    return ScheduleDownloadResponse()


def upload(cpe: "Cpe", rpc: Upload, now: float) -> UploadResponse:
    """Send a file, after the session and the delay."""
    check_command_key(rpc.command_key)
    refuse_upload(cpe, rpc.file_type)
    wish = Wish(Method.UPLOAD, rpc.file_type, _place(rpc), rpc.command_key, is_download=False)
    cpe.works.transfers.add(wish, rpc.delay_seconds, now)
    return _answered(cpe, rpc.delay_seconds, UploadResponse, now)


def cancel(cpe: "Cpe", rpc: CancelTransfer, _now: float) -> CancelTransferResponse:
    """Forget a transfer that has not begun."""
    cpe.works.transfers.cancel(rpc.command_key)
    return CancelTransferResponse()


def queued(cpe: "Cpe", _rpc: GetQueuedTransfers, _now: float) -> GetQueuedTransfersResponse:
    """The transfers that the ACS has asked for."""
    return GetQueuedTransfersResponse(
        tuple(
            QueuedTransfer(each.wish.command_key, each.stage)
            for each in cpe.works.transfers.queue
            if each.wish.method is not Method.AUTONOMOUS
        )
    )


def all_queued(cpe: "Cpe", _rpc: GetAllQueuedTransfers, _now: float) -> GetAllQueuedTransfersResponse:
    """All transfers."""
    return GetAllQueuedTransfersResponse(
        tuple(
            AnyQueuedTransfer(
                each.wish.command_key,
                each.stage,
                each.wish.is_download,
                each.wish.file_type,
                each.wish.file_size,
                each.wish.target_name,
            )
            for each in cpe.works.transfers.queue
        )
    )


def _answered(cpe: "Cpe", delay: int, response: Callable[[int, datetime, datetime], T], now: float) -> T:
    """The answer to a request that is in the queue: it may wait a while for the end of the transfer."""
    session, seconds = cpe.session, cpe.timing.within_response
    transfer = cpe.works.transfers.begin_within(now) if session is not None and seconds and not delay else None
    if session is not None and transfer is not None:

        def late(at: float) -> T:
            moments = cpe.works.transfers.settle(transfer, at)
            return response(_NOT_YET, UNKNOWN_TIME, UNKNOWN_TIME) if moments is None else response(_DONE, *moments)

        session.answer_late(seconds, late)
    return response(_NOT_YET, UNKNOWN_TIME, UNKNOWN_TIME)


def _download(cpe: "Cpe", rpc: Download | ScheduleDownload, method: Method) -> Wish:
    check_command_key(rpc.command_key)
    check_file_name(rpc.target_file_name)
    refuse_download(cpe, rpc.file_type)
    if rpc.file_size > MAX_FILE:
        raise RefusedError(CpeFault.RESOURCES_EXCEEDED, f"{rpc.file_size} octets")
    return Wish(
        method,
        rpc.file_type,
        _place(rpc),
        rpc.command_key,
        file_size=rpc.file_size,
        target_name=rpc.target_file_name,
    )


def _place(rpc: Download | ScheduleDownload | Upload) -> Place:
    fault = scheme_fault(rpc.url)
    if fault is not None:
        what = "Unsupported protocol" if fault is CpeFault.UNSUPPORTED_PROTOCOL else "Invalid URL"
        raise RefusedError(fault, what)
    return Place(rpc.url, rpc.username, rpc.password)


HANDLERS: Final[Mapping[type, Handler]] = {
    Download: download,
    ScheduleDownload: schedule_download,
    Upload: upload,
    CancelTransfer: cancel,
    GetQueuedTransfers: queued,
    GetAllQueuedTransfers: all_queued,
}
