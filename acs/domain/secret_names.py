"""Which parameters hold secrets, going by their names."""

from typing import Final

# TR-181 and TR-098 call them Password, KeyPassphrase, PreSharedKey, SAEPassphrase, WEPKey, RadiusSecret...; of some
# they do not say that they are hidden (MACKey.{i}.KeyValue, PCFPDSN.{i}.SecurityKey). Vendors add an underscore or a
# number, as in X_HW_Password_1.
_ENDINGS: Final = (
    "password", "passphrase", "presharedkey", "passwd", "psk", "secret", "wepkey", "wpakey", "privatekey", "apikey",
    "accesskey", "secretkey", "securitykey", "encryptionkey", "keyvalue", "passwordhash", "privatecredential",
)  # fmt: skip
# What others end in as well: TokenName is none, Mapping ends in pin.
_WHOLE: Final = frozenset({"pin", "token", "authtoken", "accesstoken", "pwd"})

MASK: Final = "********"
"""What stands in the place of a secret."""


def is_secret_name(path: str) -> bool:
    """Whether the last segment of a path says that its value is a secret."""
    name = path.rpartition(".")[2].rstrip("0123456789_").lower()
    return name.endswith(_ENDINGS) or name in _WHOLE
