"""What the preview says would happen is what publishing does, whoever was a PQL, left, converted or is excluded."""

from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.models import Person, Touched
from scoring.models import Band, Definition, Qualification, Version
from scoring.operations import new_draft, publish_version, save_draft, score_due
from scoring.queries import draft_spec
from scoring.queries.preview import preview
from tenants.audit import SYSTEM
from tests.factories.scoring import make_action, make_draft, make_live, make_motion, signal, version_of
from tests.scoring.histories import Did, add_activity, make_account, make_person

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EACH = {"points": 1000, "points_mode": "each"}


def foretold(draft, now):
    """(who is one, enters, leaves): the number and the keys."""
    found = preview(draft, draft_spec(draft), hidden=(), now=now)
    entering = {mover.subject_id for mover in found.entering_sample}
    leaving = {mover.subject_id for mover in found.leaving_sample}
    assert (len(entering), len(leaving)) == (found.entering, found.leaving)
    assert found.qualified == found.entering + found.staying
    return found.qualified, entering, leaving


def open_pqls(definition):
    rows = Qualification.objects.filter(definition=definition, state="open")
    return set(rows.values_list("subject_id", flat=True))


def agree(draft, now):
    """Preview, publish, score everybody, compare. Returns who is a PQL then."""
    before = open_pqls(draft.definition)
    number, entering, leaving = foretold(draft, now)
    publish_version(version=draft, by=SYSTEM, now=now)
    while score_due(now=now).more:
        pass
    after = open_pqls(draft.definition)
    assert (number, entering, leaving) == (len(after), after - before, before - after)
    return after


def test_goal_reached_after_the_points_is_no_pql(login, buy, ann, now):
    draft = make_draft(signal(login), motion=make_motion(goal_action=buy))
    add_activity([Did(ann, version_of(login), now - 5 * HOUR), Did(ann, version_of(buy), now - HOUR)])

    assert agree(draft, now) == set()


def test_goal_reached_before_the_points_does_not_count_against(login, buy, ann, now):
    draft = make_draft(signal(login), motion=make_motion(goal_action=buy))
    add_activity([Did(ann, version_of(login), now - HOUR), Did(ann, version_of(buy), now - 5 * HOUR)])

    assert agree(draft, now) == {ann.pk}


def test_goal_of_an_account_counts_and_that_of_its_person_elsewhere_does_not(login, buy, ann, now):
    draft = make_draft(signal(login), level=2, motion=make_motion(goal_action=buy))
    bought, open_one = make_account("bought", now), make_account("open", now)
    add_activity(Did(ann, version_of(login), now - 5 * HOUR, account=each) for each in (bought, open_one))
    add_activity([Did(ann, version_of(buy), now - HOUR, account=bought)])

    assert agree(draft, now) == {open_one.pk}


def test_converted_and_not_cooled_down_stays_out_whatever_the_new_version_says(login, buy, ann, now):
    live = make_live(signal(login), motion=make_motion(goal_action=buy), requalify=0)
    add_activity([Did(ann, version_of(login), now - 2 * HOUR)])
    score_due(now=now)
    add_activity([Did(ann, version_of(buy), now)])
    score_due(now=now + HOUR)

    draft = new_draft(definition=live.definition, by=SYSTEM, now=now)

    assert agree(draft, now + 2 * HOUR) == set()


def test_excluded_person_does_not_enter_and_counts_as_pql_while_it_is_one(login, ann, now):
    trait = signal(kind="count", action=login)
    live = make_live(trait)
    bea = make_person("bea", now)
    add_activity([Did(ann, version_of(login), now - HOUR)])
    score_due(now=now)
    add_activity([Did(bea, version_of(login), now - HOUR)])
    Person.objects.update(exclusion=2)

    draft = new_draft(definition=live.definition, by=SYSTEM, now=now)

    assert agree(draft, now) == {ann.pk}


def test_another_motion_closes_those_who_reached_its_goal(login, buy, ann, now):
    live = make_live(signal(login))
    add_activity([Did(ann, version_of(login), now - 3 * HOUR), Did(ann, version_of(buy), now - HOUR)])
    score_due(now=now)
    Definition.objects.update(motion=make_motion(goal_action=buy))

    draft = new_draft(definition=Definition.objects.get(pk=live.definition_id), by=SYSTEM, now=now)

    assert agree(Version.objects.select_related("definition__motion").get(pk=draft.pk), now) == set()


def test_an_exit_of_zero_keeps_who_shows_nothing_any_more(login, ann, now):
    live = make_live(signal(login, **EACH, window_length=1), enter=1000, leave=0)
    add_activity([Did(ann, version_of(login), now - HOUR)])
    score_due(now=now)

    draft = new_draft(definition=live.definition, by=SYSTEM, now=now)

    assert agree(draft, now + 2 * DAY) == {ann.pk}


STEPS = st.lists(
    st.tuples(
        st.integers(0, 2), st.sampled_from(["login", "login", "login", "invite", "buy"]), st.integers(1, 30)
    ),
    max_size=14,
)  # (who, what, hours later)
RULES = st.tuples(
    st.sampled_from([1000, 2000, 3000]),  # enter
    st.sampled_from([0, 1000]),  # how much lower the exit is
    st.sampled_from([0, 1, 2]),  # pause in days
    st.sampled_from([1, 3, None]),  # window in days
    st.sampled_from([1500, -1500]),  # points of an invitation
)


def signals(login, invite, window, points):
    length = {"window": "ever", "window_length": None} if window is None else {"window_length": window}
    return [
        signal(login, name="Logs in", **EACH, **length),
        signal(invite, name="Invites", kind="milestone", window="ever", window_length=None, points=points),
    ]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, first=RULES, second=RULES, excluded=st.booleans())
def test_preview_is_what_publishing_does(steps, first, second, excluded, login, buy, now):
    savepoint = transaction.savepoint()
    try:
        walk(steps, first, second, excluded, login, buy, now)
    finally:
        transaction.savepoint_rollback(savepoint)


def walk(steps, first, second, excluded, login, buy, now):
    invite = make_action("invite")
    actions = {"login": version_of(login), "invite": version_of(invite), "buy": version_of(buy)}
    people = [make_person(name, now) for name in ("ann", "bea", "cem")]
    live = make_live(
        *signals(login, invite, *first[3:]),
        enter=first[0],
        leave=first[0] - first[1],
        requalify=first[2],
        motion=make_motion(goal_action=buy),
    )
    for who, what, hours in steps:
        now += hours * HOUR
        add_activity([Did(people[who], actions[what], now - timedelta(minutes=1))])
        score_due(now=now)
    if excluded:
        Person.objects.filter(pk=people[0].pk).update(exclusion=2)
        Touched.objects.create(subject_kind=1, subject_id=people[0].pk)
    draft = new_draft(definition=live.definition, by=SYSTEM, now=now)
    save_draft(
        version=draft,
        signals=signals(login, invite, *second[3:]),
        bands=[Band(name="hot", minimum=second[0])],
        enter_threshold=second[0],
        exit_threshold=second[0] - second[1],
        requalify_after_days=second[2],
        by=SYSTEM,
        now=now,
    )
    agree(Version.objects.select_related("definition__motion").get(pk=draft.pk), now)
