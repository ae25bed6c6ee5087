from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.models import Identity, Outcome, Person, Touched
from scoring.models import Qualification, QualificationEvent
from scoring.operations import new_draft, publish_version, score_due
from tenants.audit import SYSTEM
from tests.factories.scoring import make_live, make_motion, signal, version_of
from tests.scoring.histories import Did, add_activity, make_account, make_person

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EACH = {"points": 1000, "points_mode": "each"}  # 10 points for each event of the last 24 hours
A_DAY = {"window": "hours", "window_length": 24}


def kinds():
    return list(QualificationEvent.objects.order_by("id").values_list("kind", flat=True))


def test_stays_a_pql_down_to_the_exit_threshold(login, ann, now):
    make_live(signal(login, **EACH, **A_DAY), enter=3000, leave=1000)
    add_activity(Did(ann, version_of(login), now - n * HOUR) for n in (3, 10, 20))

    score_due(now=now)
    score_due(now=now + 5 * HOUR)  # 20 points
    still_in = Qualification.objects.get().state
    score_due(now=now + 22 * HOUR)  # none

    assert (still_in, Qualification.objects.get().state, kinds()) == ("open", "left", ["entered", "left"])


def test_between_the_thresholds_nobody_enters(login, ann, now):
    make_live(signal(login, **EACH, **A_DAY), enter=3000, leave=1000)
    add_activity(Did(ann, version_of(login), now - n * HOUR) for n in (3, 10))

    assert score_due(now=now).opened == 0


def test_band_changes_are_history(login, ann, now):
    make_live(signal(login, **EACH), enter=1000, bands={"warm": 1000, "hot": 2000})
    for _ in range(2):
        add_activity([Did(ann, version_of(login), now - HOUR)])
        score_due(now=now)

    assert (Qualification.objects.get().band, kinds()) == ("hot", ["entered", "band"])


def test_required_signal_keeps_everybody_else_out(login, buy, ann, now):
    make_live(signal(login), signal(buy, points=0, is_required=True))
    add_activity([Did(ann, version_of(login), now - HOUR)])
    without = score_due(now=now).opened
    add_activity([Did(ann, version_of(buy), now - HOUR)])

    assert (without, score_due(now=now).opened) == (0, 1)


def test_opens_again_only_after_the_pause_and_then_by_itself(login, ann, now):
    make_live(signal(login, window="hours", window_length=1), requalify=10)
    add_activity([Did(ann, version_of(login), now - 30 * timedelta(minutes=1))])
    score_due(now=now)
    score_due(now=now + HOUR)
    make_live_window = [Did(ann, version_of(login), now + HOUR + 10 * DAY - timedelta(minutes=20))]
    add_activity(make_live_window)

    early = score_due(now=now + HOUR + 10 * DAY - timedelta(minutes=10))
    again = score_due(now=early.next_at)

    assert (early.opened, early.next_at, again.opened) == (0, now + HOUR + 10 * DAY, 1)


def test_goal_after_the_trigger_converts_and_is_an_outcome(login, buy, ann, now):
    motion = make_motion(goal_action=buy)
    make_live(signal(login), motion=motion)
    add_activity([Did(ann, version_of(login), now - HOUR)])
    score_due(now=now)
    add_activity([Did(ann, version_of(buy), now + HOUR)])

    score_due(now=now + 2 * HOUR)

    outcome = Outcome.objects.get()
    assert (Qualification.objects.get().state, kinds()[-1]) == ("converted", "converted")
    assert (outcome.goal, outcome.subject_id, outcome.at) == (motion.pk, ann.pk, now + HOUR)


def test_outcomes_are_recorded_for_everybody_and_once(login, buy, ann, now):
    make_live(signal(login), motion=make_motion(goal_action=buy))
    add_activity([Did(ann, version_of(buy), now - HOUR)])
    for _ in range(2):
        score_due(now=now)
        Touched.objects.create(subject_kind=1, subject_id=ann.pk)

    assert (Outcome.objects.count(), Qualification.objects.count()) == (1, 0)


def test_who_has_reached_the_goal_already_is_no_lead(login, buy, ann, now):
    make_live(signal(login), motion=make_motion(goal_action=buy))
    add_activity([Did(ann, version_of(login), now - 5 * HOUR), Did(ann, version_of(buy), now - HOUR)])

    assert score_due(now=now).opened == 0


def test_after_a_conversion_the_score_must_drop_before_it_opens_again(login, buy, ann, now):
    make_live(signal(login, **A_DAY), motion=make_motion(goal_action=buy), requalify=0)
    add_activity([Did(ann, version_of(login), now - HOUR)])
    score_due(now=now)
    add_activity([Did(ann, version_of(buy), now)])
    score_due(now=now + HOUR)
    add_activity([Did(ann, version_of(login), now + 2 * HOUR)])
    while_high = score_due(now=now + 3 * HOUR).opened
    score_due(now=now + 2 * DAY)
    add_activity([Did(ann, version_of(login), now + 3 * DAY)])

    assert (while_high, score_due(now=now + 3 * DAY + HOUR).opened) == (0, 1)


def test_late_data_does_not_backdate_the_opening(login, ann, now):
    make_live(signal(login, kind="distinct_days", at_least=3, window_length=30))
    add_activity(Did(ann, version_of(login), now - n * DAY) for n in (20, 10))
    score_due(now=now)
    add_activity([Did(ann, version_of(login), now - 15 * DAY, received_at=now)])

    score_due(now=now)

    pql = Qualification.objects.get()
    assert (pql.opened_at, pql.triggered_at) == (now, now - 10 * DAY)


