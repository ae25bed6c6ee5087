import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ingestion.models import Person, Touched
from scoring.models import Qualification, QualificationEvent, Score, ScoreChange, Version
from scoring.operations import due, score_due
from tenants.context import tenant_context
from tenants.models import Work
from tests.factories.scoring import make_action, make_live, signal, version_of
from tests.scoring.histories import Did, add_activity, make_account, make_person

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def test_pql_opens_when_the_threshold_is_reached(login, ann, now):
    make_live(signal(login, kind="distinct_days", at_least=3))
    add_activity(Did(ann, version_of(login), now - n * DAY) for n in (1, 2, 3))

    result = score_due(now=now)

    assert (result.opened, result.changed) == (1, 1)
    pql = Qualification.objects.get()
    assert (pql.subject_id, pql.points, pql.band, pql.opened_at) == (ann.pk, 5000, "hot", now)
    assert pql.triggered_at == now - DAY


def test_nothing_true_leaves_no_row(login, ann, now):
    make_live(signal(login))

    score_due(now=now)

    assert not Score.objects.exists()


def test_score_falls_on_time_without_traffic(login, ann, now):
    make_live(signal(login, window="hours", window_length=24))
    add_activity([Did(ann, version_of(login), now - HOUR)])

    falls_at = score_due(now=now).next_at
    before, after = score_due(now=falls_at - timedelta(microseconds=1)), score_due(now=falls_at)

    assert falls_at == now + 23 * HOUR + timedelta(microseconds=1)
    assert (before.scored, after.closed, Score.objects.get().points) == (0, 1, 0)


def test_event_of_the_future_counts_when_its_time_has_come(login, ann, now):
    make_live(signal(login))
    add_activity([Did(ann, version_of(login), now + HOUR, received_at=now)])

    assert score_due(now=now).opened == 0
    assert score_due(now=score_due(now=now).next_at).opened == 1


def test_event_received_after_the_clock_was_read_is_not_lost(login, ann, now):
    make_live(signal(login))
    add_activity([Did(ann, version_of(login), now - HOUR, received_at=now + HOUR)])

    assert score_due(now=now).opened == 1


def test_excluded_events_and_persons_open_nothing(login, ann, now):
    make_live(signal(login))
    robot = make_person("robot", now)
    Person.objects.filter(pk=robot.pk).update(exclusion=1)
    add_activity(
        [Did(ann, version_of(login), now - HOUR, exclusion=2), Did(robot, version_of(login), now - HOUR)]
    )

    assert score_due(now=now).opened == 0


def test_account_counts_only_what_happened_in_it(login, ann, now):
    make_live(signal(login, at_least=2), level=2)
    here, there = make_account("here", now), make_account("there", now)
    add_activity(Did(ann, version_of(login), now - n * HOUR, account=here) for n in (1, 2))
    add_activity([Did(ann, version_of(login), now - HOUR, account=there)])

    score_due(now=now)

    assert [pql.subject_id for pql in Qualification.objects.all()] == [here.pk]


def test_score_is_written_again_only_when_it_changes(login, ann, now):
    make_live(signal(login))
    add_activity([Did(ann, version_of(login), now - HOUR)])
    score_due(now=now)
    computed_at = Score.objects.get().computed_at

    Touched.objects.create(subject_kind=1, subject_id=ann.pk)
    result = score_due(now=now + HOUR)

    assert (result.scored, result.changed, Score.objects.get().computed_at) == (1, 0, computed_at)
    assert ScoreChange.objects.count() == 1


def test_more_of_the_same_refreshes_the_value_without_a_new_change(login, ann, now):
    make_live(signal(login))
    for _ in range(2):
        add_activity([Did(ann, version_of(login), now - HOUR)])
        score_due(now=now)

    assert (Score.objects.get().contributions[0]["value"], ScoreChange.objects.count()) == (2, 1)


def test_other_signals_for_the_same_points_are_a_change(login, ann, now):
    upload = make_action("upload")
    make_live(signal(login, window="hours", window_length=24), signal(upload))
    add_activity([Did(ann, version_of(login), now - HOUR)])
    score_due(now=now)

    add_activity([Did(ann, version_of(upload), now + 23 * HOUR)])
    score_due(now=now + 24 * HOUR)

    assert [row.points for row in ScoreChange.objects.order_by("id")] == [5000, 5000]


def test_first_scoring_goes_on_slice_by_slice(login, now, monkeypatch):
    monkeypatch.setattr(due, "FIRST_SLICE", 2)
    people = [make_person(f"p{n}", now) for n in range(5)]
    add_activity((Did(person, version_of(login), now - HOUR) for person in people), touch=False)
    version = make_live(signal(login))

    results = [score_due(now=now) for _ in range(3)]

    assert [(result.opened, result.more) for result in results] == [(2, True), (2, True), (1, False)]
    assert Version.objects.get(pk=version.pk).first_scored_at == now


def test_many_subjects_are_scored_as_few_are(login, now, monkeypatch):
    monkeypatch.setattr("scoring.compiler.compiled.FEW", 2)
    people = [make_person(f"p{n}", now) for n in range(5)]
    make_live(signal(login))
    add_activity(Did(person, version_of(login), now - HOUR) for person in people)

    assert (score_due(now=now).opened, Score.objects.count()) == (5, 5)


def test_opening_wakes_routing_in_the_same_transaction(login, ann, now):
    make_live(signal(login))
    add_activity([Did(ann, version_of(login), now - HOUR)])

    score_due(now=now)

    assert Work.objects.filter(kind="route", next_at=now).exists()


def test_tenants_do_not_meet(login, ann, globex, now):
    make_live(signal(login))
    add_activity([Did(ann, version_of(login), now - HOUR)])
    with tenant_context(globex.pk):
        theirs = make_action("login")
        make_live(signal(theirs))
        add_activity([Did(make_person("ann", now), version_of(theirs), now - HOUR)])
        assert score_due(now=now).opened == 1

    assert not Qualification.objects.exists()
    assert score_due(now=now).opened == 1


def queries_for(number, action, now):
    add_activity(
        Did(make_person(f"{number}-{n}", now), version_of(action), now - HOUR) for n in range(number)
    )
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert score_due(now=now).opened == number
    return len(captured)


def test_number_of_queries_does_not_grow_with_subjects(login, now):
    make_live(signal(login))
    score_due(now=now)

    assert queries_for(5, login, now) == queries_for(50, login, now)


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_open_one_pql_each(acme, now, settings):
    settings.TENANT_REBIND_IN_SAVEPOINT = False
    with tenant_context(acme.pk):
        login = make_action("login")
        make_live(signal(login))
        score_due(now=now)
        people = [make_person(f"p{n}", now) for n in range(20)]
        for _ in range(3):
            add_activity(Did(person, version_of(login), now - HOUR) for person in people)
    failures = []

    def work():
        try:
            for _ in range(6):
                with tenant_context(acme.pk):
                    score_due(now=now, limit=20)
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    with tenant_context(acme.pk):
        assert (failures, Touched.objects.count()) == ([], 0)
        assert Qualification.objects.count() == QualificationEvent.objects.count() == 20
        assert {score.contributions[0]["value"] for score in Score.objects.all()} == {3}
