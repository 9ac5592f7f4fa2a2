"""From the POST to the effect, on a server and a router that are real; too short to say anything about speed."""

from benchmarks.engine.effect import figures


def test_operations_are_done_and_the_times_told() -> None:
    waited, looked = figures("sqlite", 2)
    for each in (waited, looked):
        assert each.value > 0
        assert each.rounds == 2
        assert each.limit is not None
    assert (waited.name, looked.name) == (
        "from POST to completed, waited for, sqlite: p50",
        "from POST to completed, looked for, sqlite: p50",
    )
