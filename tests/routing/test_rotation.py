"""Round robin that everybody can check: fair, and nobody is flooded."""

from collections import Counter
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from routing.rules.rotation import TURN, Seat, next_turn, starting_pointer

seats_of_any_pool = st.lists(st.integers(1, 16), min_size=1, max_size=6).map(
    lambda weights: [Seat(f"rep-{n}", n, weight, 0) for n, weight in enumerate(weights)]
)


def deal(seats: list[Seat], leads: int) -> tuple[list[Seat], Counter[str]]:
    given_to: Counter[str] = Counter()
    for _lead in range(leads):
        turn = next_turn(seats)
        seats = [
            replace(
                seat,
                pointer=turn.pointers.get(seat.key, seat.pointer),
                open_leads=seat.open_leads + (seat.key == turn.key),
            )
            for seat in seats
        ]
        if turn.key:
            given_to[turn.key] += 1
    return seats, given_to


@given(seats_of_any_pool, st.integers(0, 120))
@settings(deadline=None)
def test_everybody_gets_their_share_within_one_lead(seats, leads):
    _seats, given_to = deal(seats, leads)

    total = sum(seat.weight for seat in seats)
    for seat in seats:
        assert abs(given_to[seat.key] - leads * seat.weight / total) <= 1 + seat.weight / total * len(seats)


@given(seats_of_any_pool)
@settings(deadline=None)
def test_a_full_round_is_exact(seats):
    rounds = sum(seat.weight for seat in seats)

    _seats, given_to = deal(seats, rounds)

    assert dict(given_to) == {seat.key: seat.weight for seat in seats}


@given(seats_of_any_pool, st.data())
@settings(deadline=None)
def test_capacity_and_leave_are_respected(seats, data):
    seats = [
        replace(
            seat, capacity=data.draw(st.none() | st.integers(1, 5)), is_available=data.draw(st.booleans())
        )
        for seat in seats
    ]

    after, given_to = deal(seats, 60)

    for seat in after:
        assert seat.capacity is None or seat.open_leads <= seat.capacity
        assert seat.is_available or given_to[seat.key] == 0
    able = [seat for seat in seats if seat.is_available]
    if able and all(seat.capacity is not None for seat in able):
        assert sum(given_to.values()) == min(60, sum(seat.capacity for seat in able))


@given(seats_of_any_pool, st.integers(1, 100))
@settings(deadline=None)
def test_nobody_is_flooded_on_return(seats, missed):
    """However long somebody was away: of the next round they get their share and one more at the most."""
    away = [replace(seats[0], is_available=False), *seats[1:], Seat("z", 99, 1, 0)]
    away, _given = deal(away, missed)
    back = replace(away[0], is_available=True, pointer=starting_pointer(away[0].pointer, away[1:]))

    _seats, given_to = deal([back, *away[1:]], sum(seat.weight for seat in away))

    assert given_to[back.key] <= back.weight + 1


@given(seats_of_any_pool, st.integers(1, 100))
@settings(deadline=None)
def test_nobody_is_flooded_after_being_full(seats, missed):
    full = [replace(seats[0], capacity=1, open_leads=1), *seats[1:], Seat("z", 99, 1, 0)]
    full, _given = deal(full, missed)
    free = replace(full[0], capacity=None)

    _seats, given_to = deal([free, *full[1:]], sum(seat.weight for seat in full))

    assert given_to[free.key] <= free.weight + 1


@given(seats_of_any_pool, st.integers(0, 100))
@settings(deadline=None)
def test_nobody_is_flooded_on_joining(seats, leads):
    before, _given = deal(seats, leads)
    new = Seat("new", 99, 1, starting_pointer(0, before))

    _seats, given_to = deal([*before, new], sum(seat.weight for seat in seats) + 1)

    assert given_to["new"] <= 2


def test_ties_go_by_place():
    seats = [Seat("b", 1, 1, 0), Seat("a", 0, 1, 0)]

    assert [next_turn(seats).key, next_turn(list(reversed(seats))).key] == ["a", "a"]


def test_taking_one_adds_a_turn():
    assert next_turn([Seat("a", 0, 4, 5)]).pointers == {"a": 5 + TURN // 4}


def test_nobody_free():
    turn = next_turn([Seat("a", 0, 1, 0, open_leads=3, capacity=3), Seat("b", 1, 1, 0, is_available=False)])

    assert (turn.key, turn.pointers) == (None, {})


def test_turns_are_exact_for_every_weight():
    assert all(TURN % weight == 0 for weight in range(1, 17))
