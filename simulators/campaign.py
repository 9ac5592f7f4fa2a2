"""A firmware campaign: the image goes to the ACS, each device is given it, and all must end on its version.

Without access to the ACS's API somebody else does the ACS's part, and only the end is waited for.
"""

import asyncio
import hashlib
from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import quote

from simulators.access import Access, AccessError, Api, connected
from simulators.device.chance import Chance
from simulators.device.cpe import Cpe
from simulators.fleet import Fleet
from simulators.report.document import Expectation
from simulators.scenarios.schema import Phase

PATIENCE: Final = 600.0
"""Seconds that a campaign may take if nothing else is said."""


class Campaign:
    """One campaign; the script hands over the devices, one by one, when its time has come."""

    def __init__(self, fleet: Fleet, phase: Phase, count: int, access: Access | None, seed: int) -> None:
        self._fleet = fleet
        self._phase = phase
        self._count = count
        self._access = access
        self._seed = seed
        self._devices: list[Cpe] = []
        self._task: asyncio.Task[None] | None = None
        self._trouble: dict[str, int] = {}
        self._awaited: dict[int, asyncio.Future[None]] = {}

    def add(self, cpe: Cpe, _now: float) -> None:
        """One more device; with the last one it begins."""
        self._devices.append(cpe)
        if len(self._devices) == self._count:
            self._fleet.hold()
            self._task = asyncio.get_running_loop().create_task(self._run())

    def heard(self, cpe: Cpe, now: float) -> None:
        """A session of a device has ended."""
        done = self._awaited.get(cpe.identity.index)
        if done is not None and not done.done() and self._is_done(cpe, now):
            done.set_result(None)

    async def close(self) -> None:
        """End it, if it has not ended by itself."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    def expectations(self, now: float) -> list[Expectation]:
        """Whether all went well on the ACS's side, and each device ended on the version."""
        updated = sum(self._is_done(cpe, now) for cpe in self._devices)
        found = [Expectation(f"devices on {self._phase.version}", self._count, updated, updated == self._count)]
        for trouble, count in self._trouble.items():
            found.append(Expectation(f"campaign: {trouble}", 0, count, holds=False))
        return found

    async def _run(self) -> None:
        try:
            async with asyncio.timeout(self._phase.lasts or PATIENCE):
                if self._access is None:
                    await self._all_done(self._devices)
                else:
                    await self._drive(self._access)
        except TimeoutError:
            self._note("it took too long")
        except AccessError as error:
            self._note(str(error))
        except (KeyError, TypeError, ValueError, ExceptionGroup):
            self._note("the API answers what its document does not say")
        finally:
            self._fleet.release()

    async def _drive(self, access: Access) -> None:
        async with connected(access) as api:
            image = await self._upload(api)
            devices = iter(self._devices)
            async with asyncio.TaskGroup() as group:
                for _ in range(min(self._phase.in_flight, self._count)):
                    group.create_task(self._update_each(api, devices, image))

    async def _upload(self, api: Api) -> int:
        """The number of the image; one that is there already is taken."""
        version = self._phase.version
        content = image_of(version, self._phase.octets, self._seed)
        name = f"simulated {version} {hashlib.sha256(content).hexdigest()[:8]}"
        known = await api.ask("GET", f"/firmware_image/?name={quote(name)}")
        found = [each["id"] for each in known["results"] if each["name"] == name]
        if found:
            return int(found[0])
        form: dict[str, str | bytes] = {"name": name, "version": version, "file": content}
        made = await api.ask("POST", "/firmware_image/", form=form)
        return int(made["id"])

    async def _update_each(self, api: Api, devices: Iterator[Cpe], image: int) -> None:
        for cpe in devices:
            path = f"/inventory_device_serial/{quote(cpe.identity.device_id.serial_number, safe='')}/"
            try:
                await api.ask("PATCH", path, {"firmware_image": image, "firmware_image_is_pending": True})
                await self._all_done([cpe])
                shown = await api.ask("GET", path)
            except AccessError as error:
                self._note(str(error))
                continue
            if shown["firmware_image_is_pending"] or shown["software_version"] != self._phase.version:
                self._note("the ACS does not know of the update of a device")

    async def _all_done(self, devices: Sequence[Cpe]) -> None:
        for cpe in devices:
            if not self._is_done(cpe, 0.0):
                done = self._awaited[cpe.identity.index] = asyncio.get_running_loop().create_future()
                await done

    def _is_done(self, cpe: Cpe, now: float) -> bool:
        path = f"{cpe.tree.model.root_name}.DeviceInfo.SoftwareVersion"
        return cpe.tree.value(path, now) == self._phase.version and cpe.is_on and not cpe.pending

    def _note(self, trouble: str) -> None:
        if trouble in self._trouble or len(self._trouble) < 10:
            self._trouble[trouble] = self._trouble.get(trouble, 0) + 1


def image_of(version: str, octets: int, seed: int) -> bytes:
    """An image that simulated devices of all kinds take: its version, its checksum, and something by chance."""
    chance = Chance(seed, "image", version)
    block = b"".join(chance.bits().to_bytes(8, "big") for _ in range(128))
    head = b"version=%b\nsha256=%b\n\n"
    room = octets - len(head % (version.encode(), bytes(64)))
    payload = (block * (room // len(block) + 1))[:room]
    return head % (version.encode(), hashlib.sha256(payload).hexdigest().encode()) + payload