def test_new_version_keeps_those_who_still_qualify_and_closes_the_others(login, buy, now):
    live = make_live(signal(login))
    ann, bea = make_person("ann", now), make_person("bea", now)
    add_activity(Did(person, version_of(login), now - HOUR) for person in (ann, bea))
    add_activity([Did(ann, version_of(buy), now - HOUR)])
    score_due(now=now)
    draft = new_draft(definition=live.definition, by=SYSTEM, now=now)
    draft.signals.update(action=buy)

    publish_version(version=draft, by=SYSTEM, now=now)
    score_due(now=now)

    states = dict(Qualification.objects.values_list("subject_id", "state"))
    assert states == {ann.pk: "open", bea.pk: "left"}


def merge(loser, survivor):
    """As the fold does it."""
    Identity.objects.filter(person=loser).update(person=survivor)
    Person.objects.filter(pk=loser.pk).update(merged_into_id=survivor.pk)
    Touched.objects.bulk_create([Touched(subject_kind=1, subject_id=p.pk) for p in (loser, survivor)])


def test_merging_two_pqls_keeps_the_earlier_one(login, ann, now):
    make_live(signal(login))
    bea = make_person("bea", now)
    add_activity([Did(bea, version_of(login), now - HOUR)])
    score_due(now=now)
    add_activity([Did(ann, version_of(login), now - HOUR)])
    score_due(now=now + HOUR)
    first = Qualification.objects.order_by("opened_at")[0]

    merge(bea, ann)
    result = score_due(now=now + 2 * HOUR)

    assert (result.opened, result.closed) == (0, 1)
    rows = {row.pk: (row.state, row.subject_id) for row in Qualification.objects.all()}
    assert rows.pop(first.pk) == ("open", ann.pk)
    assert list(rows.values()) == [("merged", ann.pk)]


def test_pql_of_a_merged_person_goes_over_without_a_new_one(login, ann, now):
    make_live(signal(login))
    bea = make_person("bea", now)
    add_activity([Did(bea, version_of(login), now - HOUR)])
    score_due(now=now)

    merge(bea, ann)
    result = score_due(now=now + HOUR)

    assert (result.opened, Qualification.objects.get().subject_id) == (0, ann.pk)


def test_goal_of_an_account_definition_is_the_accounts(login, buy, ann, now):
    make_live(signal(login), level=2, motion=make_motion(goal_action=buy))
    firm = make_account("firm", now)
    add_activity([Did(ann, version_of(buy), now - HOUR, account=firm)])

    score_due(now=now)

    assert [(row.subject_kind, row.subject_id) for row in Outcome.objects.all()] == [(2, firm.pk)]


# --- a model of episodes, written from the words of the models, against what scoring writes ---------------------------

ENTER, EXIT, PAUSE = 3, 2, 2 * DAY  # in events of the last 24 hours; 10 points each
STEPS = st.lists(st.sampled_from(["event", "event", "event", "wait", "wait a day", "goal"]), max_size=25)


class Episodes:
    """One person: what should be open at each step."""

    def __init__(self):
        self.events, self.goals, self.rows = [], [], []
        self.has_dropped = True

    def look(self, now):
        inside = sorted(ts for ts in self.events if now - DAY <= ts < now)
        current = self.rows[-1] if self.rows and self.rows[-1]["state"] == "open" else None
        if current and any(goal >= current["triggered_at"] for goal in self.goals):
            current |= {"state": "converted", "closed_at": now}
            self.has_dropped = False
        elif current and len(inside) < EXIT:
            current |= {"state": "left", "closed_at": now}
        elif not current and len(inside) >= ENTER and self.may_open(now, inside):
            self.rows.append({"state": "open", "triggered_at": inside[ENTER - 1], "closed_at": None})
        return len(inside)

    def may_open(self, now, inside):
        if any(goal >= inside[ENTER - 1] for goal in self.goals):
            return False
        return not self.rows or (self.rows[-1]["closed_at"] + PAUSE <= now and self.has_dropped)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_episodes_follow_the_model_whatever_happens(steps, login, buy, now):
    savepoint = transaction.savepoint()
    try:
        walk(steps, login, buy, now)
    finally:
        transaction.savepoint_rollback(savepoint)


def walk(steps, login, buy, now):
    person, model, was_in = make_person("walker", now), Episodes(), False
    make_live(
        signal(login, **EACH, **A_DAY),
        enter=ENTER * 1000,
        leave=EXIT * 1000,
        requalify=PAUSE.days,
        motion=make_motion(goal_action=buy),
    )
    for number, step in enumerate(steps):
        now += {"wait a day": DAY}.get(step, HOUR)
        happened = now - timedelta(minutes=30) + timedelta(seconds=number)
        if step == "event":
            model.events.append(happened)
            add_activity([Did(person, version_of(login), happened)])
        if step == "goal":
            model.goals.append(happened)
            add_activity([Did(person, version_of(buy), happened)])
        Touched.objects.create(subject_kind=1, subject_id=person.pk)
        score_due(now=now)
        count = model.look(now)
        was_in = count >= (EXIT if was_in else ENTER)
        model.has_dropped = model.has_dropped or not was_in
        rows = Qualification.objects.filter(subject_id=person.pk).order_by("opened_at")
        found = [{key: getattr(row, key) for key in ("state", "triggered_at", "closed_at")} for row in rows]
        assert found == model.rows, steps[: number + 1]
