from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from scoring.rules.spec import WindowKind
from scoring.rules.windows import TICK, Window, day_starts, end_of_day, local_midnight, today_at

BERLIN = ZoneInfo("Europe/Berlin")
WEEK = Window(WindowKind.DAYS, 7)


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


def test_today_is_the_day_that_ends_when_as_of_is_midnight():
    midnight = local_midnight(date(2014, 4, 1), BERLIN)

    assert today_at(midnight, BERLIN) == date(2014, 3, 31)
    assert today_at(midnight + TICK, BERLIN) == date(2014, 4, 1)


def test_last_7_days_begin_six_days_before_today():
    assert WEEK.start(utc(2026, 3, 10, 12), BERLIN) == utc(2026, 3, 3, 23)


def test_last_7_days_over_a_change_of_clocks_begin_at_the_local_midnight():
    assert WEEK.start(utc(2026, 3, 31, 12), BERLIN) == utc(2026, 3, 24, 23)
    assert WEEK.start(utc(2026, 4, 4, 22), BERLIN) == utc(2026, 3, 28, 23)


def test_last_hours_are_exact():
    as_of = utc(2026, 3, 29, 12, 30)

    assert Window(WindowKind.HOURS, 24).start(as_of, BERLIN) == as_of - timedelta(hours=24)


def test_ever_has_no_start_and_is_never_left():
    ever = Window(WindowKind.EVER)

    assert ever.start(utc(2026, 3, 1), BERLIN) is None
    assert ever.leaves_at(utc(2026, 3, 1), BERLIN) is None


@pytest.mark.parametrize(
    ("zone", "day", "midnight"),
    [
        ("America/Sao_Paulo", date(2018, 11, 4), utc(2018, 11, 4, 3)),  # 00:00 jumps to 01:00
        ("America/Havana", date(2024, 11, 3), utc(2024, 11, 3, 4)),  # 00:00 comes twice: the first
        ("Pacific/Apia", date(2011, 12, 31), utc(2011, 12, 30, 10)),  # the 30th was left out
        ("Asia/Kathmandu", date(2024, 6, 1), utc(2024, 5, 31, 18, 15)),
        ("Pacific/Chatham", date(2024, 4, 8), utc(2024, 4, 7, 11, 15)),
    ],
)
def test_a_local_day_begins_at_its_first_instant(zone, day, midnight):
    assert local_midnight(day, ZoneInfo(zone)) == midnight


@pytest.mark.parametrize("window", [WEEK, Window(WindowKind.HOURS, 36)])
@pytest.mark.parametrize("hour", range(0, 24 * 9, 7))
def test_event_is_inside_until_the_moment_it_leaves(window, hour):
    ts = utc(2026, 3, 26) + timedelta(hours=hour)
    leaves = window.leaves_at(ts, BERLIN)

    assert window.start(leaves - TICK, BERLIN) <= ts
    assert window.start(leaves, BERLIN) > ts


def test_day_starts_reach_from_the_first_day_to_a_day_after_the_last_edge():
    starts = day_starts(utc(2026, 3, 10, 12), BERLIN, 7)

    assert (starts[0], starts[6], len(starts)) == (utc(2026, 3, 3, 23), utc(2026, 3, 9, 23), 15)


def test_end_of_day_is_the_next_midnight():
    assert end_of_day(date(2026, 3, 29), BERLIN) - local_midnight(date(2026, 3, 29), BERLIN) == timedelta(
        hours=23
    )
