"""What causes buying raises it, what does not does not: seen in the messages, as a product would see it."""

import math
from dataclasses import replace
from datetime import date, timedelta

import pytest

from pqlhub.simulator import ConversionModel, simulate
from pqlhub.simulator.conversion import CONVERSION_WEIGHTS, Behaviour, features_on, hazard_on
from pqlhub.simulator.population import Window, build_account
from pqlhub.simulator.rhythm import to_ms
from tests.simulator import landmark
from tests.simulator.conftest import END

CAUSES = [name for name in landmark.FEATURES if name in CONVERSION_WEIGHTS]
PLACEBOS = [name for name in landmark.FEATURES if name not in CONVERSION_WEIGHTS]
MONDAY = date(2026, 10, 5).toordinal()


@pytest.fixture(scope="module")
def weekly(full_history):
    return landmark.rows(full_history.messages(), full_history.truth)


@pytest.fixture
def account():
    window = Window(to_ms(END - timedelta(days=180)), to_ms(END))
    return replace(build_account(1, 0, window), employees=15, industry="Retail")


def lift(features, outcomes, name):
    column = features[:, list(landmark.FEATURES).index(name)]
    return outcomes[column == 1].mean() / outcomes[column == 0].mean()


def test_landmark_has_enough_purchases_to_say_something(weekly):
    assert weekly[1].sum() > 100


@pytest.mark.parametrize("name", CAUSES)
def test_landmark_cause_raises_conversion(weekly, name):
    adjusted, errors = landmark.logistic(*weekly)
    assert lift(*weekly, name) > 2
    assert adjusted[name] > 0.2
    assert abs(adjusted[name] - CONVERSION_WEIGHTS[name]) < max(4 * errors[name], 1.2)


@pytest.mark.parametrize("name", PLACEBOS)
def test_landmark_placebo_does_not(weekly, name):
    adjusted, errors = landmark.logistic(*weekly)
    assert 0.6 < lift(*weekly, name) < 1.65
    assert abs(adjusted[name]) < 3 * errors[name] < 0.7


def test_landmark_finds_nothing_when_the_weights_are_taken_away():
    blind = ConversionModel(base=0.004, weights={})
    history = simulate(seed=11, end=END, accounts=500, model=blind)
    features, outcomes = landmark.rows(history.messages(), history.truth)
    assert all(0.5 < lift(features, outcomes, name) < 1.8 for name in CAUSES)


def test_billing_settings_are_a_leak_almost_all_views_follow_a_purchase(full_history):
    bought = {
        a.account_id: a.converted_at for a in full_history.truth.accounts.values() if not a.existing_customer
    }
    views = [
        m for m in full_history.messages()
        if m.get("event") == "Billing Settings Viewed" and m["context"]["groupId"] in bought
    ]  # fmt: skip
    assert len(views) > 100
    early = [
        m for m in views
        if bought[m["context"]["groupId"]] is None
        or m["timestamp"] < (bought[m["context"]["groupId"]] - timedelta(minutes=5)).isoformat()
    ]  # fmt: skip
    assert not early


def test_hazard_is_the_documented_product(account):
    features = frozenset({"limit_reached_7d", "trial_ending", "support_ticket_14d"})
    found = hazard_on(MONDAY, features, account, 0.001, CONVERSION_WEIGHTS, 0.3)
    assert found == pytest.approx(0.001 * math.exp(1.3 + 0.7))


def test_hazard_is_capped_and_rests_at_the_weekend(account):
    everything = frozenset(CONVERSION_WEIGHTS) - {"inactive_14d"}
    assert hazard_on(MONDAY, everything, account, 0.1, CONVERSION_WEIGHTS, 0.3) == 0.3
    saturday = hazard_on(MONDAY + 5, frozenset(), account, 0.1, CONVERSION_WEIGHTS, 0.3)
    assert saturday == pytest.approx(0.1 * 0.10)


def test_features_look_at_earlier_days_up_to_their_window(account):
    behaviour = Behaviour(last_active={0: 99, 1: 95, 2: 93}, limit_reached=92, premium_tried=86)
    assert features_on(100, behaviour, account, trial_day=30) == {
        "three_active_teammates_7d",
        "premium_tried_14d",
    }
    assert features_on(101, behaviour, account, trial_day=12) == {"trial_ending"}
