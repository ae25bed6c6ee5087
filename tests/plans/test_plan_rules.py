"""What messages say about plans, what holds at a moment, and when billing periods begin."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.rules.plans import (
    Rule,
    Said,
    State,
    Unreadable,
    add_months,
    facts_of_event,
    period_start,
    read_fact,
    state_at,
)

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
TODAY = NOON.date()
HOUR = timedelta(hours=1)
DAYS = st.dates(date(1990, 1, 1), date(2080, 1, 1))


@pytest.mark.parametrize(
    ("fact", "value", "stored"),
    [
        ("plan", " Team ", "team"),
        ("plan", 7, "7"),
        ("status", "trialing", "trial"),
        ("status", "Past-Due", "paid"),
        ("status", "canceled", "cancelled"),
        ("trial_end", "2026-03-31", "2026-03-31"),
        ("trial_end", "2026-03-31T23:30:00Z", "2026-04-01"),
        ("period_start", 1773144000, "2026-03-10"),
        ("plan", None, None),
        ("status", "", None),
    ],
)
def test_value_is_kept_in_our_words(fact, value, stored):
    assert read_fact(fact, value, BERLIN) == stored


@pytest.mark.parametrize(
    ("fact", "value"),
    [
        ("plan", True),
        ("plan", {"name": "team"}),
        ("plan", "x" * 101),
        ("status", "dunno"),
        ("status", 3),
        ("trial_end", "2026-02-30"),
        ("trial_end", "soon"),
        ("trial_end", "0001-01-01"),
        ("trial_end", []),
    ],
)
def test_what_cannot_be_meant_is_refused_with_words(fact, value):
    with pytest.raises(Unreadable, match=r"plan|status|day"):
        read_fact(fact, value, BERLIN)


def test_event_starts_a_trial_of_so_many_days():
    rule = Rule("event", "Trial Started", status="trial", plan_property="plan", trial_days=14)

    said = facts_of_event(rule, {"plan": "Team"}, datetime(2026, 3, 9, 23, 30, tzinfo=UTC), BERLIN)

    assert said == {"plan": "team", "status": "trial", "trial_start": "2026-03-10", "trial_end": "2026-03-24"}


def test_event_of_a_purchase_begins_a_billing_period():
    rule = Rule("event", "Subscribed", status="paid")

    assert facts_of_event(rule, {}, NOON, BERLIN) == {"status": "paid", "period_start": "2026-03-10"}


@pytest.mark.parametrize(
    ("end", "status", "left"),
    [("2026-03-14", "trial", 4), ("2026-03-10", "trial", 0), ("2026-03-09", "expired", None)],
)
def test_trial_runs_through_its_last_day(end, status, left):
    said = [Said("status", "trial", NOON - HOUR), Said("trial_end", end, NOON - HOUR)]

    assert (state_at(said, NOON, TODAY).status, state_at(said, NOON, TODAY).days_left) == (status, left)


def test_each_fact_is_the_latest_said_of_it():
    said = [
        Said("plan", "team", NOON - 2 * HOUR),
        Said("status", "trial", NOON - 2 * HOUR),
        Said("status", "paid", NOON - HOUR),
        Said("plan", "free", NOON),
    ]

    assert state_at(said, NOON, TODAY) == State("team", "paid")
    assert state_at(reversed(said), NOON, TODAY) == State("team", "paid")


@pytest.mark.parametrize(
    ("anchor", "today", "months", "start"),
    [
        ("2026-01-31", "2026-02-27", 1, "2026-01-31"),
        ("2026-01-31", "2026-02-28", 1, "2026-02-28"),
        ("2026-01-31", "2026-03-30", 1, "2026-02-28"),
        ("2026-01-31", "2026-03-31", 1, "2026-03-31"),
        ("2024-02-29", "2025-02-28", 12, "2025-02-28"),
        ("2025-06-15", "2026-06-14", 12, "2025-06-15"),
        ("2026-05-10", "2026-03-01", 1, "2026-02-10"),
        (None, "2026-03-31", 1, "2026-03-01"),
        (None, "2026-03-31", 12, "2026-01-01"),
    ],
)
def test_billing_period_begins_on_its_day(anchor, today, months, start):
    found = period_start(date.fromisoformat(anchor) if anchor else None, date.fromisoformat(today), months)

    assert found == date.fromisoformat(start)


@given(DAYS, DAYS, st.sampled_from([1, 12]))
def test_period_holds_today_and_is_one_of_the_anchors(anchor, today, months):
    start = period_start(anchor, today, months)
    elapsed = (start.year - anchor.year) * 12 + start.month - anchor.month

    assert elapsed % months == 0
    assert start == add_months(anchor, elapsed)
    assert start <= today < add_months(anchor, elapsed + months)
