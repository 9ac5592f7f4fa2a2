"""The rows of a large database, as SQL that either database runs by itself: nothing passes through Python.

All chance is arithmetic on the number of the row and the seed, so that the same seed gives the same database.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from acs.auth.passwords import hash_token
from acs.domain.operation import Operation, OperationKind, Outcome, OutcomeState, Variable, VariableResult
from acs.domain.operation import VariableStatus as Status
from acs.services.requested import Requested, outcome_text, request_text
from cwmp_schemas.values import XsdType

DAY: Final = 86_400
ADMIN: Final = "token-of-an-admin"
"""A token that is bound to nothing."""
TINY, LARGE, SEVERAL = "token-of-a-tiny-organization", "token-of-a-large-organization", "token-of-five-organizations"
"""Tokens that are bound to organizations."""
_TOKENS: Final = {ADMIN: "NULL", TINY: "'[19]'", LARGE: "'[1]'", SEVERAL: "'[2, 5, 9, 14, 20]'"}
_SHARES: Final = (38_000, 19_000, 12_000, 8_000, 6_000, 4_000, 3_000, 2_000, 1_500, 1_000, 800, 600, 400, 200, 100,
                  50, 30, 20, 10, 5)  # fmt: skip
"""How many of 100,000 devices are each organization's; the rest are nobody's."""
_TYPES: Final = 10
_LOCATIONS: Final = 500
_PATHS: Final = 40
_TOWNS: Final = ("amsterdam", "berlin", "cordoba", "dresden", "evora", "firenze", "gdansk", "hamburg", "izmir",
                 "jena", "kaunas", "leipzig", "münchen", "nantes", "oslo", "porto", "qormi", "riga", "sofia",
                 "turin")  # fmt: skip
_MANUFACTURERS: Final = ("Example", "Northlink", "Albatross", "Kestrel", "Meridian")
_OUIS: Final = ("00D09E", "F0A1B2", "4C9EFF", "A0B1C2", "001122")
_VERSIONS: Final = ("7.4.1", "7.4.0", "7.3.9", "6.12.5", "8.0.0-rc2", "5.1.77")
_SERIAL, _SERIAL_STEP = 1_000_000_000, 7_919
_KINDS: Final = ("get", "get", "get", "get", "set", "set", "set", "add.obj", "del.obj", "reboot", "factory", "sync",
                 "reconf", "download", "device_factory", "upload")  # fmt: skip
_FINAL: Final = ("completed",) * 16 + ("failed", "failed", "expired", "cancelled")
_OPEN: Final = ("queued", "queued", "queued", "scheduled", "in_progress")


@dataclass(frozen=True, slots=True)
class Sizes:
    """How large the database is to be."""

    devices: int = 100_000
    """Devices."""
    operations: int = 1_000_000
    """Operations of the last 30 days."""
    audit: int = 1_000_000
    """Entries of the audit log."""
    history: int = 500_000
    """Entries of the devices' histories."""
    described: int = 10_000
    """Devices with parameters and settings."""


@dataclass(frozen=True, slots=True)
class Filling:
    """One statement: it makes ``count`` rows, ``n`` being the number of each."""

    table: str
    """Where they go."""
    count: int
    """How many."""
    columns: dict[str, str]
    """What stands in each column, as an expression over ``n``."""
    condition: str = "TRUE"
    """Of which numbers rows are made."""

    @property
    def text(self) -> str:
        """As SQL, with a place for the numbers."""
        return (
            f"INSERT INTO {self.table} ({', '.join(self.columns)}) SELECT {', '.join(self.columns.values())} "
            f"FROM {{numbers}} WHERE {self.condition}"
        )


