"""The settings: the file and the environment."""

import atexit
import os
import tempfile
from pathlib import Path
from typing import Final

from acs.settings import SettingsError, load_settings
from acs.settings.loading import holds_secret
from acs.settings.model import PREFIX, Fields, env_name
from fuzz.draw import Draw
from fuzz.target import Target

_NAMES: Final = tuple(Fields.model_fields)
_SECRETS: Final = tuple(name for name in _NAMES if holds_secret(Fields.model_fields[name]))
_MARK: Final = "hunter2hunter2"
# In memory where there is such a place: each input writes a file.
_PLACE: Final = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
_FOLDER: Final = tempfile.TemporaryDirectory(prefix="aioacs-fuzz-", dir=_PLACE)
atexit.register(_FOLDER.cleanup)


def _settings(data: bytes) -> None:
    """Settings, or sentences about each that is wrong; none quotes what a secret setting says."""
    draw = Draw(data)
    environment: dict[str, str] = {}
    for _ in range(draw.below(5)):
        name = env_name(draw.choice(_NAMES)) if draw.octet() % 8 else PREFIX + draw.text().replace("=", "")
        environment[name] = draw.text().replace("\0", "")
    secret = draw.choice(_SECRETS)
    environment[env_name(secret)] = draw.text().replace("\0", "") + _MARK
    environment.pop(f"{PREFIX}CONFIG", None)
    (Path(_FOLDER.name) / "aioacs.toml").write_bytes(draw.rest())
    try:
        settings = load_settings(environment, Path(_FOLDER.name))
    except SettingsError as error:
        assert error.problems
        told = str(error)
    else:
        told = repr(settings)
    others = [value for name, value in environment.items() if name != env_name(secret)]
    assert _MARK not in told or any(_MARK in value for value in others), told


TARGETS: Final = {
    "settings": Target(
        "settings",
        _settings, longest=1024,
        seconds=0.5,
        words=(
            *(f"{name} = ".encode() for name in _NAMES),
            b"sqlite:///", b"postgresql://u:p@h:1/d?sslmode=", b"smtp://u:p@h:25", b"http://h:1", b"10.0.0.0/8",
            b"true", b"1KiB", b"1e3", b'"', b"'''", b"[a]", b"[[a]]", b"{a=1}", b"1979-05-27T07:32:00Z", b"inf",
            b"nan", b"0x1", b"\n",
        ),
    )
}  # fmt: skip
