"""Vouchers and options (TR-069 A.4.1.3, A.4.1.4): deprecated by the standard, asked for by old devices' operators."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from cwmp_schemas.binding import Int, Token, UnsignedInt


@dataclass(frozen=True, slots=True)
class Option:
    """An optional feature of a device."""

    TYPES: ClassVar = ("OptionStruct",)

    option_name: Token
    """What it is called."""
    voucher_sn: UnsignedInt
    """The serial number of the voucher that last set it."""
    state: UnsignedInt
    """0 disabled and not set up, 1 enabled and not set up, 2 disabled and set up, 3 enabled and set up."""
    mode: Int
    """0 disabled, 1 enabled with expiration, 2 enabled without."""
    start_date: datetime
    """Since when."""
    expiration_date: datetime | None = None
    """Until when, if it expires."""
    is_transferable: Int = 0
    """1 when it may move to another device."""


@dataclass(frozen=True, slots=True)
class SetVouchersResponse:
    """The vouchers were taken."""

    NAME: ClassVar[str] = "SetVouchersResponse"


@dataclass(frozen=True, slots=True)
class SetVouchers:
    """Set options by signed vouchers (A.4.1.3)."""

    NAME: ClassVar[str] = "SetVouchers"
    RESPONSE: ClassVar = SetVouchersResponse

    voucher_list: tuple[bytes, ...]
    """The vouchers."""


@dataclass(frozen=True, slots=True)
class GetOptionsResponse:
    """The options asked for."""

    NAME: ClassVar[str] = "GetOptionsResponse"

    option_list: tuple[Option, ...]
    """Their states."""


@dataclass(frozen=True, slots=True)
class GetOptions:
    """Ask for options (A.4.1.4)."""

    NAME: ClassVar[str] = "GetOptions"
    RESPONSE: ClassVar = GetOptionsResponse

    option_name: Token
    """Which one; empty for all."""
