"""A source's environment, where it is changed and where it shows."""

from datetime import timedelta

import pytest
from django.urls import reverse

from ingestion.models import Activity, Event
from ingestion.operations import mark_environments
from tenants.audit import SYSTEM
from tenants.models import Role, Source
from tenants.operations import create_source
from tests.conftest import member
from tests.factories.ingestion import RECEIVED, make_action, make_source, send_and_fold, track

STREAM = "/ingestion/event/"


@pytest.fixture
def staging(in_acme, now) -> Source:
    return create_source(name="Staging app", kind="server", environment="staging", by=SYSTEM, now=now)


@pytest.fixture
def both(in_acme, staging):
    send_and_fold(in_acme, [track("ann", "Paid", ts=RECEIVED)])
    send_and_fold(in_acme, [track("tester", "Tried", ts=RECEIVED)], source=staging)


def address(source: Source) -> str:
    return reverse("admin:tenants_source_environment", args=[source.pk])


def text_of(response) -> str:
    return " ".join(response.content.decode().split())


def test_environment_is_changed_after_asking(as_user, alice, in_acme, now):
    make_action("login")
    app = make_source(in_acme)
    send_and_fold(in_acme, [track("ann", "login")])
    client = as_user(alice)

    assert "everything this source ever sent stops counting" in text_of(client.get(address(app)))
    page = client.post(address(app), {"environment": "staging"}, follow=True)
    mark_environments(now=now)

    assert "App is Staging now" in text_of(page)
    assert Activity.objects.get().exclusion != 0


def test_environment_that_does_not_exist_is_refused(as_user, alice, staging):
    assert as_user(alice).post(address(staging), {"environment": "moon"}).status_code == 422


def test_form_of_a_source_does_not_change_it(as_user, alice, staging):
    change = reverse("admin:tenants_source_change", args=[staging.pk])
    sent = {
        "name": "Renamed",
        "kind": "server",
        "is_enabled": "on",
        "environment": "production",
        "quota_period": "month",
    }
    as_user(alice).post(change, sent)

    staging.refresh_from_db()
    assert (staging.name, staging.environment) == ("Renamed", "staging")


def test_debugger_filters_by_environment_and_says_why_it_does_not_count(as_user, alice, both):
    client = as_user(alice)

    rows = client.get(STREAM, {"environment": "staging"}).context["page"].rows
    assert [(row.event.name, row.environment) for row in rows] == [("Tried", "Staging")]
    event = Event.objects.get(name="Tried").pk
    assert "its source is not production" in text_of(
        client.get(reverse("admin:ingestion_event_show", args=[event]))
    )
    assert client.get(STREAM, {"environment": "moon"}).status_code == 404


def test_catalogue_shows_staging_when_asked(as_user, alice, both):
    client = as_user(alice)

    assert "Tried" not in text_of(client.get("/ingestion/eventname/"))
    assert "Tried" in text_of(client.get("/ingestion/eventname/?all=1"))


@pytest.mark.parametrize(
    ("moved", "tag"),
    [
        (timedelta(0), None),
        (-timedelta(hours=25), "late"),
        (timedelta(hours=2), "future"),
        (timedelta(days=3), "future"),  # too far ahead to be believed: it counts as of its receipt
    ],
)
def test_debugger_marks_late_and_future_events(as_user, alice, in_acme, moved, tag):
    send_and_fold(in_acme, [track("ann", "Paid", ts=RECEIVED + moved)])
    page = text_of(as_user(alice).get(STREAM))

    assert [word for word in ("late", "future") if f">{word}</span>" in page] == ([tag] if tag else [])


@pytest.mark.parametrize(
    ("role", "status"), [(Role.PRODUCT_ENGINEER, 200), (Role.ANALYST, 403), (Role.REP, 403)]
)
def test_who_may_change_it(as_user, acme, staging, now, role, status):
    client = as_user(member(acme, "x@acme.test", role, "Corporate", now))

    assert client.get(address(staging)).status_code == status


def test_source_of_another_tenant_does_not_exist(as_user, charlie, staging):
    assert as_user(charlie).post(address(staging), {"environment": "production"}).status_code == 404
