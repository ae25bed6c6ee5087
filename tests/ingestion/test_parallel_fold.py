"""Two hands in one tenant's inbox at once: nothing twice, nothing lost, no person or account drawn twice."""

import threading

import pytest
from django.db import connection
from django.utils import timezone

from ingestion.models import Account, Event, Inbox, Person
from ingestion.operations import fold_inbox
from pqlhub import pulse
from tenants.context import tenant_context
from tenants.models import Work
from tests.factories.ingestion import make_source, send, track

REQUESTS, PERSONS = 40, 15


@pytest.fixture
def tenant(transactional_db, acme, settings):
    settings.TENANT_REBIND_IN_SAVEPOINT = False
    source = make_source(acme)
    for request in range(REQUESTS):
        events = [
            # Every event comes twice, in requests far apart.
            track(f"u{each % PERSONS}", "login", id=f"{request % 20}-{each}", account=f"a{each % 5}")
            for each in range(30)
        ]
        send(acme, events, source=source)
    return acme


def test_two_hands_fold_everything_once(tenant):
    together = threading.Barrier(2)
    results = []

    def hand() -> None:
        together.wait()
        more = True
        while more:
            with tenant_context(tenant.pk):
                results.append(fold_inbox(now=timezone.now(), limit_events=60))
            more = results[-1].more
        connection.close()

    hands = [threading.Thread(target=hand) for _ in range(2)]
    for each in hands:
        each.start()
    for each in hands:
        each.join()

    with tenant_context(tenant.pk):
        assert (Event.objects.count(), Person.objects.count(), Account.objects.count()) == (600, PERSONS, 5)
        assert not Inbox.objects.exists()
    assert sum(result.duplicates for result in results) == 600


def test_a_backlog_calls_a_second_hand(tenant, monkeypatch):
    def slice_of_sixty(*, now):
        return fold_inbox(now=now, limit_events=60)

    monkeypatch.setattr(pulse.ingestion, "fold_inbox", slice_of_sixty)
    claim = pulse.work.claim_next(kinds=["fold"], now=timezone.now())

    pulse.fold(claim, timezone.now)

    with tenant_context(tenant.pk):
        due = Work.objects.filter(kind="fold", next_at__lte=timezone.now()).values_list("ref", flat=True)
        assert list(due) == ["second"]
