"""What became of a connection request that no device was asked about; the rest is the device's to say (``Called``)."""

from enum import Enum


class Missed(Enum):
    """Why no device was called. A request without a login is half of one, and not counted."""

    DEAF = "deaf"
    """The device never answers."""
    WRONG_LOGIN = "wrong login"
    """The name, the password or the signature was another one."""
    REPLAYED = "replayed"
    """The login had been used before."""
    UNKNOWN = "unknown device"
    """No device is called so."""
    MALFORMED = "malformed"
    """It was no connection request."""
    TOO_SLOW = "too slow"
    """It did not come to an end in time."""
    TOO_MANY = "too many"
    """More callers than there is room for."""
