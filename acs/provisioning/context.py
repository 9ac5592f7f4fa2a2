"""What planning may know beside the operation."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from acs.domain.operation import Variable
from acs.domain.setting import KnownParameter, Setting
from acs.domain.url_logins import holds_login
from acs.provisioning.quirks import Quirks
from acs.provisioning.reading import is_partial
from acs.provisioning.value_types import Facts, Lookup, TypedValue, is_secret, typed_value
from cwmp_schemas.messages import AcsRequest
from cwmp_schemas.values import XsdType


def know_nothing(_path: str) -> Facts | None:
    """A data model without any facts."""
    return None


@dataclass(frozen=True, slots=True)
class Context:
    """What is known of the device, and what the operation needs from the server."""

    quirks: Quirks = field(default_factory=Quirks)
    """How the device differs from the standard."""
    known: Mapping[str, KnownParameter] = field(default_factory=dict, repr=False)
    """What the device last said about its parameters, as far as the operation touches them."""
    lookup: Lookup = know_nothing
    """The data model."""
    command_key: str = ""
    """The operation's own key of at most 32 characters, for the RPCs that carry one."""
    request: AcsRequest | None = field(default=None, repr=False)
    """The RPC of an operation that is just one, when the server made it itself (a Download of its own file)."""
    settings: Mapping[str, Setting] = field(default_factory=dict, repr=False)
    """What the device is to be set to, for ``sync`` and ``reconf``; those once refused are left out by whoever
    does not want them tried again."""
    managed: tuple[str, ...] = ()
    """The partial paths that ``sync`` reads; settings outside them are read one by one."""

    def typed(self, variable: Variable | Setting, name: str) -> TypedValue:
        """A value as it is to be sent to a parameter; ValueError says why it cannot be."""
        if is_partial(name):
            raise ValueError("an object has no value")
        if variable.value is None:
            raise ValueError("no value is given")
        try:
            return typed_value(variable.value, variable.value_type, *self._type_hints(name), style=self.quirks.style)
        except ValueError:
            if is_secret(name, self.lookup) or holds_login(variable.value):
                # The sentence would quote the value.
                raise ValueError("the value or its type cannot be sent") from None
            raise

    def can_read_back(self, name: str) -> bool:
        """Whether reading a parameter shows what it was set to: secrets read back empty."""
        return self.quirks.read_back_secrets or not is_secret(name, self.lookup)

    def _type_hints(self, name: str) -> tuple[XsdType | None, XsdType | None]:
        """What the device has said about a parameter's type, then what the data model says."""
        known, facts = self.known.get(name), self.lookup(name)
        return known.type if known else None, facts.type if facts else None
