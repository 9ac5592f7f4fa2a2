"""Documents that nearly fit a JSON schema, made of the octets of an input."""

from collections.abc import Mapping
from typing import Any, Final

from fuzz.draw import Draw

_DEEPEST: Final = 6
_ODD: Final = 24
_TEXTS: Final = (
    "", "a", "1", "-1", "true", "Up", "Device.", "Device.WiFi.SSID.1.SSID", "Device.*.", "Device.WiFi.SSID.{i}.SSID",
    "Device.ManagementServer.PeriodicInformInterval", "InternetGatewayDevice.ManagementServer.Password",
    "2024-01-31T10:00:00Z", "9999-12-31", "2024-01-31 10:00:00 0200", "UTC", "Europe/Berlin", "../etc/passwd",
    "* * * * *", "0 0 30 2 *", "*/7 1-5 * 1 0#2", "http://127.0.0.1/", "https://example.net/hook?a=b", "\ud800", "\0",
    "x" * 300, "unsignedInt", "xsd:dateTime", "integer", "boolean", "string", "base64", "********", "bulk_serial_sync",
    "set", "get", "reboot", "download", "del.obj", "recurring",
    "WyJhIiwxLG51bGxd", "WyJcdWQ4MDAiLDEsbnVsbF0", "W05hTiwxLG51bGxd", "a,b,,c", "1e999",
    "0.5", "1/3", "1/0", "1e400", "nan", "90s", "1.5h", "devices * 2", ">= interval", "tr181:3", "power-cut",
    "1 BOOT", "cookies-never", "\N{ARABIC-INDIC DIGIT THREE}", "Device..A", ".", "a\nb", "[]", "{}",
)  # fmt: skip
_NUMBERS: Final = (
    0, 1, -1, 2, 60, 100, 2**31 - 1, 2**31, 2**63 - 1, 2**63, -(2**63), 10**30, 0.5, -0.0, 1e308, float("inf"),
)  # fmt: skip


def document(draw: Draw, schema: Mapping[str, Any], root: Mapping[str, Any], depth: int = 0) -> object:
    """A document that fits a schema more often than not; ``root`` is where references are looked up."""
    if draw.octet() < _ODD or depth > _DEEPEST:
        return anything(draw, depth)
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return document(draw, root["$defs"][name], root, depth)
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return document(draw, draw.choice(schema[key]), root, depth)
    if "enum" in schema:
        return draw.choice(schema["enum"])
    if "const" in schema:
        return schema["const"]
    match schema.get("type"):
        case "object":
            return _object(draw, schema, root, depth)
        case "array":
            inner = schema.get("items", {})
            return [document(draw, inner, root, depth + 1) for _ in range(draw.below(4))]
        case "string":
            return text(draw)
        case "integer" | "number":
            return draw.choice(_NUMBERS) if draw.octet() % 4 else draw.number(2)
        case "boolean":
            return bool(draw.octet() % 2)
        case "null":
            return None
    return anything(draw, depth)


def _object(draw: Draw, schema: Mapping[str, Any], root: Mapping[str, Any], depth: int) -> dict[str, object]:
    required = schema.get("required", ())
    found: dict[str, object] = {}
    for name, inner in schema.get("properties", {}).items():
        chance = draw.octet()
        if chance >= _ODD if name in required else chance % 3 == 1:
            found[name] = document(draw, inner, root, depth + 1)
    if draw.octet() % 8 == 7:
        found[text(draw)] = anything(draw, depth + 1)
    return found


def anything(draw: Draw, depth: int = 0) -> object:
    """Any JSON."""
    kind = draw.below(8 if depth <= _DEEPEST else 5)
    match kind:
        case 0:
            return None
        case 1:
            return bool(draw.octet() % 2)
        case 2:
            return draw.choice(_NUMBERS)
        case 3 | 4:
            return text(draw)
        case 5:
            return draw.number(9) / 7
        case 6:
            return [anything(draw, depth + 1) for _ in range(draw.below(4))]
        case _:
            return {text(draw): anything(draw, depth + 1) for _ in range(draw.below(4))}


def text(draw: Draw) -> str:
    """A text: one that means something, or any."""
    return draw.choice(_TEXTS) if draw.octet() % 4 else draw.text()
