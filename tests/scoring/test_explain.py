from datetime import timedelta
from decimal import Decimal

import pytest

from scoring.operations import score_due
from scoring.queries import evidence, explain, explain_then_and_now, score_history, why_not
from scoring.queries.explanations import Line
from scoring.rules.spec import SignalKind
from scoring.templatetags.points import measured
from tests.factories.scoring import make_action, make_live, signal, version_of
from tests.scoring.histories import Did, add_activity, add_trait, make_account

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def test_lines_add_up_and_a_binding_cap_is_a_line_of_its_own(login, ann, now):
    version = make_live(
        signal(login, name="Log-ins", points=1000, points_mode="each", points_cap=2500),
        signal(login, name="Fee", points=-500),
        enter=2500,
    )
    add_activity(Did(ann, version_of(login), now - n * HOUR) for n in (1, 2, 3, 4))

    found = explain(version=version, subject_id=ann.pk, as_of=now)

    lines = [(line.name, line.points) for line in found.lines]
    assert lines == [("Log-ins", 4000), ("Cap on “Log-ins”", -1500), ("Fee", -500)]
    assert sum(line.points for line in found.lines) == found.points == 2000


def test_explanation_of_somebody_who_did_nothing_has_every_signal(login, ann, now):
    found = explain(version=make_live(signal(login)), subject_id=ann.pk, as_of=now)

    assert (found.points, [line.is_true for line in found.lines]) == (0, [False])


def test_what_was_known_then_stands_beside_what_is_known_now(login, ann, now):
    version = make_live(signal(login))
    add_activity([Did(ann, version_of(login), now - DAY, received_at=now + DAY)])

    then, today = explain_then_and_now(version=version, subject_id=ann.pk, as_of=now)

    assert (then.points, today.points) == (0, 5000)


def test_what_happens_at_the_moment_itself_has_not_happened_yet(login, ann, now):
    version = make_live(signal(login))
    add_activity([Did(ann, version_of(login), now)])

    at, after = (
        explain(version=version, subject_id=ann.pk, as_of=moment).points
        for moment in (now, now + timedelta(microseconds=1))
    )
    assert (at, after) == (0, 5000)


def test_trait_is_read_as_of_the_moment_and_ties_go_to_the_greater_message(login, ann, now):
    version = make_live(
        signal(kind="trait", trait_name="plan", trait_operator="eq", trait_value="Pro"),
    )
    add_trait(ann, "plan", "pro", now - 3 * DAY, message_id="a")
    add_trait(ann, "plan", "free", now - DAY, message_id="a")
    add_trait(ann, "plan", "pro", now - DAY, message_id="B")

    points = [explain(version=version, subject_id=ann.pk, as_of=now - n * DAY).points for n in (4, 2, 0)]
    assert points == [0, 5000, 0]


def test_account_definitions_read_the_traits_of_the_account(ann, now):
    firm = make_account("firm", now)
    version = make_live(
        signal(kind="trait", trait_name="seats", trait_operator="gte", trait_value="10"), level=2
    )
    add_trait(ann, "seats", 50, now - DAY)
    before = explain(version=version, subject_id=firm.pk, as_of=now).points
    add_trait(None, "seats", 10, now - DAY, account=firm)

    assert (before, explain(version=version, subject_id=firm.pk, as_of=now).points) == (0, 5000)


def test_evidence_is_the_newest_events_of_each_signal(login, ann, now):
    version = make_live(signal(login))
    add_activity(Did(ann, version_of(login), now - n * HOUR) for n in (1, 2, 300))

    found = evidence(version=version, subject_id=ann.pk, as_of=now)

    assert [happening.ts for happening in found["1"]] == [now - HOUR, now - 2 * HOUR]


def test_why_not_names_the_signals_that_alone_would_do(login, ann, now):
    invite, export = make_action("invite"), make_action("export")
    version = make_live(
        signal(login, points=3000),
        signal(invite, name="Invited", points=2000, at_least=3),
        signal(export, name="Exported", points=1000),
    )
    add_activity([Did(ann, version_of(login), now - HOUR), Did(ann, version_of(invite), now - HOUR)])

    found = why_not(version=version, subject_id=ann.pk, as_of=now)

    assert (found.enters, found.missing_points) == (False, 2000)
    assert [(step.name, step.missing) for step in found.one_away] == [("Invited", Decimal(2))]


def test_why_not_needs_the_required_signal_too(login, ann, now):
    invite = make_action("invite")
    version = make_live(signal(login), signal(invite, name="Invited", points=0, is_required=True))
    add_activity([Did(ann, version_of(login), now - HOUR)])

    found = why_not(version=version, subject_id=ann.pk, as_of=now)

    assert (found.missing_required, [step.name for step in found.one_away]) == (("Invited",), ["Invited"])


def test_history_is_what_was_computed_then(login, ann, now):
    version = make_live(signal(login, window="hours", window_length=2))
    add_activity([Did(ann, version_of(login), now - HOUR)])
    score_due(now=now)
    score_due(now=now + 2 * HOUR)

    points = [(point.at, point.points) for point in score_history(version.definition, ann.pk)]
    assert points == [(now, 5000), (now + 2 * HOUR, 0)]


@pytest.mark.parametrize(
    ("kind", "value", "needed", "words"),
    [
        ("usage", 82, 80, "82 % of 80 % needed"),
        ("count", 3, 5, "3 of 5 needed"),
        ("sum", "1200.50", 1000, "1200.5 of 1000 needed"),
        ("trait", 1, 1, "true"),
        ("recency", 0, 1, "not true"),
    ],
)
def test_what_a_signal_measured_is_said_in_words(kind, value, needed, words):
    value, needed = Decimal(value), Decimal(needed)

    line = Line("s", "Signal", 0, value, needed, value >= needed, False, SignalKind(kind))

    assert measured(line) == words
