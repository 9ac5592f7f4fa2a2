"""Who says that a request was carried out, and what that changes."""

from dataclasses import replace

import pytest

from acs.domain.contact import Proof
from acs.domain.queue import OperationState, Phase
from acs.domain.settlement import Settled, Settlement
from tests.contract.opened import OpenStore
from tests.contract.samples import AT, claim, inform, make_device, meet, operation, record_of, send


async def test_what_was_sent_and_must_not_be_repeated_is_unknown_after_a_loss(store: OpenStore) -> None:
    device_id = await make_device(store)
    await store.operations.queue(operation(device_id, "harmful"), AT)
    fence, claimed = await claim(store, device_id)
    await send(store, device_id, fence, claimed)
    await store.reopen()
    later = (await meet(store, device_id, AT + 1)).fence
    assert await store.operations.recover(device_id, later, AT + 1, "lost") == [
        (claimed.public_id, OperationState.UNKNOWN)
    ]
    record = await record_of(store, claimed.public_id)
    assert (record.state, record.fault, record.completed_at, record.sent) == (
        OperationState.UNKNOWN,
        "lost",
        AT + 1,
        "Reboot",
    )
    assert await store.operations.claim(device_id, later, AT + 2) is None
    proven = await store.contacts.record_inform(
        replace(inform(device_id, AT + 3), proofs=(Proof("Reboot", claimed.command_key),))
    )
    assert proven is not None
    assert proven.proven == (claimed.public_id,)
    record = await record_of(store, claimed.public_id)
    assert (record.state, record.fault, record.completed_at) == (OperationState.COMPLETED, "", AT + 3)


@pytest.mark.parametrize("method", ["Download", "ScheduleInform"])
async def test_an_event_that_names_a_request_proves_it_but_no_transfer_of_ours(store: OpenStore, method: str) -> None:
    device_id = await make_device(store)
    for name, kind in (("1", "rpc"), ("2", "download")):
        await store.operations.queue(replace(operation(device_id, name), kind=kind), AT)
    fence, asked = await claim(store, device_id)
    await send(store, device_id, fence, asked, method)
    ours = await store.operations.claim(device_id, fence, AT)
    assert ours is not None
    await send(store, device_id, fence, ours, method)
    later = (await meet(store, device_id, AT + 1)).fence
    await store.operations.recover(device_id, later, AT + 1, "lost")
    proofs = tuple(Proof(method, each.command_key) for each in (asked, ours))
    told = await store.contacts.record_inform(replace(inform(device_id, AT + 2), proofs=proofs))
    assert told is not None
    assert told.proven == (asked.public_id,)
    states = [(await record_of(store, each.public_id)).state for each in (asked, ours)]
    assert states == [OperationState.COMPLETED, OperationState.UNKNOWN]


async def test_what_is_not_proven_in_time_fails_and_a_late_proof_still_counts(store: OpenStore) -> None:
    device_id = await make_device(store)
    await store.operations.queue(operation(device_id), AT)
    fence, claimed = await claim(store, device_id)
    await send(store, device_id, fence, claimed)
    waits = Settlement(
        claimed, OperationState.IN_PROGRESS, AT + 1, phase=Phase.AWAITING, sent="Reboot", proof_by=AT + 100
    )
    assert await store.operations.settle(device_id, fence, waits) == Settled(True, False, None)
    # It waits for the device, not for a session: a new one leaves it alone.
    later = (await meet(store, device_id, AT + 2)).fence
    assert await store.operations.recover(device_id, later, AT + 2, "lost") == []
    assert await store.operations.fail_unproven(AT + 99, "no proof", 9) == []
    assert await store.operations.fail_unproven(AT + 100, "no proof", 9) == [(device_id, claimed.public_id)]
    assert (await record_of(store, claimed.public_id)).state is OperationState.FAILED
    other = inform(device_id, AT + 101)
    stranger = await store.contacts.record_inform(replace(other, proofs=(Proof("Reboot", "another key"),)))
    assert stranger is not None
    assert stranger.proven == ()
    unnamed = await store.contacts.record_inform(replace(other, proofs=(Proof("Reboot", None),)))
    assert unnamed is not None
    assert unnamed.proven == (claimed.public_id,)
