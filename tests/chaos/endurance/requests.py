"""What operators ask for, one thing after the other, by chance."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

from tests.chaos.endurance.fleet import Member
from tests.chaos.endurance.places import PLACES, Places
from tests.chaos.noc import SECRET

Body = dict[str, Any]
_CONFIGURATION: Final = "3 Vendor Configuration File"
_SETTINGS: Final = "1 Vendor Configuration File"


class Requests:
    """Finds something to ask of a device."""

    def __init__(self, random: Random, base_url: str, latest: float) -> None:
        """What is for later is for so many seconds later at most."""
        self._random = random
        self._base_url = base_url
        self._latest = latest
        self._number = 0
        makes: Mapping[Callable[[Member, Places], Body | None], int] = {
            self._get: 20, self._get_many: 6, self._set: 20, self._secret: 4, self._add: 8, self._delete: 6,
            self._reboot: 4, self._reset: 1, self._sync: 3, self._inform: 6, self._download: 8, self._upload: 4,
            self._rpc: 10,
        }  # fmt: skip
        self._makes, self._shares = list(makes), list(makes.values())

    def about(self, member: Member) -> Body:
        """Something to ask of this device."""
        self._number += 1
        places = PLACES[member.sort.kind.name]
        while True:
            (make,) = self._random.choices(self._makes, self._shares)
            made = make(member, places)
            if made is not None:
                return made

    def terms(self) -> Body:
        """When, and how urgently."""
        chance, terms = self._random.random(), Body()
        if chance < 0.08:
            later = datetime.now(UTC) + timedelta(seconds=self._random.uniform(1, self._latest))
            terms["scheduled_at"] = later.strftime("%Y-%m-%dT%H:%M:%SZ")
        elif chance < 0.12:
            terms["timeout_minutes"] = 1
        if self._random.random() < 0.2:
            terms["priority"] = self._random.choice(("low", "high", 5))
        if self._random.random() < 0.1:
            terms["connection_request"] = False
        return terms

    def _get(self, _: Member, places: Places) -> Body:
        return _operation("get", places.code)

    def _get_many(self, _: Member, places: Places) -> Body:
        return _operation("get", places.information, places.code)

    def _set(self, _: Member, places: Places) -> Body:
        return _write(places.code, f"code {self._number}")

    def _secret(self, _: Member, places: Places) -> Body | None:
        return None if places.secret is None else _write(places.secret, f"{SECRET}{self._number}")

    def _add(self, _: Member, places: Places) -> Body | None:
        return None if places.table is None else _operation("add.obj", places.table)

    def _delete(self, member: Member, places: Places) -> Body | None:
        added = member.cpe.memory.added
        if not added or places.table is None:
            return None
        # Each instance is deleted by one wish at most: a second one would be right to fail.
        instance = added.pop(self._random.randrange(len(added)))
        return _operation("del.obj", f"{places.table}{instance}.")

    def _reboot(self, _: Member, __: Places) -> Body:
        return self._random.choice((_rpc("Reboot"), _older("reboot")))

    def _reset(self, member: Member, _: Places) -> Body | None:
        member.cpe.memory.added.clear()
        return self._random.choice((_rpc("FactoryReset"), _older("factory_reset")))

    def _sync(self, _: Member, __: Places) -> Body:
        return _older(self._random.choice(("configuration_sync", "reconf")))

    def _inform(self, _: Member, __: Places) -> Body:
        return _rpc("ScheduleInform", delay_seconds=self._random.randint(1, 10))

    def _download(self, _: Member, __: Places) -> Body:
        return _rpc("Download", file_type=_CONFIGURATION, url=f"{self._base_url}/file")

    def _upload(self, _: Member, __: Places) -> Body:
        return _rpc("Upload", file_type=_SETTINGS, url=f"{self._base_url}/upload")

    def _rpc(self, _: Member, places: Places) -> Body:
        return self._random.choice((
            _rpc("GetRPCMethods"),
            _rpc("GetParameterNames", parameter_path=places.information, next_level=True),
            _rpc("GetParameterValues", parameter_names=[places.code]),
            _rpc("GetParameterAttributes", parameter_names=[places.code]),
            _rpc(
                "SetParameterAttributes",
                parameter_list=[{
                    "name": places.code, "notification_change": True, "notification": self._random.randint(0, 2),
                    "access_list_change": False, "access_list": [],
                }],
            ),
            _rpc("GetQueuedTransfers"),
            _rpc("GetAllQueuedTransfers"),
            _rpc("GetOptions", option_name=""),
        ))  # fmt: skip


def _operation(kind: str, *names: str) -> Body:
    return {"operation": kind, "variables": [{"variable_name": each} for each in names]}


def _write(name: str, value: str) -> Body:
    variable = {"variable_name": name, "value": value, "value_type": "string"}
    return {"operation": "set", "variables": [variable]}


def _rpc(method: str, **arguments: object) -> Body:
    return {"operation": "rpc", "method": method, "arguments": arguments}


def _older(kind: str) -> Body:
    return {"operation_type": kind}
