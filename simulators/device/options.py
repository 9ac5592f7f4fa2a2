"""Options of an old device, and the vouchers that switch them (TR-069 A.4.1.3, A.4.1.4, annex C).

A voucher is a signed piece of XML. The device looks at what it says, and that there is a signature; it has no key to
check that with.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from lxml.etree import _Element as Element

from cwmp_schemas.errors import DecodeError
from cwmp_schemas.faults import CpeFault
from cwmp_schemas.oddities import Oddity
from cwmp_schemas.parser import parse
from cwmp_schemas.rpc.options import Option
from cwmp_schemas.values import UNKNOWN_TIME, parse_date_time
from cwmp_schemas.xml import local_name
from simulators.device.errors import RefusedError
from simulators.device.numbers import whole_number

if TYPE_CHECKING:
    from simulators.device.cpe import Cpe

MAX_VOUCHERS: Final = 32
"""How many vouchers one request may have."""
_MAX_OCTETS: Final = 65_536
_MODES: Final = {"Disable": 0, "EnableWithExpiration": 1, "EnableWithoutExpiration": 2}
_UNITS: Final = {"Seconds": 1, "Minutes": 60, "Hours": 3_600, "Days": 86_400, "Months": 30 * 86_400}
_SHIPPED: Final = (
    Option("Firewall", 0, 3, 2, UNKNOWN_TIME),
    Option("ParentalControl", 0, 0, 0, UNKNOWN_TIME),
    Option("SecondVoiceLine", 0, 0, 0, UNKNOWN_TIME),
)


@dataclass(frozen=True, slots=True)
class _Voucher:
    """What one option of a voucher says."""

    name: str
    serial: int
    mode: int
    starts_at: datetime
    ends_at: datetime | None


class Options:
    """The options of a device."""

    __slots__ = ("_cpe", "_options")

    def __init__(self, cpe: "Cpe") -> None:
        self._cpe = cpe
        self._options = {option.option_name: option for option in _SHIPPED}

    def named(self, name: str) -> tuple[Option, ...]:
        """One option, or all for an empty name; RefusedError if there is none of that name."""
        if name and name not in self._options:
            raise RefusedError(CpeFault.INVALID_ARGUMENTS, f"there is no option {name!r}")
        return tuple(option for option in self._options.values() if name in {"", option.option_name})

    def redeem(self, vouchers: tuple[bytes, ...]) -> None:
        """Switch options as vouchers say, all of them or none; RefusedError if one is not for this device."""
        if len(vouchers) > MAX_VOUCHERS:
            raise RefusedError(CpeFault.RESOURCES_EXCEEDED, f"more than {MAX_VOUCHERS} vouchers")
        for read in [each for voucher in vouchers for each in self._read(voucher)]:
            self._options[read.name] = replace(
                self._options[read.name],
                voucher_sn=read.serial,
                state=3 if read.mode else 0,
                mode=read.mode,
                start_date=read.starts_at,
                expiration_date=read.ends_at,
            )

    def was_reset(self) -> None:
        """As the device left the factory."""
        self._options = {option.option_name: option for option in _SHIPPED}

    def _read(self, voucher: bytes) -> list[_Voucher]:
        oddities: set[Oddity] = set()
        try:
            root = parse(voucher, oddities, _MAX_OCTETS)
        except DecodeError as error:
            raise RefusedError(CpeFault.INVALID_ARGUMENTS, f"a voucher cannot be read: {error}") from None
        found = [each for each in root.iter() if local_name(each.tag) == "Option"]
        if not found or not any(local_name(each.tag) == "SignatureValue" for each in root.iter()):
            raise RefusedError(CpeFault.INVALID_ARGUMENTS, "a voucher has no option or no signature")
        return [self._option(each) for each in found]

    def _option(self, element: Element) -> _Voucher:
        texts = {local_name(each.tag): (each.text or "").strip() for each in element.iter()}
        who = self._cpe.identity.device_id
        mine = {"OUI": who.oui, "ProductClass": who.product_class, "SerialNumber": who.serial_number}
        if any(texts.get(name, value) != value for name, value in mine.items()):
            raise RefusedError(CpeFault.REQUEST_DENIED, "a voucher is for another device")
        name, mode = texts.get("OptionIdent", ""), texts.get("Mode", "")
        serial = whole_number(texts.get("VSerialNum", ""), 9)
        if name not in self._options:
            raise RefusedError(CpeFault.REQUEST_DENIED, f"there is no option {name!r}")
        if mode not in _MODES or serial is None:
            raise RefusedError(CpeFault.INVALID_ARGUMENTS, "a voucher has no mode or no serial number")
        try:
            starts_at = parse_date_time(texts["StartDate"]) if texts.get("StartDate") else UNKNOWN_TIME
            ends_at = starts_at + _duration(texts) if _MODES[mode] == 1 else None
        except (ValueError, OverflowError) as error:
            raise RefusedError(CpeFault.INVALID_ARGUMENTS, f"a voucher has a wrong time: {error}") from None
        return _Voucher(name, serial, _MODES[mode], starts_at, ends_at)


def _duration(texts: dict[str, str]) -> timedelta:
    text, unit = texts.get("Duration", ""), texts.get("DurationUnits", "Seconds")
    number = whole_number(text, 9)
    if number is None or unit not in _UNITS:
        raise ValueError(f"{text[:20]!r} {unit[:20]!r} is no duration")
    return timedelta(seconds=number * _UNITS[unit])
