"""A short run of the fuzzers with fixed seeds; ``make fuzz`` is the long one."""

from fuzz import envelopes, memory


def test_mutated_envelopes_give_messages_or_documented_errors() -> None:
    outcomes = {outcome for data in envelopes.inputs(seed=7, count=4_000) for outcome in [envelopes.outcome_of(data)]}
    assert {"NOT_XML", "NOT_AN_ENVELOPE", "NO_SERIAL_NUMBER", "Inform", "Fault", "Vendor"} <= outcomes


def test_mutated_compressed_bodies_inflate_or_are_refused() -> None:
    assert set(envelopes.run_compressed(seed=7, count=1_000)) >= {"inflated", "COMPRESSION"}


def test_no_input_costs_more_memory_than_its_bound() -> None:
    for name, (size, peak) in memory.measure().items():
        assert peak <= memory.bound(size), f"{name}: {peak} bytes for an input of {size}"
