"""Arguments that a device says again later: what its own messages could not carry is refused when it comes."""

from typing import Final

from cwmp_schemas.faults import CpeFault
from simulators.device.errors import RefusedError

MAX_COMMAND_KEY: Final = 32
"""A CommandKey is a string(32)."""
MAX_PARAMETER_KEY: Final = 32
"""A ParameterKey is a string(32)."""
MAX_FILE_NAME: Final = 256
"""A TargetFileName is a string(256)."""


def check_command_key(command_key: str) -> None:
    """Fault 9003 where a CommandKey is none."""
    _check_length("CommandKey", command_key, MAX_COMMAND_KEY)


def check_parameter_key(parameter_key: str) -> None:
    """Fault 9003 where a ParameterKey is none."""
    _check_length("ParameterKey", parameter_key, MAX_PARAMETER_KEY)


def check_file_name(name: str) -> None:
    """Fault 9003 where a TargetFileName is none."""
    _check_length("TargetFileName", name, MAX_FILE_NAME)


def _check_length(what: str, text: str, most: int) -> None:
    if len(text) > most:
        raise RefusedError(CpeFault.INVALID_ARGUMENTS, f"Invalid arguments: {what} of more than {most}")
