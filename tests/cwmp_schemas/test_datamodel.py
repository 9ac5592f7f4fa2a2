import re
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwmp_schemas.datamodel import Bounds, Facts, Kind, children, lookup
from cwmp_schemas.datamodel.facts import parse_facts
from cwmp_schemas.values import XsdType
from tests.outside import ROOT, folder

SCRIPT = ROOT / "scripts" / "build_datamodel.py"
BUNDLED = ROOT / "cwmp_schemas" / "datamodel" / "facts.txt"
MODELS = ("tr-098-1.8.tsv", "tr-104-2.0.tsv", "tr-181-2.17.tsv", "tr-196-2.1.tsv")
SERVICE_ROOTS = ("Device.Services.", "InternetGatewayDevice.Services.")

read_only = partial(Facts, Kind.PARAMETER, writable=False)
settable = partial(Facts, Kind.PARAMETER, writable=True)


@pytest.fixture(scope="module")
def sources() -> Path:
    return folder("data-models", "AIOACS_TEST_DATA_MODELS", "the comparison of the bundled facts with every line")


def build(tables: Path, output: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, SCRIPT, tables, output], capture_output=True, text=True, check=False, cwd=ROOT
    )


def between(*bounds: tuple[int | None, int | None]) -> tuple[Bounds, ...]:
    return tuple(Bounds(low, high) for low, high in bounds)


# Copied by hand from the published models.
SAMPLES = {
    "Device.DeviceInfo.UpTime": read_only(XsdType.UNSIGNED_INT, unit="seconds"),
    "Device.DeviceInfo.ManufacturerOUI": read_only(XsdType.STRING, lengths=between((6, 6))),
    "Device.ManagementServer.Password": settable(XsdType.STRING, lengths=between((None, 256)), hidden=True),
    "Device.MoCA.Interface.1.EnhancedPassword": settable(
        XsdType.STRING, lengths=between((12, 64), (0, 0)), default="", hidden=True
    ),
    "Device.MoCA.Interface.1.TrafficPermissionEthertype": settable(
        XsdType.HEX_BINARY, lengths=between((2, 2)), default="888E"
    ),
    "Device.MoCA.Interface.2.Band": settable(XsdType.STRING, is_list=True),
    "Device.WiFi.SSID.4.MLDUnit": settable(XsdType.INT, ranges=between((-1, -1), (0, 24)), default="-1"),
    "Device.WiFi.Radio.1.TransmitPowerSupported": read_only(
        XsdType.STRING, is_list=True, ranges=between((-1, 100)), unit="percentage"
    ),
    "Device.WiFi.AccessPoint.3.Accounting.InterimInterval": settable(
        XsdType.UNSIGNED_INT, ranges=between((0, 0), (60, None)), default="0", unit="seconds"
    ),
    "Device.DSL.Line.1.UPBOKLEPb": read_only(
        XsdType.STRING, is_list=True, ranges=between((0, 1280), (2047, 2047)), unit="0.1 dB"
    ),
    "Device.Bridging.Bridge.1.Port.2.PriorityRegeneration": settable(
        XsdType.STRING, is_list=True, ranges=between((0, 7)), default="0,1,2,3,4,5,6,7"
    ),
    "Device.XPON.ONU.1.ANI.1.Transceiver.1.Bias": read_only(XsdType.UNSIGNED_INT, unit="\N{MICRO SIGN}A"),
    "Device.IP.Diagnostics.IPLayerCapacityMetrics.RTTRangeAtMax": read_only(XsdType.DECIMAL, unit="seconds"),
    "Device.IP.Interface.[wan.1].IPv6Address.1.ValidLifetime": settable(
        XsdType.DATE_TIME, default="9999-12-31T23:59:59Z"
    ),
    "InternetGatewayDevice.WANDevice.1.WANConnectionDevice.1.WANPPPConnection.1.Password": settable(
        XsdType.STRING, lengths=between((None, 64)), default="", hidden=True
    ),
    "InternetGatewayDevice.PeriodicStatistics.SampleSet.1.ForceSample": settable(
        XsdType.BOOLEAN, default="false", hidden=True
    ),
    "InternetGatewayDevice.DeviceInfo.Location.1.ExternalProtocol": read_only(
        XsdType.STRING,
        enumeration=("", "CWMP", "OMA-DM", "SNMP", "UPnP", "HELD", "DHCPv4", "DHCPv6", "LLDP-MED", "MLP", "Other"),
        default="CWMP",
    ),
    "InternetGatewayDevice.FAP.Tunnel.CryptoProfile.1.IKEEncrypt": settable(
        XsdType.STRING, is_list=True, enumeration=("3DES-CBC", "AES-CBC"), default="AES-CBC"
    ),
    "InternetGatewayDevice.LANDevice.1.WLANConfiguration.1.BasicEncryptionModes": settable(
        XsdType.STRING, lengths=between((None, 31)), enumeration=("None", "WEPEncryption")
    ),
    "InternetGatewayDevice.UPnP.Device.UPnPQoSDevice": settable(XsdType.BOOLEAN),
    "Device.WiFi.": Facts(Kind.OBJECT, None, writable=False),
    "Device.WiFi.SSID.": Facts(Kind.TABLE, None, writable=True),
    "Device.WiFi.SSID.1.": Facts(Kind.INSTANCE, None, writable=True),
    "Device.WiFi.SSID.{i}.": Facts(Kind.INSTANCE, None, writable=True),
    "Device.DeviceInfo.Processor.": Facts(Kind.TABLE, None, writable=False),
    "Device.DeviceInfo.Processor.1.": Facts(Kind.INSTANCE, None, writable=False),
}

