"""Event codes of an Inform (TR-069 3.7.1.5). They are open strings: what a device invents is kept as it is."""

from typing import Final

BOOTSTRAP: Final = "0 BOOTSTRAP"
BOOT: Final = "1 BOOT"
PERIODIC: Final = "2 PERIODIC"
SCHEDULED: Final = "3 SCHEDULED"
VALUE_CHANGE: Final = "4 VALUE CHANGE"
KICKED: Final = "5 KICKED"
CONNECTION_REQUEST: Final = "6 CONNECTION REQUEST"
TRANSFER_COMPLETE: Final = "7 TRANSFER COMPLETE"
DIAGNOSTICS_COMPLETE: Final = "8 DIAGNOSTICS COMPLETE"
REQUEST_DOWNLOAD: Final = "9 REQUEST DOWNLOAD"
AUTONOMOUS_TRANSFER_COMPLETE: Final = "10 AUTONOMOUS TRANSFER COMPLETE"
DU_STATE_CHANGE_COMPLETE: Final = "11 DU STATE CHANGE COMPLETE"
AUTONOMOUS_DU_STATE_CHANGE_COMPLETE: Final = "12 AUTONOMOUS DU STATE CHANGE COMPLETE"
WAKEUP: Final = "13 WAKEUP"
HEARTBEAT: Final = "14 HEARTBEAT"

M_REBOOT: Final = "M Reboot"
M_SCHEDULE_INFORM: Final = "M ScheduleInform"
M_DOWNLOAD: Final = "M Download"
M_SCHEDULE_DOWNLOAD: Final = "M ScheduleDownload"
M_UPLOAD: Final = "M Upload"
M_CHANGE_DU_STATE: Final = "M ChangeDUState"

STANDARD: Final = (
    BOOTSTRAP,
    BOOT,
    PERIODIC,
    SCHEDULED,
    VALUE_CHANGE,
    KICKED,
    CONNECTION_REQUEST,
    TRANSFER_COMPLETE,
    DIAGNOSTICS_COMPLETE,
    REQUEST_DOWNLOAD,
    AUTONOMOUS_TRANSFER_COMPLETE,
    DU_STATE_CHANGE_COMPLETE,
    AUTONOMOUS_DU_STATE_CHANGE_COMPLETE,
    WAKEUP,
    HEARTBEAT,
    M_REBOOT,
    M_SCHEDULE_INFORM,
    M_DOWNLOAD,
    M_SCHEDULE_DOWNLOAD,
    M_UPLOAD,
    M_CHANGE_DU_STATE,
)

_BY_FOLDED: Final = {code.lower(): code for code in STANDARD}
_BY_NUMBER: Final = {code.partition(" ")[0]: code for code in STANDARD if code[0].isdigit()}


def canonical(code: str) -> str:
    """The standard's spelling of a code written as ``2``, ``2 periodic`` or ``m reboot``; else the code itself."""
    folded = " ".join(code.lower().split())
    return _BY_FOLDED.get(folded) or _BY_NUMBER.get(folded) or code
