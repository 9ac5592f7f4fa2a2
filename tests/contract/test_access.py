"""Tokens, the audit log, and requests that may be sent again."""

import asyncio
from dataclasses import replace

import pytest

from acs.domain.audit import AuditEntry
from acs.domain.request_key import RequestKey
from acs.domain.token import NewToken, Role
from acs.store.audit import AuditFilter
from acs.store.errors import ConflictError
from acs.store.idempotency import Answered, Claimed, Differs, Pending
from acs.store.listing import Slice
from acs.store.tokens import TOUCH_INTERVAL
from tests.contract.opened import OpenStore, Probe, opened
from tests.contract.samples import AT, TEXTS

_TOKEN = NewToken("for the NOC", Role.OPERATOR, "hash 1", (3, 1), AT + 1000)


async def test_a_token_is_found_by_its_hash_as_it_was_made(store: OpenStore) -> None:
    number = await store.tokens.create(_TOKEN, AT)
    everything = await store.tokens.create(NewToken("all", Role.ADMIN, "hash 2"), AT)
    nothing = await store.tokens.create(NewToken("none", Role.VIEWER, "hash 3", ()), AT)
    await store.reopen()
    token = await store.tokens.by_hash("hash 1")
    assert token is not None
    assert token == await store.tokens.by_id(number)
    assert (token.id, token.name, token.role, token.organizations) == (number, "for the NOC", Role.OPERATOR, (3, 1))
    assert (token.created, token.expires_at, token.revoked_at, token.last_used) == (AT, AT + 1000, None, None)
    page = await store.tokens.page(Slice())
    found = {each.id: each.organizations for each in page.items}
    assert found == {number: (3, 1), everything: None, nothing: ()}, "bound to nothing is not the same as not bound"
    assert page.count == 3
    assert await store.tokens.by_hash("hash") is None


async def test_a_token_shows_no_hash(store: OpenStore) -> None:
    await store.tokens.create(_TOKEN, AT)
    assert "hash 1" not in repr(_TOKEN) + repr(await store.tokens.by_hash("hash 1"))


async def test_a_token_that_expired_or_was_taken_back_is_good_for_nothing(store: OpenStore) -> None:
    number = await store.tokens.create(_TOKEN, AT)
    token = await store.tokens.by_id(number)
    assert token is not None
    assert [token.is_good(at) for at in (AT, AT + 999.9, AT + 1000, AT + 1001)] == [True, True, False, False]
    assert replace(token, expires_at=None).is_good(AT + 1e9)
    assert await store.tokens.revoke(number, AT + 5)
    assert not await store.tokens.revoke(number, AT + 6), "the first time stands"
    assert not await store.tokens.revoke(99, AT)
    token = await store.tokens.by_hash("hash 1")
    assert token is not None
    assert (token.revoked_at, token.is_good(AT + 6)) == (AT + 5, False)


async def test_tokens_that_see_no_more_than_some_organizations_are_listed_apart(store: OpenStore) -> None:
    bounds: list[tuple[int, ...] | None] = [None, (), (1,), (3, 1), (1, 2, 3), (9,)]
    for place, bound in enumerate(bounds):
        await store.tokens.create(NewToken(f"t{place}", Role.VIEWER, f"hash {place}", bound), AT)

    async def names(*within: int) -> list[str]:
        page = await store.tokens.page(Slice(), within, "-name")
        assert page.count == len(page.items)
        return [each.name for each in page.items]

    assert await names(1, 3) == ["t3", "t2", "t1"]
    assert await names(2) == ["t1"]
    assert await names() == ["t1"]


async def test_the_same_token_cannot_be_kept_twice(store: OpenStore) -> None:
    await store.tokens.create(_TOKEN, AT)
    with pytest.raises(ConflictError, match="another token has the same hash"):
        await store.tokens.create(_TOKEN, AT)


async def test_the_first_token_is_made_once_and_never_again(store: OpenStore) -> None:
    first = NewToken("first", Role.ADMIN, "hash 1")
    number = await store.tokens.create_first(first, AT)
    assert number is not None
    await store.tokens.revoke(number, AT)
    await store.reopen()
    assert await store.tokens.create_first(NewToken("first", Role.ADMIN, "hash 2"), AT) is None
    assert (await store.tokens.page(Slice())).items == [], "what was taken back is shown no more"


