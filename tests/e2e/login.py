"""HTTP Digest and Basic as routers have them, with nothing of the server's own."""

import base64
import hashlib
import re
from collections.abc import Sequence
from typing import Final

_FIELD: Final = re.compile(r'([a-z]+)\s*=\s*(?:"([^"]*)"|([^\s,]*))', re.IGNORECASE)
_HASHES: Final = {"": hashlib.md5, "MD5": hashlib.md5, "SHA-256": hashlib.sha256}


class Login:
    """A name and a password, and the challenge they were last asked for with."""

    def __init__(self, username: str, password: str) -> None:
        self.username = username
        self._password = password
        self._scheme = ""
        self._challenge: dict[str, str] = {}
        self._uses = 0

    @property
    def is_challenged(self) -> bool:
        """Whether a challenge has been seen that can be answered."""
        return bool(self._scheme)

    def learn(self, challenges: Sequence[str]) -> bool:
        """Take the first challenge that can be answered; False when there is none."""
        for challenge in challenges:
            scheme, _, rest = challenge.partition(" ")
            fields = fields_of(rest)
            if scheme.lower() == "basic" or (scheme.lower() == "digest" and fields.get("algorithm", "") in _HASHES):
                self._scheme, self._challenge, self._uses = scheme.lower(), fields, 0
                return True
        return False

    def authorization(self, method: str, uri: str) -> str:
        """The header that answers the challenge; each call is one more use of its nonce."""
        if self._scheme == "basic":
            return "Basic " + base64.b64encode(f"{self.username}:{self._password}".encode()).decode()
        self._uses += 1
        said = self._challenge
        fields = {"username": self.username, "realm": said.get("realm", ""), "nonce": said["nonce"], "uri": uri}
        if "qop" in said:
            fields |= {"qop": "auth", "nc": f"{self._uses:08x}", "cnonce": f"c{self._uses}"}
        fields |= {name: said[name] for name in ("algorithm", "opaque") if name in said}
        fields["response"] = response_to(fields, self._password, method)
        bare = {"qop", "nc", "algorithm"}
        return "Digest " + ", ".join(
            f"{key}={text}" if key in bare else f'{key}="{text}"' for key, text in fields.items()
        )


def fields_of(text: str) -> dict[str, str]:
    """The fields of a challenge or of credentials, with their names in small letters."""
    return {name.lower(): quoted or bare for name, quoted, bare in _FIELD.findall(text)}


def response_to(fields: dict[str, str], password: str, method: str) -> str:
    """The response that belongs into these Digest credentials (RFC 7616 section 3.4.1)."""
    kind = _HASHES[fields.get("algorithm", "")]

    def hashed(*parts: str) -> str:
        return kind(":".join(parts).encode()).hexdigest()

    secret, request = hashed(fields["username"], fields["realm"], password), hashed(method, fields["uri"])
    if "qop" not in fields:
        return hashed(secret, fields["nonce"], request)
    return hashed(secret, fields["nonce"], fields["nc"], fields["cnonce"], fields["qop"], request)
