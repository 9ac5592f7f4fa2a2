"""The token that opens the API for the first time."""

from typing import Final

from acs.auth.passwords import hash_token, token_from
from acs.domain.token import NewToken, Role
from acs.services.tools import Tools
from acs.store.tokens import TokenStore

TOKEN_OCTETS: Final = 32
"""How much chance is in a token."""


async def make_first_token(tools: Tools, tokens: TokenStore) -> str | None:
    """Make an admin token where there has never been one: the token, if it is a new one that somebody must be told."""
    given = tools.settings.bootstrap_token
    text = token_from(tools.chance.octets(TOKEN_OCTETS)) if given is None else given.get_secret_value()
    hashed, at = hash_token(text), tools.clock.wall()
    made = await tokens.create_first(NewToken("first", Role.ADMIN, hashed), at)
    if given is None:
        return None if made is None else text
    token = await tokens.by_hash(hashed)
    if token is None or not token.is_good(at):
        tools.log.warning("AIOACS_BOOTSTRAP_TOKEN opens nothing: the first token was another; see aioacs token create")
    return None