class Chance:
    """Expressions that look random."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def below(self, most: int, salt: int, n: str = "n") -> str:
        """A number from 0 up to, and without, ``most``."""
        salt += 100 * self._seed
        spread = f"((({n}) * 7919 + {salt * 104_729}) % 1000003) * ((({n}) + {salt * 31}) % 65521 + 1)"
        return f"({spread} % 2147483647 % {most})"

    def one_of(self, words: Sequence[str], salt: int) -> str:
        """One of some words."""
        return picked(words, self.below(len(words), salt))


def picked(words: Sequence[str], place: str) -> str:
    """The word in a place."""
    width = max(map(len, words))
    text = "".join(f"{word:{width}}" for word in words)
    return f"TRIM(SUBSTR('{text}', CAST(1 + {width} * ({place}) AS INTEGER), {width}))"


def device_name(number: int, seed: int) -> str:
    """What a device is called."""
    return f"cpe-{_TOWNS[(number + seed) % len(_TOWNS)]}-{number:06d}"


def serial_number(number: int, seed: int) -> str:
    """Its serial number."""
    return f"S{_SERIAL + number * _SERIAL_STEP + seed}"


def fillings(sizes: Sizes, seed: int, now: float) -> Iterator[Filling]:
    """Every statement, in the order of their references."""
    chance = Chance(seed)
    yield from _surroundings(now)
    yield from _devices(sizes, chance, now, seed)
    yield from _said(sizes, chance, now)
    yield _operations(sizes, chance, now)
    organization = _organization(chance, chance.below(sizes.devices, 40))
    yield Filling("audit", sizes.audit, {
        "at": _spread(sizes.audit, now),
        "actor": f"'token ' || (1 + {chance.below(9, 41)}) || ' (netops)'",
        "address": f"'192.0.2.' || {chance.below(250, 42)}",
        "action": chance.one_of(("create", "update", "delete", "update", "queue", "queue", "cancel"), 43),
        "resource": chance.one_of(("device", "device", "operation", "operation", "setting", "token", "bulk"), 44),
        "resource_id": f"CAST({chance.below(sizes.devices, 40)} + 1 AS TEXT)",
        "organization_id": organization,
        "before": """'{"description": "before"}'""",
        "after": """'{"description": "after", "is_active": true}'""",
    })  # fmt: skip
    yield Filling("history", sizes.history, {
        "device_id": f"1 + {chance.below(sizes.devices, 50)}",
        "at": _spread(sizes.history, now),
        "kind": chance.one_of(("inform", "inform", "event", "set", "operation", "status"), 51),
        "subject": "'Device.WiFi.SSID.1.SSID'",
        "old": "'home'",
        "new": "'home-2'",
    })  # fmt: skip


def _surroundings(now: float) -> Iterator[Filling]:
    yield Filling("organization", len(_SHARES), {"name": "'Organization ' || n", "created": f"{now - 90 * DAY}"})
    yield Filling("location", _LOCATIONS, {
        "name": f"{picked(_TOWNS, f'n % {len(_TOWNS)}')} || ' ' || n",
        "short_name": "'loc' || n",
        "latitude": "'52.5' || n",
        "longitude": "'13.4' || n",
        "created": f"{now - 90 * DAY}",
    })  # fmt: skip
    yield Filling("device_type", _TYPES, {
        "name": "'Router model ' || n",
        "short_name": "'model' || n",
        "update_frequency": f"{DAY}",
        "created": f"{now - 90 * DAY}",
        "updated": f"{now - 90 * DAY}",
    })  # fmt: skip
    for text, organizations in _TOKENS.items():
        yield Filling("token", 1, {
            "name": f"'{text}'",
            "role": "'admin'",
            "organizations": organizations,
            "hash": f"'{hash_token(text)}'",
            "created": f"{now}",
            "last_used": f"{now}",
        })  # fmt: skip


def _devices(sizes: Sizes, chance: Chance, now: float, seed: int) -> Iterator[Filling]:
    kind, town = chance.below(_TYPES, 1), picked(_TOWNS, f"(n + {seed}) % {len(_TOWNS)}")
    yield Filling("device", sizes.devices, {
        "uuid": "'00000000-0000-4000-8000-' || SUBSTR(CAST(1000000000000 + n AS TEXT), 2)",
        "name": f"'cpe-' || {town} || '-' || SUBSTR(CAST(1000000 + n AS TEXT), 2)",
        "customer_id": f"'C' || CAST(100000 + {chance.below(899_999, 3)} AS TEXT)",
        "is_active": f"{chance.below(100, 4)} < 97",
        "is_registered": "TRUE",
        "type_id": f"1 + {kind}",
        "oui": picked(_OUIS, f"{kind} % {len(_OUIS)}"),
        "product_class": f"'HG-' || (100 + {kind})",
        "serial_number": f"'S' || CAST({_SERIAL} + n * {_SERIAL_STEP} + {seed} AS TEXT)",
        "manufacturer": picked(_MANUFACTURERS, f"{kind} % {len(_MANUFACTURERS)}"),
        "description": f"'Installed by crew ' || {chance.below(40, 5)}",
        "organization_id": _organization(chance, "n - 1"),
        "location_id": f"CASE WHEN {chance.below(2, 6)} = 0 THEN 1 + {chance.below(_LOCATIONS, 7)} END",
        "tags": f"""CASE {chance.below(20, 8)} WHEN 0 THEN '["vip"]' WHEN 1 THEN '["lab","beta"]' ELSE '[]' END""",
        "software_version": chance.one_of(_VERSIONS, 9),
        "hardware_version": f"'R' || {chance.below(4, 10)}",
        "cwmp_version": "'1.2'",
        "created": f"{now - 60 * DAY} + n * 10",
        "last_change": f"{now - 40 * DAY} + {chance.below(40 * DAY, 11)}",
    })  # fmt: skip
    # Six of ten are up, and stay so for a day and a half; the others were heard long ago or, a few, never.
    up, ago, low = f"{chance.below(10, 20)} < 6", chance.below(DAY, 21), chance.below(250, 28)
    never = f"{chance.below(100, 22)} < 3"
    heard = f"CASE WHEN {up} THEN {now} - {ago} WHEN {never} THEN NULL ELSE {now} - {10 * DAY} - 20.0 * {ago} END"
    yield Filling("contact", sizes.devices, {
        "device_id": "n",
        "fence": "10",
        "is_up": up,
        "status_change": f"{now} - 30.0 * {chance.below(DAY, 23)}",
        "down_at": f"CASE WHEN {up} THEN {now} - {ago} + {2.5 * DAY} END",
        "down_after": f"{2.5 * DAY}",
        "last_inform": heard,
        "last_configuration": f"CASE WHEN {chance.below(4, 24)} = 0 THEN {now} - 25.0 * {ago} END",
        "informs": chance.below(5_000, 25),
        "events": "'2 PERIODIC'",
        "address": f"'10.' || {chance.below(200, 26)} || '.' || {low} || '.' || {chance.below(250, 27)}",
        "inform_interval": f"{DAY}",
        "connection_request_url": f"'http://10.0.0.1:30005/' || {chance.below(2_000_000_000, 29)}",
        "settings_due": f"{chance.below(1_000, 30)} < 5",
    })  # fmt: skip


def _said(sizes: Sizes, chance: Chance, now: float) -> Iterator[Filling]:
    """What some devices have told of themselves, and are to have."""
    yield Filling("path", _PATHS, {"path": "'Device.X_00D09E_Bench.' || n || '.Value'"})
    yield Filling("parameter", sizes.described * _PATHS, {
        "device_id": f"1 + (n - 1) / {_PATHS}",
        "path_id": f"1 + (n - 1) % {_PATHS}",
        "value": f"'value ' || {chance.below(1_000, 60)}",
        "type": "'xsd:string'",
        "writable": "n % 2 = 0",
        "updated": f"{now - 5 * DAY}",
    })  # fmt: skip
    yield Filling("setting", sizes.described * 3, {
        "device_id": "1 + (n - 1) / 3",
        "path": "'Device.X_00D09E_Bench.' || (1 + (n - 1) % 3) || '.Value'",
        "value": "'wanted'",
        "uuid": "'setting-' || n",
        "updated": f"{now - 5 * DAY}",
    })  # fmt: skip


def _operations(sizes: Sizes, chance: Chance, now: float) -> Filling:
    device, kind = chance.below(sizes.devices, 70), chance.below(len(_KINDS), 71)
    # One in a hundred is still to be done.
    final, open_ = picked(_FINAL, chance.below(len(_FINAL), 72)), picked(_OPEN, chance.below(len(_OPEN), 73))
    is_open = f"{chance.below(100, 74)} = 0"
    state = f"CASE WHEN {is_open} THEN {open_} ELSE {final} END"
    created = _spread(sizes.operations, now)
    completed = f"CASE WHEN NOT ({is_open}) THEN {created} + {chance.below(600, 75)} END"
    requests = " ".join(f"WHEN '{name}' THEN '{request}'" for name, (request, _) in _texts().items())
    outcomes = " ".join(f"WHEN '{name}' THEN '{outcome}'" for name, (_, outcome) in _texts().items())
    word = picked(_KINDS, kind)
    return Filling("operation", sizes.operations, {
        "public_id": "'op_' || SUBSTR(CAST(1000000000000 + n AS TEXT), 2)",
        "device_id": f"1 + {device}",
        "kind": word,
        "origin": f"CASE WHEN {chance.below(50, 76)} = 0 THEN 'server' ELSE 'user' END",
        "state": state,
        "request": f"CASE {word} {requests} END",
        "outcome": f"CASE WHEN NOT ({is_open}) AND {final} = 'completed' THEN CASE {word} {outcomes} END ELSE '' END",
        "command_key": "'key' || n",
        "attempts": f"CASE WHEN {is_open} THEN 0 ELSE 1 END",
        "max_attempts": "3",
        "retry_delay": "60.0",
        "wakes": "FALSE",
        "scheduled_at": f"CASE WHEN {state} = 'scheduled' THEN {now} + {5 * DAY} ELSE {created} END",
        "ready_at": f"CASE WHEN {state} = 'scheduled' THEN {now} + {5 * DAY} ELSE {created} END",
        "proof_by": f"CASE WHEN {state} = 'in_progress' THEN {now} + {5 * DAY} END",
        "created": created,
        "started_at": f"CASE WHEN NOT ({is_open}) THEN {created} + 1 END",
        "completed_at": completed,
        "updated": f"COALESCE({completed}, {created})",
        "organization_id": _organization(chance, device),
        # One in seven is a part of a request for thousands of devices.
        "bulk_id": f"CASE WHEN {chance.below(7, 77)} = 0 THEN 1 + n / 20000 END",
        "actor": "'token 2 (netops)'",
    })  # fmt: skip


def _organization(chance: Chance, device: str) -> str:
    """Whose a device is, of its number, counted from 0."""
    draw, parts, least = chance.below(100_000, 80, device), [], 0
    for number, share in enumerate(_SHARES, start=1):
        least += share
        parts.append(f"WHEN {draw} < {least} THEN {number}")
    return f"CASE {' '.join(parts)} END"


def _spread(count: int, now: float) -> str:
    """A time within the last 30 days: the greater the number, the later."""
    return f"({now - 29.9 * DAY} + n * {29.8 * DAY / count})"


def _texts() -> dict[str, tuple[str, str]]:
    """What is asked for and what comes of it, by kind."""
    found = {}
    for kind in dict.fromkeys(_KINDS):
        names = [f"Device.WiFi.SSID.{n}.SSID" for n in (1, 2, 3)] if kind in {"get", "set"} else ["Device.WiFi.SSID."]
        value = "a value" if kind == "set" else None
        has_variables = kind in {"get", "set", "add.obj", "del.obj"}
        variables = tuple(Variable(name, value) for name in names) if has_variables else ()
        status = Status.READ if kind == "get" else Status.APPLIED
        results = tuple(VariableResult(each.name, status, "a value", XsdType.STRING) for each in variables)
        found[kind] = (
            request_text(Requested(Operation(OperationKind(kind), variables))),
            outcome_text(Outcome(OutcomeState.COMPLETED, None, results)),
        )
    return found
