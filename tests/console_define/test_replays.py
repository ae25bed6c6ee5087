"""Replays: asked for in the console, run by workers in slices, also of a draft that is edited meanwhile."""

from datetime import timedelta

import pytest
from django.utils import timezone

from scoring.models import Qualification, ReplayRun, Signal, Version
from scoring.operations import continue_replay
from tests.factories.scoring import make_definition, make_draft, make_live, signal

ADD = "/scoring/replayrun/add/"


@pytest.fixture
def version(history, boards):
    return make_live(signal(history["Signed in"], at_least=2, points=5000), business_unit=boards, name="Keen")


def ask(client, wanted, **fields):
    today = timezone.localdate()
    data = {"version": str(wanted.pk), "first_day": str(today - timedelta(days=9)), "last_day": str(today)}
    return client.post(ADD, data | fields)


def work(acme, run, seconds=60):
    return continue_replay(tenant_id=acme.pk, run_id=run.pk, clock=timezone.now, seconds=seconds)


def test_replay_is_asked_for_run_by_a_worker_and_shown(as_user, bob, acme, version):
    client = as_user(bob)

    response = ask(client, version)
    assert "Waiting for a worker" in client.get(response.url).content.decode()
    assert work(acme, ReplayRun.objects.get()) is False

    context = client.get(response.url).context
    assert context["progress"] is None
    assert {label for _row, label in context["rows"]} == {"ann", "bea"}
    assert (context["summary"].subjects, context["summary"].at_end) == (2, 2)
    assert not Qualification.objects.exists()


def test_replay_goes_on_where_it_stopped(as_user, bob, acme, version):
    ask(as_user(bob), version)
    run = ReplayRun.objects.get()

    while work(acme, run, seconds=0.001):
        run.refresh_from_db()

    run.refresh_from_db()
    assert run.finished_at is not None
    assert run.qualifications.count() == 2


def test_draft_edited_meanwhile_is_replayed_as_it_was(as_user, bob, acme, history, boards):
    draft = make_draft(signal(history["Signed in"], at_least=2, points=5000), business_unit=boards)
    ask(as_user(bob), draft)
    Signal.objects.filter(version=draft).update(at_least=99)

    work(acme, ReplayRun.objects.get())

    assert ReplayRun.objects.get().qualifications.count() == 2


def test_deleted_replay_leaves_nothing_to_do(acme, version, as_user, bob):
    ask(as_user(bob), version)
    run = ReplayRun.objects.get()
    ReplayRun.objects.all().delete()

    assert work(acme, run) is False


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        pytest.param({"first_day": "2026-03-09", "last_day": "2026-03-01"}, "after the last", id="backwards"),
        pytest.param({"last_day": "2999-01-01"}, "has not begun yet", id="future"),
        pytest.param({"first_day": "1990-01-01"}, "ten years", id="too long"),
        pytest.param({"first_day": ""}, "required", id="empty"),
        pytest.param({"first_day": "soon"}, "valid date", id="words"),
        pytest.param({"version": "x"}, "valid", id="no version"),
    ],
)
def test_wrong_replay_is_refused(as_user, bob, version, fields, says):
    response = ask(as_user(bob), version, **fields)

    assert response.status_code == 422
    assert says in response.content.decode()
    assert not ReplayRun.objects.exists()


def test_empty_draft_cannot_be_replayed(as_user, bob, history, boards, motion):
    definition = make_definition(business_unit=boards, motion=motion)

    response = ask(as_user(bob), Version.objects.get(definition=definition))

    assert "no signals yet" in response.content.decode()


def test_csv_of_a_replay_holds_every_episode(as_user, bob, acme, version):
    client = as_user(bob)
    response = ask(client, version)
    work(acme, ReplayRun.objects.get())

    lines = client.get(response.url, {"format": "csv"}).content.decode("utf-8-sig").splitlines()

    assert len(lines) == 3


def test_replay_of_a_corporate_definition_is_not_for_a_unit_to_start(as_user, bob, history):
    corporate = make_live(signal(history["Invited"]), name="Standard")

    assert ask(as_user(bob), corporate).status_code == 403
