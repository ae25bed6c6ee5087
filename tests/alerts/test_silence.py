"""When silence means that something has stopped, and when a property is not what it was. Pure."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ingestion.rules.catalogue import add_days, merge, observe
from ingestion.rules.silence import Drift, drifts, fall, missing_events, missing_from_source

BERLIN = ZoneInfo("Europe/Berlin")
FRIDAY = datetime(2026, 3, 27, 16, 0, tzinfo=UTC)  # the last event; on Sunday the clocks go forward
HOUR = timedelta(hours=1)


def weeks(on_weekday: int, on_weekend: int = 0) -> dict[str, int]:
    """Five weeks of the same numbers."""
    days = [FRIDAY.date() - timedelta(days=ago) for ago in range(35)]
    return {day.isoformat(): on_weekend if day.weekday() > 4 else on_weekday for day in days}


@pytest.mark.parametrize(
    ("days", "hours", "is_missed"),
    [
        pytest.param(weeks(100, 100), 30, False, id="no whole day has passed"),
        pytest.param(weeks(100, 100), 32, True, id="a whole day has"),
        pytest.param(weeks(100, 0), 60, False, id="a weekend without any is usual"),
        pytest.param(weeks(100, 0), 84, True, id="and a Monday without is not"),
        pytest.param(weeks(3, 3), 48, False, id="seldom"),
        pytest.param(weeks(3, 3), 24 * 9, True, id="seldom, but for too long"),
        pytest.param({FRIDAY.date().isoformat(): 5000}, 24 * 60, False, id="once, never regular"),
        pytest.param({}, 24 * 400, False, id="nothing known"),
    ],
)
def test_silence_is_measured_by_what_was_usual(days, hours, is_missed):
    found = missing_events(days, FRIDAY, FRIDAY + hours * HOUR, BERLIN)

    assert (found is not None) == is_missed


def test_what_was_to_be_expected_is_the_sum_of_whole_days():
    assert missing_events(weeks(240, 40), FRIDAY, FRIDAY + 100 * HOUR, BERLIN) == 40 + 40 + 240


def shape_of(*days):
    """Slices of events, a day each: {day: (number, properties)}."""
    shape, volume = {}, {}
    for day, number, properties in days:
        part: dict = {}
        for _ in range(number):
            observe(part, properties, day)
        shape, volume = merge(shape, part), add_days(volume, {day: number})
    return shape, volume


def test_a_property_that_is_no_longer_there_is_gone():
    shape, days = shape_of(("2026-03-01", 30, {"plan": "pro", "n": 1}), ("2026-03-02", 20, {"n": 1}))

    assert drifts(shape, days, {"plan", "n", "never"}) == [Drift("plan")]


def test_one_that_is_often_left_out_is_not():
    shape, days = shape_of(("2026-03-01", 30, {"plan": "pro"}), ("2026-03-02", 19, {}))

    assert drifts(shape, days, {"plan"}) == []


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        (12, "12", [Drift("n", "number", "string")]),
        ("a", True, [Drift("n", "string", "boolean")]),
        (12, 12.5, []),
        ("2026-01-01", "soon", []),
        (12, None, []),
    ],
)
def test_another_type_is_a_change_unless_it_reads_the_same(before, after, found):
    shape, days = shape_of(("2026-03-01", 30, {"n": before}), ("2026-03-02", 30, {"n": after}))

    assert drifts(shape, days, {"n"}) == found


def test_two_types_that_both_come_are_no_change():
    both = [("2026-03-01", 30, {"n": 1}), ("2026-03-01", 30, {"n": "1"})]
    shape, days = shape_of(*both, ("2026-03-02", 30, {"n": 1}), ("2026-03-02", 30, {"n": "1"}))

    assert drifts(shape, days, {"n"}) == []


NOW = FRIDAY + 84 * HOUR  # Tuesday: Saturday to Monday are whole days


def with_days(days, **numbers):
    """The same with other numbers on days of March 2026, given as d28=…"""
    return days | {f"2026-03-{day[1:]}": number for day, number in numbers.items()}


@pytest.mark.parametrize(
    ("numbers", "found"),
    [
        pytest.param({"d28": 40, "d29": 40, "d30": 40}, None, id="as usual"),
        pytest.param({"d28": 20, "d29": 20, "d30": 21}, None, id="a little more than half"),
        pytest.param({"d28": 20, "d29": 20, "d30": 20}, (60, 120.0), id="half"),
        pytest.param({"d28": 0, "d29": 0, "d30": 5}, (5, 120.0), id="nearly nothing"),
    ],
)
def test_half_of_what_is_usual_is_a_fall(numbers, found):
    assert fall(with_days(weeks(40, 40), **numbers), NOW, BERLIN) == found


def test_what_is_seldom_does_not_fall():
    assert fall(weeks(33, 33), NOW, BERLIN) is None


@pytest.mark.parametrize(
    ("others", "is_missed"),
    [
        pytest.param(40, True, id="the others go on as before"),
        pytest.param(59, True, id="they took over less than half"),
        pytest.param(60, False, id="they took over half"),
    ],
)
def test_a_source_that_stops_is_missed_unless_others_took_over(others, is_missed):
    own = weeks(40, 40)
    every = with_days(weeks(80, 80), d28=others, d29=others, d30=others)

    found = missing_from_source(own, every, FRIDAY, NOW, BERLIN)

    assert found == (120.0 if is_missed else None)


def test_after_four_weeks_without_a_source_that_is_usual():
    days = weeks(40, 40)

    assert missing_from_source(days, days, FRIDAY, FRIDAY + 29 * 24 * HOUR, BERLIN) is not None
    assert missing_from_source(days, days, FRIDAY, FRIDAY + 31 * 24 * HOUR, BERLIN) is None