SERVICE_SAMPLES = {
    "VoiceServiceNumberOfEntries": read_only(XsdType.UNSIGNED_INT),
    "VoiceService.": Facts(Kind.TABLE, None, writable=False),
    "VoiceService.1.": Facts(Kind.INSTANCE, None, writable=False),
    "VoiceService.1.Capabilities.MaxLineCount": read_only(XsdType.INT, ranges=between((-1, None))),
    "VoiceService.1.VoIPProfile.2.DTMFMethodG711": settable(
        XsdType.STRING, enumeration=("InBand", "RFC4733", "SIPInfo", ""), default=""
    ),
    "FAPService.1.CellConfig.LTE.Tunnel.1.PLMNID": settable(
        XsdType.STRING, is_list=True, lengths=between((None, 256)), default=""
    ),
}


@pytest.mark.parametrize("path", SAMPLES)
def test_the_models_say_what_was_published(path: str) -> None:
    assert lookup(path) == SAMPLES[path]


@pytest.mark.parametrize("root", SERVICE_ROOTS)
@pytest.mark.parametrize("path", SERVICE_SAMPLES)
def test_services_are_known_below_both_root_objects(root: str, path: str) -> None:
    assert lookup(root + path) == SERVICE_SAMPLES[path]


@pytest.mark.parametrize(
    "path",
    [
        "",
        "Device",
        "Device.WiFi",
        "Device.WiFi.SSID.1",
        "Device.X_00D09E_Extension",
        "Device.WiFi..SSID.1.Enable",
        "Device.WiFi.SSID.1.Enable ",
        "VoiceService.1.Alias",
        "*.Services.VoiceService.1.Alias",
        "InternetGatewayDevice.WiFi.SSID.",
        "# Facts",
    ],
)
def test_what_the_models_do_not_know_has_no_facts(path: str) -> None:
    assert lookup(path) is None


@settings(derandomize=True, deadline=None, max_examples=200)
@given(st.text())
def test_any_text_may_be_looked_up(text: str) -> None:
    assert lookup(text) is None or text.startswith(("Device.", "InternetGatewayDevice."))


