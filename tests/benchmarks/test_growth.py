"""What is measured with so many devices, here so few that it says nothing about growth."""

from benchmarks.growth import Plan, measure


def test_every_cost_is_a_point_of_its_curve() -> None:
    figures = list(measure(Plan("sqlite", rounds=1, sessions=20, requests=1, devices=(5,), idle=0.1, starts=1)))
    points: dict[str, list[float]] = {}
    for each in figures:
        assert each.point is not None
        points.setdefault(each.point[0], []).append(each.point[1])
    assert all(numbers == [5] for numbers in points.values())
    assert {name.partition(":")[0] for name in points} == {"a session", "the API", "the process", "size"}
    found = {each.name: each.value for each in figures}
    assert found["a session, statements, 5 devices"] > 0
    assert found["the API, devices, page, 5 devices"] > 0
    assert len(found) == len(figures)
