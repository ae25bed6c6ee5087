"""Ticks: round, few, covering, and on the calendar."""

import itertools
import math
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charts.axis import Scale, axis_labels, place_ticks
from charts.formats import number, percent
from charts.ticks import calendar_ticks, nice_ticks
from charts.timeline import MomentLine, NumberLine, Tick, line_for

values = st.floats(min_value=-1e300, max_value=1e300, allow_nan=False)
dates = st.dates()


@given(values, values, st.integers(1, 12), st.booleans())
def test_nice_ticks_cover_the_values_with_few_round_steps(one, other, most, whole):
    low, high = min(one, other), max(one, other)
    ticks = nice_ticks(low, high, most, whole=whole)

    assert 2 <= len(ticks) <= max(most, 3)
    assert ticks[0] <= low
    assert high <= ticks[-1]
    assert ticks == sorted(set(ticks))
    if whole:
        assert all(tick == int(tick) for tick in ticks)


@given(st.integers(-10_000, 10_000), st.integers(1, 10_000), st.integers(-8, 8), st.integers(3, 12))
def test_nice_ticks_step_by_one_two_or_five(low, span, exponent, most):
    scale = Fraction(10) ** exponent
    ticks = nice_ticks(float(low * scale), float((low + span) * scale), most)

    step = ticks[1] - ticks[0]
    mantissa = step / 10 ** math.floor(math.log10(step * (1 + 1e-9)))
    assert round(mantissa, 6) in (1, 2, 5)
    for before, after in itertools.pairwise(ticks):
        assert after - before == pytest.approx(step, rel=1e-6)


@given(st.floats(-1e9, -1e-9), st.floats(1e-9, 1e9))
def test_nice_ticks_hit_zero_exactly(low, high):
    assert 0.0 in nice_ticks(low, high, 6)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 100, [0, 20, 40, 60, 80, 100]),
        (0, 0.7, [0, 0.2, 0.4, 0.6, 0.8]),
        (-3, 7, [-4, -2, 0, 2, 4, 6, 8]),
        (0, 0, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (5, 5, [0, 1, 2, 3, 4, 5]),
    ],
)
def test_nice_ticks_are_what_a_person_would_choose(low, high, expected):
    assert nice_ticks(low, high, 7) == expected


def test_nice_ticks_of_counts_are_whole():
    assert nice_ticks(0, 1, 6, whole=True) == [0, 1]
    assert nice_ticks(0, 3, 8, whole=True) == [0, 1, 2, 3]


def test_nice_ticks_refuse_a_reversed_axis():
    with pytest.raises(ValueError, match="smaller end first"):
        nice_ticks(2, 1, 5)


@given(dates, dates, st.integers(1, 15))
def test_calendar_ticks_lie_on_the_calendar(one, other, most):
    first, last = min(one, other), max(one, other)
    unit, ticks = calendar_ticks(first, last, most)

    assert len(ticks) <= most
    assert ticks == sorted(set(ticks))
    assert all(first <= tick <= last for tick in ticks)
    if unit == "week":
        assert all(tick.isoweekday() == 1 for tick in ticks)
    if unit in ("month", "year"):
        assert all(tick.day == 1 for tick in ticks)
    if unit == "year":
        assert all(tick.month == 1 for tick in ticks)


@pytest.mark.parametrize(
    ("span", "unit", "second"),
    [(5, "day", date(2024, 3, 2)), (60, "week", date(2024, 3, 11)), (300, "month", date(2024, 4, 1))],
)
def test_calendar_ticks_grow_from_days_to_months(span, unit, second):
    first = date(2024, 3, 1)
    found, ticks = calendar_ticks(first, first + timedelta(days=span), 10)

    assert (found, ticks[1]) == (unit, second)


def test_day_labels_name_the_year_where_it_changes():
    line = line_for([date(2023, 11, 20)])
    low, high = line.position(date(2023, 11, 20)), line.position(date(2024, 2, 20))

    assert [tick.label for tick in line.ticks(low, high, 400)] == ["Dec 2023", "Jan 2024", "Feb"]


def test_moments_are_cut_at_midnight_of_their_zone():
    berlin = ZoneInfo("Europe/Berlin")
    first = datetime(2024, 3, 28, 12, tzinfo=berlin)  # summer time starts on the 31st
    line = MomentLine(berlin)
    ticks = line.ticks(line.position(first), line.position(first + timedelta(days=6)), 700)

    assert [tick.label for tick in ticks] == ["29 Mar 2024", "30 Mar", "31 Mar", "1 Apr", "2 Apr", "3 Apr"]
    april = next(tick for tick in ticks if tick.label == "1 Apr")
    assert april.position * 86400 == datetime(2024, 3, 31, 22, tzinfo=UTC).timestamp()


def test_short_spans_have_hours_also_when_the_clock_changes():
    berlin = ZoneInfo("Europe/Berlin")
    line = MomentLine(berlin)
    start = line.position(datetime(2024, 3, 31, 0, tzinfo=berlin))
    labels = [tick.label for tick in line.ticks(start, start + 6 / 24, 700)]

    assert labels[:3] == ["31 Mar", "01:00", "03:00"]  # 02:00 does not exist that night


@given(st.lists(st.tuples(st.floats(0, 1), st.text(max_size=30)), max_size=40), st.integers(100, 1200))
def test_placed_ticks_keep_their_distance(marks, width):
    ticks = [Tick(position, label) for position, label in sorted(marks)]
    placed = place_ticks(ticks, Scale(0, 1, 40, width - 10), 2, width - 2)

    for before, after in itertools.pairwise(placed):
        assert before.right + 8 <= after.left + 1e-6
    for item in placed:
        assert item.left >= 2 - 1e-6


def test_number_line_writes_short_ticks():
    assert [tick.label for tick in NumberLine().ticks(0, 20_000, 320)] == ["0", "5k", "10k", "15k", "20k"]


def test_axis_labels_differ_even_when_values_are_close():
    ticks = nice_ticks(1_000_000, 1_000_004, 5)

    assert axis_labels(ticks, number)[:2] == ["1,000,000", "1,000,001"]
    assert axis_labels(nice_ticks(0, 0.004, 5), percent) == ["0%", "0.1%", "0.2%", "0.3%", "0.4%"]


@pytest.mark.parametrize(
    "places",
    [
        [date(2024, 1, 1), 5],
        [5, date(2024, 1, 1)],
        [datetime(2024, 1, 1, tzinfo=UTC), date(2024, 1, 1)],
        [date(2024, 1, 1), datetime(2024, 1, 1, tzinfo=UTC)],
    ],
)
def test_axis_refuses_mixed_kinds(places):
    line = line_for(places)
    with pytest.raises(ValueError, match="one kind"):
        line.position(places[1])


def test_axis_refuses_moments_without_zone():
    naive = datetime(2024, 1, 1)  # noqa: DTZ001 - the point of the test
    with pytest.raises(ValueError, match="no time zone"):
        line_for([naive]).position(naive)