async def test_the_use_of_a_token_is_noted_now_and_then(store: OpenStore, probe: Probe) -> None:
    number = await store.tokens.create(_TOKEN, AT)
    other = await store.tokens.create(replace(_TOKEN, hash="hash 2"), AT)

    async def use(at: float) -> float | None:
        token = await store.tokens.by_id(number)
        assert token is not None
        await store.tokens.touch(token, at)
        token = await store.tokens.by_id(number)
        assert token is not None
        return token.last_used

    assert await use(AT) == AT
    assert await use(AT + TOUCH_INTERVAL - 1) == AT
    assert await use(AT + TOUCH_INTERVAL) == AT + TOUCH_INTERVAL
    stale = await store.tokens.by_id(other)
    assert stale is not None
    await store.tokens.touch(stale, AT + 10)
    # Another worker, which has read it before.
    await store.tokens.touch(stale, AT + 20)
    assert await probe.value(f"SELECT last_used FROM token WHERE id = {other}") == AT + 10


# --- the audit log


def _entry(number: int, organization_id: int | None = None, resource_id: str = "1") -> AuditEntry:
    return AuditEntry(
        at=AT + number,
        actor="token 1 (noc)",
        address="192.0.2.9",
        action="update",
        resource="device",
        resource_id=resource_id,
        organization_id=organization_id,
        before=f'{{"n": {number}}}',
        after="{}",
    )


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: repr(text[:12]))
async def test_an_entry_is_kept_as_it_was_written(store: OpenStore, text: str) -> None:
    entry = AuditEntry(AT, text, text, text[:500], text[:500], text[:500], None, text, text)
    await store.audit.append(entry)
    await store.reopen()
    for wanted in (
        AuditFilter(),
        AuditFilter(resource=text[:500], resource_id=text[:500], actor=text, action=text[:500]),
    ):
        assert [each.entry for each in (await store.audit.page(Slice(), wanted)).items] == [entry]


async def _paged(store: OpenStore, wanted: AuditFilter, limit: int) -> list[float]:
    """The times of all entries, page by page; by offsets and by cursors they are the same."""
    by_offset: list[float] = []
    by_cursor: list[float] = []
    part: Slice | None = Slice(limit)
    while part is not None:
        page = await store.audit.page(part, wanted)
        by_cursor += [each.entry.at for each in page.items]
        by_offset += [each.entry.at for each in (await store.audit.page(Slice(limit, len(by_offset)), wanted)).items]
        part = None if page.following is None else Slice(limit, after=page.following)
    assert by_offset == by_cursor
    assert len(by_cursor) == page.count
    return by_cursor


async def test_the_log_is_paged_from_its_newest_entry(store: OpenStore) -> None:
    for number in (3, 1, 0, 2, 6, 5, 4):
        await store.audit.append(_entry(number))
    assert await _paged(store, AuditFilter(), 3) == [AT + number for number in reversed(range(7))]
    assert await _paged(store, AuditFilter(since=AT + 2, until=AT + 5), 2) == [AT + 4, AT + 3, AT + 2]


async def test_the_log_of_some_organizations_holds_nothing_of_others(store: OpenStore) -> None:
    for number in range(30):
        await store.audit.append(_entry(number, [None, 1, 2, 3][number % 4]))
    wanted = [AT + number for number in reversed(range(30)) if number % 4 in {1, 3}]
    assert await _paged(store, AuditFilter(organizations=[3, 1, 3, 77]), 4) == wanted
    only = [AT + number for number in reversed(range(30)) if number % 4 == 2]
    assert await _paged(store, AuditFilter(organizations=[2]), 4) == only
    assert await _paged(store, AuditFilter(organizations=[]), 4) == []


async def test_the_log_of_one_thing_holds_nothing_of_others(store: OpenStore) -> None:
    for number in range(6):
        await store.audit.append(_entry(number, resource_id=str(number % 2)))
    assert await _paged(store, AuditFilter(resource="device", resource_id="1"), 2) == [AT + 5, AT + 3, AT + 1]
    assert await _paged(store, AuditFilter(resource="location"), 2) == []


