"""``aioacs doctor``: holds the settings against the machine, the database and the network, and changes nothing."""

from acs.doctor.examination import examine
from acs.doctor.findings import Finding, State, show

__all__ = ["Finding", "State", "examine", "show"]
