import json
from dataclasses import replace
from decimal import Decimal

import pytest

from scoring.rules.spec import BandSpec, Level, SignalKind, SignalSpec, Spec, WindowKind
from scoring.rules.validation import ActionFacts, format_points, most_points, validate

COUNTABLE, SUMMABLE = 1, 2
KNOWN = {COUNTABLE: ActionFacts(has_number=False), SUMMABLE: ActionFacts(has_number=True)}
LOGIN = SignalSpec(
    key="1",
    name="Logged in",
    kind=SignalKind.COUNT,
    points=5000,
    action_version_id=COUNTABLE,
    window=WindowKind.DAYS,
    window_length=7,
)
PLAN = SignalSpec(
    key="2",
    name="On a plan",
    kind=SignalKind.TRAIT,
    points=1000,
    trait_name="plan",
    trait_operator="eq",
    trait_values=("pro",),
)
GOOD = Spec(
    Level.PERSON, "UTC", 5000, 4000, 30, (LOGIN, PLAN), (BandSpec("hot", 5000), BandSpec("warm", 2000))
)


def problems(**changes):
    return {problem.field: problem.message for problem in validate(replace(GOOD, **changes), KNOWN)}


def with_signal(**changes):
    return problems(signals=(replace(LOGIN, **changes), PLAN))


def test_a_good_spec_has_no_problems():
    assert validate(GOOD, KNOWN) == []


def test_threshold_that_can_never_be_reached_says_what_can():
    found = problems(enter_threshold=9000, exit_threshold=9000, bands=(BandSpec("hot", 9000),))

    assert found["enter_threshold"] == (
        "These signals can give at most 60 points, so nobody ever reaches 90. Lower the threshold to 60 or less, or"
        " give more points."
    )


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"exit_threshold": 6000}, "exit_threshold", "enters at 50 but would leave at 60"),
        ({"enter_threshold": 0, "exit_threshold": 0}, "enter_threshold", "more than 0"),
        ({"signals": ()}, "signals", "Add at least one signal"),
        ({"requalify_after_days": -1}, "requalify_after_days", "0 to 3650"),
        ({"bands": ()}, "bands", "Add at least one band"),
        ({"bands": (BandSpec("hot", 5500),)}, "bands", "start exactly at the threshold of 50"),
        ({"bands": (BandSpec("hot", 5000), BandSpec("Hot", 2000))}, "bands.1.name", "used twice"),
        ({"bands": (BandSpec("a", 5000), BandSpec("b", 5000))}, "bands.1.minimum", "used twice"),
        ({"bands": (BandSpec("top", 7000), BandSpec("hot", 5000))}, "bands.0.minimum", "at most 60"),
        ({"signals": (LOGIN, replace(PLAN, name=" logged IN"))}, "signals.1.name", "used twice"),
    ],
)
def test_wrong_definition_is_told_in_the_field(changes, field, words):
    assert words in problems(**changes)[field]


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"name": " "}, "name", "Give the signal a name"),
        ({"window_length": 0}, "window_length", "at least 1"),
        ({"window_length": -3}, "window_length", "at least 1"),
        ({"window_length": None}, "window_length", "at least 1"),
        ({"window_length": 3651}, "window_length", "at most 3650"),
        ({"window": WindowKind.HOURS, "window_length": 87_601}, "window_length", "at most 87600"),
        ({"kind": SignalKind.DISTINCT_DAYS, "at_least": Decimal(8)}, "at_least", "only 7 days"),
        ({"kind": SignalKind.RECENCY, "window": WindowKind.EVER}, "window", "needs a window"),
        ({"kind": SignalKind.SUM}, "action", "no number to sum"),
        ({"action_version_id": 99}, "action", "Choose an action"),
        ({"action_version_id": None}, "action", "Choose an action"),
        ({"at_least": Decimal(0)}, "at_least", "more than 0"),
        ({"at_least": Decimal("1.5")}, "at_least", "whole numbers"),
        ({"points": 0}, "points", "changes nothing"),
        ({"points": 10_000_001}, "points", "at most 100,000"),
        ({"points_cap": 0}, "points_cap", "more than 0"),
        (
            {"kind": SignalKind.SUM, "action_version_id": SUMMABLE, "per_occurrence": True},
            "points_cap",
            "need an “at most”",
        ),
    ],
)
def test_wrong_signal_is_told_in_the_field(changes, field, words):
    assert words in with_signal(**changes)[f"signals.0.{field}"]


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"trait_name": ""}, "trait_name", "Name the trait"),
        ({"trait_operator": "like"}, "trait_operator", "Choose a test"),
        ({"trait_values": ()}, "trait_value", "Give a value"),
        ({"trait_operator": "gte"}, "trait_value", "“pro” is not a number"),
        ({"trait_operator": "lte", "trait_values": ("NaN",)}, "trait_value", "“NaN” is not a number"),
    ],
)
def test_wrong_trait_test_is_told_in_the_field(changes, field, words):
    assert words in problems(signals=(LOGIN, replace(PLAN, **changes)))[f"signals.1.{field}"]