def test_the_bundled_facts_stay_under_15_megabytes() -> None:
    program = (
        "import tracemalloc; tracemalloc.start()\n"
        "from cwmp_schemas.datamodel import lookup\n"
        "assert lookup('Device.WiFi.SSID.1.Enable')\n"
        "print(tracemalloc.get_traced_memory()[1])"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert 100_000 < int(ran.stdout) < 15 * 2**20


def test_the_bundled_facts_say_where_they_come_from() -> None:
    header = BUNDLED.read_text("utf-8").split("\n")[:2]
    assert all(line.startswith("# ") for line in header)
    assert "Broadband Forum: TR-181 2.17, TR-098 1.8, TR-104 2.0 and TR-196 2.1." in header[0]
    assert "scripts/build_datamodel.py" in header[1]


# --- against the published tables, when they are there ---------------------------------------------------------------


def every_line(folder: Path) -> Iterator[tuple[str, str, str, str]]:
    for model in MODELS:
        for line in (folder / model).read_text("utf-8").split("\n"):
            if line and not line.startswith("#"):
                path, access, kind, limits = line.split("\t")
                for root in SERVICE_ROOTS if model in {"tr-104-2.0.tsv", "tr-196-2.1.tsv"} else ("",):
                    yield root + path.strip(), access, kind, limits


def naively_read(access: str, kind: str, limits: str) -> Facts:
    if kind == "object":
        return Facts(Kind.INSTANCE if limits == "multi" else Kind.OBJECT, None, writable=access == "rw")

    def bounds(prefix: str) -> tuple[Bounds, ...]:
        found = re.findall(rf"(?:^|; ){prefix}(-?[0-9]*)\.\.(-?[0-9]*)(?=;|$)", limits)
        return tuple(Bounds(int(low) if low else None, int(high) if high else None) for low, high in found)

    def after(word: str) -> str | None:
        found = re.search(rf"(?:^|; ){word} ([^;]*)", limits)
        return found[1] if found else None

    is_list = kind == "list" or "list" in limits.split("; ")
    default = after("default")
    enumeration = after("enum")
    return Facts(
        Kind.PARAMETER,
        XsdType.STRING if kind == "list" else XsdType(kind),
        writable=access == "rw",
        is_list=is_list,
        ranges=bounds(""),
        lengths=bounds("len "),
        enumeration=() if enumeration is None else tuple(enumeration.split("|")),
        default=default[1:-1] if default and is_list and default[0] == "[" else default,
        hidden=limits.endswith("hidden"),
        unit=after("unit"),
    )


def test_every_published_line_is_found_as_it_was_published(sources: Path) -> None:
    lines = list(every_line(sources))
    assert len(lines) == 1993 + 2 * 962 + 7273 + 2 * 1979
    wrong = [path for path, *columns in lines if lookup(path) != naively_read(*columns)]
    assert wrong == []


def test_every_published_table_is_found_with_the_access_of_its_instances(sources: Path) -> None:
    tables = {path.removesuffix("{i}."): access for path, access, _, limits in every_line(sources) if limits == "multi"}
    wrong = [path for path, access in tables.items() if lookup(path) != Facts(Kind.TABLE, None, access == "rw")]
    assert wrong == []


def test_no_published_default_is_a_problem_but_where_the_models_contradict_themselves(sources: Path) -> None:
    problems = set()
    for path, *_ in every_line(sources):
        facts = lookup(path)
        assert facts is not None
        if facts.default is not None and facts.problem(facts.default):
            problems.add(path.rpartition(".")[2])
    assert problems == {
        # "": no report was made yet.
        "ReportStartTime",
        "ReportEndTime",
        # 0, though it must be 256 or more.
        "BatchTableSecurityParameterIndex",
        "SecurityParameterIndex",
    }


def test_the_bundled_facts_are_what_the_script_makes_of_the_tables(sources: Path, tmp_path: Path) -> None:
    ran = build(sources, tmp_path / "facts.txt")
    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "facts.txt").read_bytes() == BUNDLED.read_bytes()


# --- the script -------------------------------------------------------------------------------------------------------

