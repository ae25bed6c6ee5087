"""The statistics against scipy, and cohorts against the calendar."""

from collections import Counter
from datetime import UTC, date, datetime
from functools import partial
from random import Random
from zoneinfo import ZoneInfo

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import CensoredData, binomtest, ecdf

from reports.stats import Grain, Proportion, TooManyCohorts, cut_cohorts, kaplan_meier
from scoring.rules.windows import local_midnight

BERLIN = partial(local_midnight, zone=ZoneInfo("Europe/Berlin"))


@pytest.mark.parametrize(("count", "total"), [(0, 20), (20, 20), (1, 20), (585, 9000), (50, 1000)])
def test_interval_is_wilsons(count, total):
    expected = binomtest(count, total).proportion_ci(0.95, method="wilson")

    assert Proportion(count, total).interval == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_nothing_is_said_below_twenty():
    assert Proportion(10, 19).share is None
    assert Proportion(10, 19).interval is None
    assert Proportion(10, 20).share == 0.5


def test_proportion_refuses_more_than_all():
    with pytest.raises(ValueError, match="21 of 20"):
        Proportion(21, 20)


@pytest.mark.parametrize("seed", range(20))
def test_curve_is_that_of_scipy(seed):
    random = Random(seed)
    reached = [random.randint(1, 40) for _ in range(random.randint(1, 60))]
    censored = [random.randint(1, 40) for _ in range(random.randint(0, 60))]
    expected = ecdf(CensoredData(uncensored=reached, right=censored)).sf

    curve = kaplan_meier(Counter(reached), Counter(censored))

    for time in range(1, curve.horizon + 1):
        assert curve.reached_by(time) == pytest.approx(1 - float(expected.evaluate(time)))


def test_curve_of_a_textbook():
    """Freireich's 6-MP arm (1963): 21 patients, S(6) = 0.857, S(23) = 0.448, median 23."""
    reached = Counter({6: 3, 7: 1, 10: 1, 13: 1, 16: 1, 22: 1, 23: 1})
    censored = Counter([6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35])

    curve = kaplan_meier(reached, censored)

    assert curve.reached_by(6) == pytest.approx(1 - 0.857, abs=5e-4)
    assert curve.reached_by(23) == pytest.approx(1 - 0.448, abs=5e-4)
    assert (curve.quantile(0.5), curve.quantile(0.25)) == (23, 13)


def test_quantile_is_not_that_of_those_who_made_it():
    curve = kaplan_meier(Counter({1: 30}), Counter({10: 70}))

    assert curve.quantile(0.5) is None
    assert curve.quantile(0.25) == 1


def test_curve_says_nothing_beyond_the_longest_watched():
    assert kaplan_meier(Counter({1: 5}), Counter({3: 5})).reached_by(4) is None


@given(st.lists(st.integers(1, 30), min_size=1, max_size=60), st.integers(1, 30))
def test_curve_without_censoring_is_the_plain_share(reached, time):
    curve = kaplan_meier(Counter(reached), Counter({30: 1}))

    assert curve.reached_by(time) == pytest.approx(numpy.mean([*(hours <= time for hours in reached), False]))


def test_weeks_begin_on_monday_and_months_on_the_first():
    weeks = cut_cohorts(date(2026, 3, 4), date(2026, 3, 9), Grain.WEEK, midnight=BERLIN)
    months = cut_cohorts(date(2025, 12, 31), date(2026, 1, 1), Grain.MONTH, midnight=BERLIN)

    assert weeks.first_days == (date(2026, 3, 2), date(2026, 3, 9))
    assert months.first_days == (date(2025, 12, 1), date(2026, 1, 1))


def test_days_are_those_of_the_time_zone_also_when_clocks_change():
    days = cut_cohorts(date(2026, 3, 29), date(2026, 3, 29), Grain.DAY, midnight=BERLIN)

    assert days.edges == (datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 3, 29, 22, tzinfo=UTC))


def test_too_many_cohorts_are_refused():
    with pytest.raises(TooManyCohorts):
        cut_cohorts(date(2020, 1, 1), date(2026, 1, 1), Grain.DAY, midnight=BERLIN)
