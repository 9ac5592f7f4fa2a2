"""Configuration files: what a device writes of its settings, and what it takes over from such a file.

A line of it is ``Path=value``; empty lines and those that begin with ``#`` say nothing. Passwords are written as
``********``, and such a line changes nothing when the file comes back. A file of another form, without a line that
begins with the name of the root object, is taken for one of the vendor's own: it is stored and changes nothing.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from cwmp_schemas.faults import CpeFault
from simulators.device.checking import checked
from simulators.device.errors import RefusedError
from simulators.device.jobs import HEAD
from simulators.device.model import Leaf

if TYPE_CHECKING:
    from simulators.device.cpe import Cpe

MASK: Final = "********"
"""What is written in place of a secret."""
MAX_LINES: Final = 20_000
"""How many settings a device writes."""
_SECRETS: Final = ("password", "passphrase", "presharedkey", "psk", "wepkey", "privatekey", "secret")


def settings_of(cpe: "Cpe", now: float) -> str:
    """The settings of a device as a file: all that can be written, secrets masked."""
    tree = cpe.tree
    lines = [f"# {cpe.identity.device_id.product_class} {cpe.identity.device_id.serial_number}\n"]
    for path, leaf in tree.leaves(""):
        if leaf.writable and len(lines) < MAX_LINES:
            value = MASK if is_secret(path, leaf) else tree.value_of(path, leaf, now)
            lines.append(f"{path}={''.join(each if each.isprintable() else ' ' for each in value)}\n")
    return "".join(lines)


def take_over(cpe: "Cpe", head: bytes) -> Mapping[str, str]:
    """What changes by a file, of which a device reads the first 4 KiB; RefusedError if it is no such file."""
    changes: dict[str, str] = {}
    lines = tuple(_lines(head))
    if not head:
        raise RefusedError(CpeFault.FILE_CORRUPTED, "the configuration is empty")
    if not any(line.startswith(f"{cpe.tree.model.root_name}.") for line in lines):
        return changes
    for number, line in enumerate(lines, 1):
        path, is_pair, value = line.partition("=")
        leaf = cpe.tree.item(path.strip())
        if not is_pair or not isinstance(leaf, Leaf) or not leaf.writable or leaf.live is not None:
            raise RefusedError(CpeFault.FILE_CORRUPTED, f"line {number} of the configuration sets nothing")
        if value == MASK:
            continue
        try:
            changes[path.strip()] = checked(leaf, value.strip())
        except ValueError as error:
            raise RefusedError(CpeFault.FILE_CORRUPTED, f"line {number} of the configuration: {error}") from None
    return changes


def is_secret(path: str, leaf: Leaf) -> bool:
    """Whether a value is not to be shown."""
    return leaf.is_hidden or path.rpartition(".")[2].rstrip("0123456789_").lower().endswith(_SECRETS)


def _lines(head: bytes) -> Iterator[str]:
    text = head.decode("utf-8", "replace")
    if len(head) >= HEAD:
        # The rest of the last line is not there.
        text = text[: text.rfind("\n") + 1]
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            yield line
