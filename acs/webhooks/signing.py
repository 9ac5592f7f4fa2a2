"""How a receiver knows that a webhook is ours, and of now."""

import hashlib
import hmac
from typing import Final

TIMESTAMP: Final = "X-Aioacs-Timestamp"
"""The header with the seconds since 1970 at which a webhook was sent."""
SIGNATURE: Final = "X-Aioacs-Signature"
"""The header with the signature."""
DELIVERY: Final = "X-Aioacs-Delivery"
"""The header with what a delivery is called; the same at each attempt."""
EVENT: Final = "X-Aioacs-Event"
"""The header with what has happened."""


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """HMAC-SHA256 over the timestamp, a dot and the body: what was sent once cannot be sent again as new."""
    return f"sha256={hmac.new(secret.encode(), timestamp.encode() + b'.' + body, hashlib.sha256).hexdigest()}"