async def test_the_log_is_pruned_at_its_old_end_a_few_at_a_time(store: OpenStore) -> None:
    for number in range(10):
        await store.audit.append(_entry(number))
    assert [await store.audit.prune(AT + 7, 3) for _ in range(4)] == [3, 3, 1, 0]
    assert [each.entry.at for each in (await store.audit.page(Slice())).items] == [AT + 9, AT + 8, AT + 7]


# --- requests that may be sent again


async def test_the_first_claim_wins_and_the_same_request_gets_its_answer(store: OpenStore) -> None:
    keys = store.idempotency
    assert await keys.claim(RequestKey("1", "key"), "print", AT) == Claimed()
    assert await keys.claim(RequestKey("1", "key"), "print", AT) == Pending(AT)
    assert await keys.claim(RequestKey("1", "key"), "other print", AT) == Differs()
    await keys.answer(RequestKey("1", "key"), 201, '{"id": "ü😀"}')
    await store.reopen()
    keys = store.idempotency
    assert await keys.claim(RequestKey("1", "key"), "print", AT) == Answered(201, '{"id": "ü😀"}')
    assert await keys.claim(RequestKey("1", "key"), "other print", AT) == Differs()


async def test_keys_of_one_owner_are_nothing_to_another(store: OpenStore) -> None:
    assert await store.idempotency.claim(RequestKey("1", "key"), "print", AT) == Claimed()
    assert await store.idempotency.claim(RequestKey("2", "key"), "other", AT) == Claimed()
    assert await store.idempotency.claim(RequestKey("1", "other key"), "other", AT) == Claimed()


async def test_a_request_that_did_nothing_may_be_sent_again_and_one_that_was_answered_may_not(store: OpenStore) -> None:
    await store.idempotency.claim(RequestKey("1", "key"), "print", AT)
    await store.idempotency.release(RequestKey("1", "key"), AT)
    assert await store.idempotency.claim(RequestKey("1", "key"), "other print", AT) == Claimed()
    await store.idempotency.answer(RequestKey("1", "key"), 201, "{}")
    await store.idempotency.release(RequestKey("1", "key"), AT)
    assert await store.idempotency.claim(RequestKey("1", "key"), "other print", AT) == Answered(201, "{}")


async def test_of_many_claims_at_once_on_two_workers_one_wins(store: OpenStore) -> None:
    async with opened(store.url) as second:
        for turn in range(10):
            claims = await asyncio.gather(
                *(each.idempotency.claim(RequestKey("1", f"key {turn}"), "print", AT) for each in (store, second) * 4)
            )
            assert sorted(type(claim).__name__ for claim in claims) == ["Claimed"] + ["Pending"] * 7


async def test_claims_of_one_owner_are_kept_apart_in_one_transaction(store: OpenStore) -> None:
    keys = [RequestKey("1", f"{number}") for number in range(30)]
    first = await asyncio.gather(*(store.idempotency.claim(key, "print", AT) for key in keys[:20]))
    assert set(first) == {Claimed()}
    again = await asyncio.gather(*(store.idempotency.claim(key, "print", AT) for key in keys[10:]))
    assert again == [Pending(AT)] * 10 + [Claimed()] * 10


async def test_old_keys_are_forgotten_a_few_at_a_time(store: OpenStore) -> None:
    for number in range(10):
        await store.idempotency.claim(RequestKey("1", f"{number}"), "print", AT + number)
    assert [await store.idempotency.prune(AT + 7, 3) for _ in range(4)] == [3, 3, 1, 0]
    assert await store.idempotency.claim(RequestKey("1", "6"), "print", AT) == Claimed()
    assert await store.idempotency.claim(RequestKey("1", "7"), "print", AT) == Pending(AT + 7)


async def test_a_key_whose_holder_is_gone_goes_to_one_other(store: OpenStore) -> None:
    keys = store.idempotency
    await keys.claim(RequestKey("1", "key"), "print", AT)
    async with opened(store.url) as second:
        taken = await asyncio.gather(
            *(each.idempotency.take_over(RequestKey("1", "key"), AT, AT + 9) for each in (store, second) * 3)
        )
    assert sorted(taken) == [False] * 5 + [True]
    assert await keys.claim(RequestKey("1", "key"), "print", AT + 10) == Pending(AT + 9)
    await keys.answer(RequestKey("1", "key"), 201, "{}")
    assert not await keys.take_over(RequestKey("1", "key"), AT + 9, AT + 20)
