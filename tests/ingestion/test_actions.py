import threading
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from ingestion.models import Account, Action, ActionVersion, Activity, Person
from ingestion.operations import archive_action, backfill_actions, fold_inbox, stored_events, take_touched
from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tenants.models import AuditEvent, Work
from tests.factories.ingestion import (
    RECEIVED,
    START,
    count_instead,
    fold,
    make_action,
    send,
    send_and_fold,
    track,
)


def backfill() -> int:
    """Run to the end. Returns how many slices it took."""
    slices = 1
    while backfill_actions(now=RECEIVED):
        slices += 1
    return slices


def test_stored_events_are_matched_against_a_new_action(in_acme):
    send_and_fold(in_acme, [track("u1", "login", account="a1"), track("u2", "other")])
    action = make_action("login")
    assert Work.objects.get(kind="backfill").next_at == START

    backfill()

    assert Activity.objects.get().action_version_id == action.versions.get().pk
    person, account = Person.objects.get(label="u1").pk, Account.objects.get().pk
    assert list(take_touched(limit=9)) == [(1, person), (2, account)]
    assert action.versions.get().backfill_done_at == RECEIVED


def test_backfill_goes_on_where_the_last_slice_ended(in_acme, monkeypatch):
    monkeypatch.setattr(stored_events, "SCAN", 10)
    monkeypatch.setattr(stored_events, "WRITE", 10)
    send_and_fold(in_acme, [track("u1", "login", ts=START + timedelta(hours=n)) for n in range(35)])
    make_action("login")

    assert backfill_actions(now=RECEIVED)
    assert Activity.objects.count() == 10
    assert backfill() == 3
    assert Activity.objects.count() == 35


def test_versions_made_at_different_times_are_each_matched_from_the_start(in_acme, monkeypatch):
    monkeypatch.setattr(stored_events, "SCAN", 10)
    monkeypatch.setattr(stored_events, "WRITE", 10)
    send_and_fold(in_acme, [track("u1", "login") for _ in range(25)])
    make_action("login")
    backfill_actions(now=RECEIVED)
    make_action("login", name="Came back")

    backfill()

    assert Activity.objects.count() == 50


def test_what_fold_and_backfill_both_match_counts_once(in_acme):
    make_action("login")
    send_and_fold(in_acme, [track("u1", "login")])

    backfill()

    assert Activity.objects.count() == 1


def test_an_edit_makes_a_version_only_when_it_changes_the_match(in_acme):
    action = make_action("login")
    assert count_instead(action, "login").number == 1
    assert count_instead(action, "sign in").number == 2
    rows = AuditEvent.objects.filter(target_id=str(action.pk)).order_by("sequence")
    assert [(row.verb, row.fields) for row in rows] == [
        ("action.created", ["event_name", "name"]),
        ("action.changed", ["event_name"]),
    ]


def test_an_archived_action_goes_on_counting_for_those_who_use_it(in_acme, now):
    action = make_action("login")
    archive_action(action=action, by=SYSTEM, now=now)

    assert send_and_fold(in_acme, [track("u1", "login")]).activity == 1
    assert Action.objects.get().archived_at == now


@pytest.mark.parametrize(
    ("event", "filters", "words"),
    [
        ("", [], "Name the event"),
        ("login", [{"property": "", "op": "eq", "value": 1}], "names a property"),
        ("login", [{"property": "a", "op": "like", "value": 1}], "not a test"),
        ("login", [{"property": "a", "op": "gte", "value": "many"}], "needs a number"),
        ("login", [{"property": "a", "op": "in", "value": []}], "at least one"),
    ],
)
def test_an_action_that_cannot_match_is_refused_with_words(in_acme, event, filters, words):
    with pytest.raises(ValidationError, match=words):
        make_action(event, filters=filters, name="Some name")
    assert not ActionVersion.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_events_folded_while_an_action_is_made_are_not_missed(acme, settings):
    """A fold is under way when the action is made: it did not see the version, so back-fill has to."""
    settings.TENANT_REBIND_IN_SAVEPOINT = False
    send(acme, [track("u1", "login")])
    is_made = threading.Event()

    def make() -> None:
        try:
            with tenant_context(acme.pk):
                make_action("login")
            is_made.set()
        finally:
            connection.close()

    with tenant_context(acme.pk):
        assert fold_inbox(now=RECEIVED).activity == 0
        thread = threading.Thread(target=make)
        thread.start()
        assert not is_made.wait(0.5)  # it waits until the fold has committed
    thread.join()
    with tenant_context(acme.pk):
        backfill()
        assert Activity.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_folds_at_once_share_the_inbox_and_double_nothing(acme, settings):
    settings.TENANT_REBIND_IN_SAVEPOINT = False
    for n in range(40):
        send(acme, [track(f"u{n % 5}", "login", anon=f"x{n % 7}", id=f"m{n}", account=f"a{n % 3}")])
        send(acme, [track(f"u{n % 5}", "login", anon=f"x{n % 7}", id=f"m{n}", account=f"a{n % 3}")])
    errors = []

    def work() -> None:
        try:
            fold(acme, limit_events=7)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not errors
    with tenant_context(acme.pk), connection.cursor() as cursor:
        cursor.execute("SELECT count(*), count(DISTINCT message_id) FROM ingestion_event")
        assert cursor.fetchone() == (40, 40)
