"""Options of old devices, and vouchers for them."""

import pytest

from cwmp_schemas.messages import AcsRequest
from cwmp_schemas.rpc.control import FactoryReset
from cwmp_schemas.rpc.options import GetOptions, GetOptionsResponse, Option, SetVouchers, SetVouchersResponse
from simulators.device.cpe import Cpe
from simulators.trees import built_in
from tests.simulators.device.conversing import START, ask, device, fault_of

SIGNATURE = "<d:SignedInfo/><d:SignatureValue>TWlja2V5</d:SignatureValue>"


def router() -> Cpe:
    """A device of the older model."""
    return device(built_in("tr098-dsl"))


def voucher(signature: str = SIGNATURE, **said: str) -> bytes:
    """A voucher for one option."""
    usual = {
        "VSerialNum": "17",
        "OptionIdent": "ParentalControl",
        "StartDate": "2026-01-01T00:00:00Z",
        "Duration": "30",
        "DurationUnits": "Days",
        "Mode": "EnableWithExpiration",
    }
    fields = "".join(f"<{name}>{value}</{name}>" for name, value in {**usual, **said}.items())
    return (
        f'<d:Signature xmlns:d="http://www.w3.org/2000/09/xmldsig#">{signature}'
        f"<d:Object><Option>{fields}</Option></d:Object></d:Signature>"
    ).encode()


def options(cpe: Cpe, name: str = "") -> tuple[Option, ...]:
    """What GetOptions answers."""
    (answer,) = ask(cpe, START, GetOptions(name))
    assert isinstance(answer, GetOptionsResponse)
    return answer.option_list


def test_a_device_has_some_options_of_which_one_or_all_can_be_asked_for() -> None:
    cpe = router()
    everything = options(cpe)
    assert {"Firewall", "ParentalControl"} < {each.option_name for each in everything}
    assert options(cpe, "Firewall") == tuple(each for each in everything if each.option_name == "Firewall")
    assert fault_of(ask(cpe, START, GetOptions("Flight"))).code == 9003


def test_a_voucher_switches_its_option_until_a_factory_reset() -> None:
    cpe = router()
    assert ask(cpe, START, SetVouchers((voucher(),))) == [SetVouchersResponse()]
    (option,) = options(cpe, "ParentalControl")
    assert (option.voucher_sn, option.state, option.mode) == (17, 3, 1)
    assert option.expiration_date is not None
    assert (option.expiration_date - option.start_date).days == 30
    ask(cpe, START, SetVouchers((voucher(Mode="Disable", VSerialNum="18"),)))
    (option,) = options(cpe, "ParentalControl")
    assert (option.voucher_sn, option.state, option.mode, option.expiration_date) == (18, 0, 0, None)
    ask(cpe, START, SetVouchers((voucher(Mode="EnableWithoutExpiration"),)), FactoryReset())
    (option,) = options(cpe, "ParentalControl")
    assert (option.voucher_sn, option.mode) == (0, 0)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (b"no XML", 9003),
        (b"<Option/>", 9003),
        (voucher(signature=""), 9003),
        (voucher(Mode="Perhaps"), 9003),
        (voucher(VSerialNum="x"), 9003),
        (voucher(StartDate="tomorrow"), 9003),
        (voucher(Duration="long"), 9003),
        (voucher(Duration="999999999", DurationUnits="Months"), 9003),
        (voucher(OptionIdent="Flight"), 9001),
        (voucher(SerialNumber="another"), 9001),
        (voucher(OUI="FFFFFF"), 9001),
    ],
)
def test_of_vouchers_all_count_or_none(wrong: bytes, code: int) -> None:
    cpe = router()
    assert fault_of(ask(cpe, START, SetVouchers((voucher(), wrong)))).code == code
    assert options(cpe, "ParentalControl")[0].mode == 0


def test_too_many_vouchers_are_refused() -> None:
    assert fault_of(ask(router(), START, SetVouchers((voucher(),) * 33))).code == 9004


@pytest.mark.parametrize("rpc", [GetOptions(""), SetVouchers((voucher(),))])
def test_newer_devices_have_no_options(rpc: AcsRequest) -> None:
    assert fault_of(ask(device(), START, rpc)).code == 9000
