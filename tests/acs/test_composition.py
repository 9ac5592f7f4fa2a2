"""What the composition root brings to the services."""

from acs.composition import SystemChance


def test_no_octet_of_chance_is_given_out_twice() -> None:
    chance = SystemChance()
    # More than one pool of it, in pieces that do not fit into it evenly, and a piece that is larger.
    given = [chance.octets(count) for count in (6, 12, 16, 32, 19) * 100 for _ in range(2)]
    assert [len(each) for each in given[:6]] == [6, 6, 12, 12, 16, 16]
    pieces = [each[start : start + 6] for each in given for start in range(len(each) - 5)]
    assert len(set(pieces)) == len(pieces)
    assert len(chance.octets(10_000)) == 10_000