TABLES = {
    "tr-098-1.8.tsv": ["#path\taccess\ttype\tconstraints", "InternetGatewayDevice.\tro\tobject\t"],
    "tr-104-2.0.tsv": ["VoiceService.{i}.\tro\tobject\tmulti", "VoiceService.{i}.Alias\trw\tstring\t"],
    "tr-181-2.17.tsv": [
        "Device.\tro\tobject\t",
        "Device.Radio.{i}.\trw\tobject\tmulti",
        "Device.Radio.{i}.Channel\trw\tunsignedInt\t1..255; default 1",
        "Device.Radio.{i}.Bands \trw\tlist\t",
        "Device.RadioNumberOfEntries\tro\tunsignedInt\t",
    ],
    "tr-196-2.1.tsv": ["FAPServiceList\trw\tstring\tlist; default []"],
}


def write_tables(folder: Path, tables: dict[str, list[str]]) -> Path:
    folder.mkdir()
    for name, lines in tables.items():
        (folder / name).write_bytes("".join(f"{line}\n" for line in lines).encode())
    return folder


def test_the_script_makes_an_outline_with_a_line_for_every_table(tmp_path: Path) -> None:
    ran = build(write_tables(tmp_path / "models", TABLES), tmp_path / "facts.txt")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert (tmp_path / "facts.txt").read_text().split("\n")[2:] == [
        "*.Services.FAPServiceList rw string list; default",
        "*.Services.VoiceService. ro table",
        "\t{i}. ro instance",
        "\t\tAlias rw string",
        "Device. ro object",
        "\tRadio. rw table",
        "\t\t{i}. rw instance",
        "\t\t\tBands rw string list",
        "\t\t\tChannel rw unsignedInt 1..255; default 1",
        "\tRadioNumberOfEntries ro unsignedInt",
        "InternetGatewayDevice. ro object",
        "",
    ]


def test_the_order_of_the_tables_lines_does_not_matter(tmp_path: Path) -> None:
    build(write_tables(tmp_path / "models", TABLES), tmp_path / "one.txt")
    backwards = {name: lines[::-1] for name, lines in TABLES.items()}
    build(write_tables(tmp_path / "backwards", backwards), tmp_path / "other.txt")
    assert (tmp_path / "one.txt").read_bytes() == (tmp_path / "other.txt").read_bytes()


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("Device.UpTime\tro\tunsignedInt", "3 columns instead of 4"),
        ("Device.Up Time\tro\tunsignedInt\t", "no blanks"),
        ("Device.UpTime\two\tunsignedInt\t", "'wo' is neither ro nor rw"),
        ("Device.UpTime\tro\tuint\t", "'uint' is not a valid XsdType"),
        ("Device.UpTime\tro\tobject\t", "objects, and they alone, end in a dot"),
        ("Device.Radio.\tro\tunsignedInt\t", "objects, and they alone, end in a dot"),
        ("Device.Port.\tro\tobject\tmulti", "instances, and they alone, are multi"),
        ("Device.Port.{i}.\tro\tobject\t", "instances, and they alone, are multi"),
        ("Device.Port.\tro\tobject\tlist", "'list' cannot limit what has no value"),
        ("Device.UpTime\tro\tunsignedInt\t9..1", "'9..1' is a range that holds nothing"),
        ("Device.UpTime\tro\tunsignedInt\tmax 9", "'max 9' is no range"),
        ("Device.Name\tro\tstring\tlen 9", "'9' is no range"),
        ("Device.Name\tro\tstring\tlist 9", "'list 9' is no limit"),
        ("Device.Name\tro\tstring\tunit s; unit ms", "'unit' is said twice"),
        ("Device.\tro\tobject\t", "Device. is said twice"),
    ],
)
def test_a_line_the_script_cannot_read_is_named_with_its_file(tmp_path: Path, line: str, what: str) -> None:
    tables = TABLES | {"tr-181-2.17.tsv": ["Device.\tro\tobject\t", line]}
    ran = build(write_tables(tmp_path / "models", tables), tmp_path / "facts.txt")
    assert ran.returncode == 1
    assert "tr-181-2.17.tsv, line 2: " in ran.stderr
    assert what in ran.stderr
    assert "Traceback" not in ran.stderr
    assert not (tmp_path / "facts.txt").exists()


def test_an_absent_table_is_named(tmp_path: Path) -> None:
    ran = build(tmp_path, tmp_path / "facts.txt")
    assert ran.returncode == 1
    assert "tr-098-1.8.tsv: [Errno 2] No such file" in ran.stderr