def test_known_needs_no_value():
    assert problems(signals=(LOGIN, replace(PLAN, trait_operator="known", trait_values=()))) == {}


@pytest.mark.parametrize(
    ("changes", "most"),
    [
        ({}, 5000),
        ({"points": -5000}, 0),
        ({"points_cap": 3000}, 3000),
        ({"per_occurrence": True, "points_cap": 8000}, 8000),
        ({"per_occurrence": True}, 10_000_000),
        ({"per_occurrence": True, "kind": SignalKind.DISTINCT_DAYS}, 35_000),
        ({"per_occurrence": True, "kind": SignalKind.MILESTONE}, 5000),
    ],
)
def test_most_points_of_a_signal(changes, most):
    assert most_points(replace(LOGIN, **changes)) == most


def test_messages_go_through_the_translation():
    found = validate(replace(GOOD, signals=()), KNOWN, lambda text: text.upper())

    assert found[0].message.startswith("ADD AT LEAST ONE SIGNAL")


@pytest.mark.parametrize(("hundredths", "text"), [(5000, "50"), (1250, "12.5"), (-100, "-1"), (1, "0.01")])
def test_points_are_shown_without_useless_zeros(hundredths, text):
    assert format_points(hundredths) == text


def test_spec_survives_its_json():
    assert Spec.from_json(GOOD.to_json()) == GOOD


def rule(name, mode, *of, **more):
    values = {
        "key": name,
        "name": name,
        "kind": SignalKind.RULE,
        "points": 1000,
        "rule_mode": mode,
        "rule_of": of,
    }
    return SignalSpec(**(values | more))


def with_rules(*rules, **changes):
    return problems(signals=(replace(LOGIN, **changes), PLAN, *rules))


BOTH = ("Logged in", "On a plan")


def test_a_good_rule_has_no_problems():
    assert with_rules(rule("Both", "all", *BOTH), rule("Not both", "none", "Both"), points=4000) == {}


@pytest.mark.parametrize(
    ("made", "field", "words"),
    [
        ([rule("R", "all")], "rule_members", "Name the signals"),
        ([rule("R", "some", *BOTH)], "rule_mode", "how the signals are joined"),
        ([rule("R", "all", "Loged in")], "rule_members", "Did you mean “Logged in”?"),
        ([rule("R", "n_of", *BOTH, at_least=Decimal(3))], "at_least", "from 1 to 2"),
        ([rule("R", "all", "R")], "rule_members", "in a circle: “R” → “R”"),
        ([rule("R", "all", "S"), rule("S", "any", "R")], "rule_members", "“R” → “S” → “R”"),
        ([rule("R", "all", *BOTH, points=0)], "points", "changes nothing"),
        (
            [rule("R", "all", *BOTH, is_required=True, is_excluding=True)],
            "is_excluding",
            "required and excludes at once",
        ),
    ],
)
def test_wrong_rule_is_told_in_the_field(made, field, words):
    assert words in with_rules(*made)[f"signals.2.{field}"]


@pytest.mark.parametrize(
    ("made", "field"),
    [
        (rule("R", "none", "Logged in", is_required=True), "rule_members"),
        (rule("R", "any", *BOTH, is_excluding=True), "is_excluding"),
        (rule("R", "all", "Logged in", is_excluding=True), "is_excluding"),
    ],
)
def test_rules_that_contradict_each_other_are_refused(made, field):
    assert "Nobody ever qualifies" in with_rules(made, is_required=True)[f"signals.2.{field}"]


def test_a_tower_of_rules_is_refused_before_it_is_written_out():
    tower = [rule("R0", "all", *BOTH)]
    for floor in range(1, 30):
        names = (tower[-1].name, "Logged in", tower[-2].name if floor > 1 else "On a plan")
        tower.append(rule(f"R{floor}", "any", *names))

    assert "more than 500 tests" in with_rules(*tower)[f"signals.{len(tower) + 1}.rule_members"]


def test_a_signal_of_no_points_counts_in_a_rule():
    assert with_rules(rule("R", "all", *BOTH, points=5000), points=0) == {}


def test_an_upper_bound_below_the_lower_one_is_refused():
    assert (
        "nobody would ever have both"
        in with_signal(at_least=Decimal(5), at_most=Decimal(3))["signals.0.at_most"]
    )


def test_rules_and_bounds_survive_json():
    spec = replace(
        GOOD, signals=(replace(LOGIN, at_most=Decimal(5)), PLAN, rule("R", "n_of", *BOTH, is_excluding=True))
    )

    assert Spec.from_json(json.loads(json.dumps(spec.to_json()))) == spec


def test_a_version_that_was_frozen_before_there_were_rules_is_read():
    old = GOOD.to_json()
    for signal in old["signals"]:
        for field in ("at_most", "rule_mode", "rule_of", "is_excluding"):
            del signal[field]

    assert Spec.from_json(old) == GOOD
