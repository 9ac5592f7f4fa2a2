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
    made = await tokens.create_first(NewToken("first", Role.ADMIN, hash_token(text)), tools.clock.wall())
    return text if made is not None and given is None else None
