"""Logins in URLs, as in ``https://user:password@host/path``: a URL is shown without its login."""

import re
from typing import Final

from acs.domain.secret_names import MASK

# The login ends at the last "@" before the path (RFC 3986, 3.2). Where no port follows the host, what looks like one is
# the beginning of a password with a "/", "?" or "#" in it, also behind a user's name that is an address of mail: such a
# login ends at the last "@" that there is.
_NO_PORT: Final = r"""[^\s/?#:@\[]*:(?![0-9]{0,5}(?:[\s/"'<>,;)\]}]|\Z)|[0-9]{1,5}[?#])"""
_LOGIN: Final = re.compile(
    rf"(?<=://)(?:[^\s/?#]+@(?!{_NO_PORT})|(?:[^\s/?#:@\[]*@)?{_NO_PORT}.*@)",
    re.ASCII | re.DOTALL,
)


def masked_logins(text: str) -> str:
    """A text in which the mask stands in the place of each login of a URL: of the user's name, too, for many are
    tokens.
    """
    # Behind the last "@" there is no login, and up to there nothing is looked through twice.
    before, at, rest = text.rpartition("@")
    return _LOGIN.sub(f"{MASK}@", before + at) + rest if "://" in before else text


def logins_in(text: str) -> list[str]:
    """The logins of the URLs in a text, as they stand there."""
    before, at, _ = text.rpartition("@")
    return [found[0][:-1] for found in _LOGIN.finditer(before + at)] if "://" in before else []


def holds_login(text: str) -> bool:
    """Whether there is a URL with a login in a text, and not just with the mask of one."""
    return masked_logins(text) != text
