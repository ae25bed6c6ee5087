"""The suggested definitions make sense on the simulated data."""

from datetime import timedelta

import pytest

from pqlhub.simulator import suggested_definitions
from tests.simulator import scorer

KINDS = {"count", "distinct_days", "milestone", "recency", "sum", "trait"}
DEFINITIONS = [pytest.param(d, id=d.name) for d in suggested_definitions()]


@pytest.fixture(scope="module")
def month_ago(full_history):
    """As of 30 days before the end: events and traits known then."""
    as_of = full_history.truth.end - timedelta(days=30)
    return as_of, *scorer.collect(full_history.messages(), full_history.truth, as_of)


@pytest.fixture(scope="module")
def actions_sent(messages):
    return {(m["type"], m.get("event") or m.get("name")) for m in messages}


def test_definitions_cover_both_units_and_both_subjects():
    definitions = suggested_definitions()
    assert len(definitions) == 3
    assert {d.business_unit for d in definitions} == {"Boards", "Insights"}
    assert {d.subject for d in definitions} == {"person", "account"}
    assert {s.kind for d in definitions for s in d.signals} == KINDS


@pytest.mark.parametrize("definition", DEFINITIONS)
def test_definition_is_complete_and_can_be_reached(definition):
    for signal in definition.signals:
        assert (signal.trait is None) != (signal.action is None)
        windowed = signal.kind in {"count", "distinct_days", "recency", "sum"}
        assert (signal.window_days is not None) == windowed
        assert signal.kind != "sum" or signal.action.number
    assert sum(s.points for s in definition.signals if s.points > 0) >= definition.bands[0].at_least
    assert [band.at_least for band in definition.bands if band.is_pql][-1] == definition.threshold


@pytest.mark.parametrize("definition", DEFINITIONS)
def test_definition_uses_actions_that_are_sent(definition, actions_sent):
    used = {definition.goal} | {s.action for s in definition.signals if s.action}
    assert {(action.type, action.event) for action in used} <= actions_sent


@pytest.mark.parametrize("definition", DEFINITIONS)
def test_definition_every_signal_tells_subjects_apart(definition, month_ago):
    as_of, events, traits = month_ago
    kind = definition.subject
    for signal in definition.signals:
        held = {
            scorer.holds(signal, events[kind][one], found, as_of) for one, found in list(traits[kind].items())
        }
        assert held == {True, False}, signal.name


@pytest.mark.parametrize("definition", DEFINITIONS)
def test_definition_qualifies_a_few_percent(definition, month_ago):
    as_of, events, traits = month_ago
    points = scorer.points(definition, events, traits, as_of)
    eligible = [found for found in points.values() if found > -100]
    assert 0.01 < sum(found >= definition.threshold for found in eligible) / len(eligible) < 0.15


@pytest.fixture(scope="module")
def reached(full_history):
    """Per account definition, over three dates: did a PQL, did another candidate, reach the goal in 30 days?"""
    found = {d.name: ([], []) for d in suggested_definitions() if d.subject == "account"}
    for days in (30, 60, 90):
        as_of = full_history.truth.end - timedelta(days=days)
        events, traits = scorer.collect(full_history.messages(), full_history.truth, as_of)
        for definition in suggested_definitions():
            if definition.subject == "person":
                continue
            for subject, points in scorer.points(definition, events, traits, as_of).items():
                if is_candidate(definition, traits["account"][subject]):
                    moments = goal_moments(definition, full_history.truth.accounts.get(subject))
                    hit = any(as_of <= at < as_of + timedelta(days=30) for at in moments)
                    found[definition.name][points < definition.threshold].append(hit)
    return found


def is_candidate(definition, traits):
    """Whether the account could reach the goal at all: otherwise the comparison would flatter the definition."""
    if definition.goal.event == "Subscription Started":
        return traits.get("plan") in ("trial", "free")
    return traits.get("plan") in ("team", "business") and not traits.get("insights")


def goal_moments(definition, account):
    if account is None:
        return []
    if definition.goal.event == "Subscription Started":
        return [account.converted_at] if account.converted_at else []
    return [e.at for e in account.expansions if e.event == definition.goal.event]


@pytest.mark.parametrize("name", [d.name for d in suggested_definitions() if d.subject == "account"])
def test_definition_pqls_reach_the_goal_more_often_than_other_candidates(reached, name):
    pqls, others = reached[name]
    assert len(pqls) > 30
    assert sum(pqls) / len(pqls) > 2 * sum(others) / len(others)