# --- whether a value may be set ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "text", "problem"),
    [
        ("rw boolean", "true", None),
        ("rw boolean", "maybe", "'maybe' is not a boolean"),
        ("rw int -1..; default -1", "-1", None),
        ("rw int -1..; default -1", "-2", "not at least -1"),
        ("rw unsignedInt", "-1", "'-1' is outside the range of unsignedInt"),
        ("rw unsignedInt 0..0; 60..", "60", None),
        ("rw unsignedInt 0..0; 60..", "59", "not 0 or at least 60"),
        ("rw unsignedInt ..15", "16", "not at most 15"),
        ("rw unsignedInt 1..255", "0", "not 1 to 255"),
        ("rw string", "anything", None),
        ("rw string len ..4", "\N{MICRO SIGN}" * 4, None),
        ("rw string len ..4", "12345", "5 characters long, not at most 4"),
        ("rw string len 12..64; len 0..0", "", None),
        ("rw string len 12..64; len 0..0", "short", "5 characters long, not 12 to 64 or 0"),
        ("rw string len ..", "x" * 1000, None),
        ("rw hexBinary len 5..5; len 13..13", "0102030405", None),
        ("rw hexBinary len 5..5; len 13..13", "01020304", "4 bytes long, not 5 or 13"),
        ("rw base64 len 0..2", "AAAA", "3 bytes long, not 0 to 2"),
        ("rw string enum Up|Down", "Up", None),
        ("rw string enum Up|Down", "X_00D09E_Sideways", None),
        ("rw string enum Up|Down", "up", "not one of 'Up', 'Down'"),
        ("rw string enum Up|Down", "", "not one of 'Up', 'Down'"),
        ("rw string enum |Up", "", None),
        ("rw string list", "", None),
        ("rw string enum MP3|WAV; list", "MP3, WAV", None),
        ("rw string enum MP3|WAV; list", "MP3,AMR", "item 2: not one of 'MP3', 'WAV'"),
        ("rw string 0..7; list", "0, 7", None),
        ("rw string 0..7; list", "0,8", "item 2: not 0 to 7"),
        ("rw string 0..7; list", "0,high", "item 2: 'high' is not an integer"),
        ("rw string 0..7; list", "0,,1", "item 2: '' is not an integer"),
        ("rw string len ..3; list", "abc,def,ghi", None),
        ("rw string len 3..3; list", "1%2C2,0%2c1", None),
        ("rw string len ..3; list", "abc,defg", "item 2: 4 characters long, not at most 3"),
        ("ro string", "read-only is another question", None),
        ("rw table", "1", "only a parameter has a value"),
    ],
)
def test_a_text_that_cannot_be_the_value_is_told_why(facts: str, text: str, problem: str | None) -> None:
    assert parse_facts(facts).problem(text) == problem


def test_the_children_of_an_object_are_named_as_paths_go_on() -> None:
    assert {"PortMapping.", "PortMappingNumberOfEntries"} <= set(children("Device.NAT."))
    assert children("Device.NAT.PortMapping.") == ("{i}.",)
    of_instance = children("Device.NAT.PortMapping.{i}.")
    assert "ExternalPort" in of_instance
    assert children("Device.NAT.PortMapping.7.") == children("Device.NAT.PortMapping.[web].") == of_instance
    assert set(children("")) == {"Device.", "InternetGatewayDevice."}


@pytest.mark.parametrize("path", ["Device.Nothing.", "Device.NAT", "Device.NAT.PortMapping.1.Enable", "..", "[", "\0"])
def test_what_is_no_known_object_has_no_children(path: str) -> None:
    assert children(path) == ()


def test_every_child_is_known_itself() -> None:
    waiting = ["Device.WiFi.", "InternetGatewayDevice.Services."]
    while waiting:
        path = waiting.pop()
        for name in children(path):
            facts = lookup(path + name)
            assert facts is not None
            assert (facts.kind is Kind.PARAMETER) is not name.endswith(".")
            if name.endswith("."):
                waiting.append(path + name)
