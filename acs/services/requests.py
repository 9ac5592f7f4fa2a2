"""What devices report and ask on their own account, recorded before it is acknowledged."""

from typing import Final

from acs.domain.contact import HistoryEntry
from acs.domain.url_logins import masked_logins
from acs.services.live import LiveSession
from acs.services.tools import Tools
from acs.services.transfers import Transfers
from cwmp_schemas.messages import CpeRequest, method_of
from cwmp_schemas.rpc.session import GetRPCMethods, Kicked
from cwmp_schemas.rpc.software import AutonomousDUStateChangeComplete, DUStateChangeComplete
from cwmp_schemas.rpc.transfers import AutonomousTransferComplete, RequestDownload, TransferComplete

_MAX_TEXT: Final = 512


class CpeRequests:
    """Records the requests of devices; the same one twice leaves no more than once."""

    def __init__(self, tools: Tools, transfers: Transfers) -> None:
        self._tools = tools
        self._transfers = transfers

    async def record(self, session: LiveSession, request: CpeRequest) -> None:
        """Make a request durable."""
        match request:
            case TransferComplete():
                await self._transfers.completed(session, request)
            case AutonomousTransferComplete():
                what = "upload" if not request.is_download else "download"
                said = _ending(request.fault_struct.fault_code, request.fault_struct.fault_string)
                await self._note(session, "transfer", f"autonomous {what} of {request.file_type}", said)
            case RequestDownload():
                await self._note(session, "request", "RequestDownload", request.file_type)
            case DUStateChangeComplete() | AutonomousDUStateChangeComplete():
                results = ", ".join(
                    f"{each.uuid or each.deployment_unit_ref} {each.version} {each.current_state}".strip()
                    for each in request.results
                )
                await self._note(session, "software", request.NAME, results)
            case Kicked():
                await self._note(session, "request", "Kicked", request.command)
            case GetRPCMethods():
                pass
            case _:
                await self._note(session, "request", method_of(request), None)

    async def _note(self, session: LiveSession, kind: str, subject: str, new: str | None) -> None:
        told = None if new is None else masked_logins(new)[:_MAX_TEXT]
        entry = HistoryEntry(kind, subject[:_MAX_TEXT], None, told)
        if entry in session.noted:
            return
        await self._tools.contacts.add_history(session.device.id, self._tools.clock.wall(), entry)
        session.noted.add(entry)


def _ending(code: int, text: str) -> str:
    return "done" if code == 0 else f"fault {code}: {text}"
