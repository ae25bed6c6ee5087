"""People work in their own day and week."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from pqlhub.simulator.rhythm import from_ms, local_day, local_midnight, to_ms


@pytest.fixture(scope="module")
def sign_ins(messages, history):
    """Local moments of human sign-ins."""
    bots = history.truth.bot_user_ids
    return [
        datetime.fromisoformat(m["timestamp"]).astimezone(ZoneInfo(m["context"]["timezone"]))
        for m in messages if m.get("event") == "Signed In" and m["userId"] not in bots
    ]  # fmt: skip


def test_weekends_are_quiet(sign_ins):
    days = Counter(when.weekday() for when in sign_ins)
    assert days[5] + days[6] < 0.12 * sum(days.values())


def test_most_work_happens_in_local_office_hours(sign_ins):
    office = sum(8 <= when.hour < 19 for when in sign_ins)
    assert office > 0.75 * len(sign_ins)


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25), date(2026, 6, 1)], ids=str)
def test_local_day_holds_across_clock_changes(day):
    start = local_midnight("Europe/Berlin", day.toordinal())
    assert from_ms(start).astimezone(ZoneInfo("Europe/Berlin")).isoformat().startswith(f"{day}T00:00:00")
    assert local_day("Europe/Berlin", start) == day.toordinal()
    assert local_day("Europe/Berlin", start - 1) == day.toordinal() - 1


def test_milliseconds_round_trip():
    moment = datetime(2026, 11, 23, 12, 0, 0, 123_000, tzinfo=UTC)
    assert from_ms(to_ms(moment)) == moment
    assert from_ms(to_ms(moment) + 1) - moment == timedelta(milliseconds=1)
