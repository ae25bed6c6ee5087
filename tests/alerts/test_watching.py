"""Incidents of the data: found, told once, ended, per company."""

from datetime import timedelta

import pytest
from django.core import mail
from django.db import IntegrityError
from django.urls import reverse

from ingestion.models import DataAlert
from ingestion.operations import map_event, tell_of_data_alerts, wake_watches, watch_data
from ingestion.queries.alerts import open_troubles
from ingestion.rules.silence import WatchedEvent
from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tenants.models.work import Work
from tests.factories import ingestion
from tests.factories.ingestion import START, make_source, track

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
OPENED = WatchedEvent(1, "Opened", frozenset({"plan"}))
LAST = START + 34 * DAY
LATER = LAST + 3 * DAY


@pytest.fixture
def regular(acme, in_acme):
    """Opened came ten times a day for five weeks, with a plan; other events still come."""

    def send(*, until=LAST, properties=None):
        days = [until - n * DAY for n in range(35)]
        rows = [
            track("ann", "Opened", ts=day + timedelta(minutes=n), properties=properties or {"plan": "pro"})
            for day in days
            for n in range(10)
        ]
        ingestion.send_and_fold(
            acme, [*rows, *(track("ann", "Other", ts=LATER) for _ in range(3))], received_at=LATER
        )

    return send


def kinds():
    return sorted(DataAlert.objects.filter(closed_at=None).values_list("kind", flat=True))


def test_an_event_that_a_live_signal_counts_has_stopped_and_comes_back(acme, regular):
    regular()
    assert watch_data(watched=[OPENED], now=LATER) == LATER + timedelta(hours=1)
    watch_data(watched=[OPENED], now=LATER)
    assert kinds() == ["event_stopped"]

    ingestion.send_and_fold(acme, [track("ann", "Opened", ts=LATER)], received_at=LATER)
    watch_data(watched=[OPENED], now=LATER + DAY)

    assert kinds() == []
    assert DataAlert.objects.get().closed_at == LATER + DAY


def test_an_event_goes_on_under_another_name(acme, regular):
    regular()
    watch_data(watched=[OPENED], now=LATER)
    late = [track("ann", "opened", ts=LATER, properties={"plan": "pro"})]
    ingestion.send_and_fold(acme, late, received_at=LATER)

    map_event(event_kind=1, from_name="opened", to_name="Opened", by=SYSTEM, now=LATER)
    watch_data(watched=[OPENED], now=LATER + DAY)

    assert kinds() == []


def opened(day, number, source):
    rows = [track("ann", "Opened", ts=day, properties={"plan": "pro"}) for _ in range(number)]
    ingestion.send_and_fold(source.tenant, rows, source=source, received_at=LATER)


def test_one_of_several_sources_has_stopped(acme, in_acme):
    app, web = make_source(acme), make_source(acme, name="Web")
    for n in range(38):
        opened(LATER - n * DAY, 5, web)
        if n > 3:
            opened(LATER - n * DAY, 10, app)
    ingestion.send_and_fold(acme, [track("ann", "Other", ts=LATER)], received_at=LATER)

    watch_data(watched=[OPENED], now=LATER)

    assert [trouble.title for trouble in open_troubles()] == ["“Opened” no longer comes from App"]


def test_an_event_that_falls_to_half_is_told_with_numbers(acme, in_acme):
    app = make_source(acme)
    for n in range(38):
        opened(LATER - n * DAY, 10 if 0 < n < 4 else 40, app)

    watch_data(watched=[OPENED], now=LATER)

    assert kinds() == ["event_fell"]
    assert "30 in three whole days, about 120 are usual" in open_troubles()[0].text


def test_what_nothing_relies_on_may_stop(regular):
    regular()

    watch_data(watched=[], now=LATER)

    assert kinds() == []


def test_a_source_that_is_silent_altogether_is_one_incident(regular):
    regular()

    watch_data(watched=[OPENED], now=LATER + 7 * DAY)

    assert kinds() == ["source_silent"]
    assert "App is silent" in [trouble.title for trouble in open_troubles()]


def test_a_property_that_is_read_has_gone(acme, regular):
    regular()
    days = [LAST + (n + 1) * DAY for n in range(3)]
    sent = [track("ann", "Opened", ts=day + timedelta(minutes=n)) for day in days for n in range(10)]
    ingestion.send_and_fold(acme, sent, received_at=LATER)

    watch_data(watched=[OPENED], now=LATER)

    assert kinds() == ["property_gone"]
    assert open_troubles()[0].title == "“Opened” comes without “plan”"


def test_staging_may_be_silent(acme, in_acme, regular):
    regular()
    source = ingestion.make_source(acme)
    type(source).objects.filter(pk=source.pk).update(environment="staging")

    watch_data(watched=[OPENED], now=LATER + 7 * DAY)

    assert kinds() == []


def test_one_incident_is_open_once(in_acme):
    values = {"kind": "event_stopped", "event_kind": 1, "event_name": "Opened", "opened_at": START}
    DataAlert.objects.create(**values)

    with pytest.raises(IntegrityError, match="data_alert_open_once"):
        DataAlert.objects.create(**values)


def test_it_is_mailed_once_to_those_who_may_mend_it(acme, regular, alice, bob):
    regular()
    watch_data(watched=[OPENED], now=LATER)

    for _ in range(2):
        assert tell_of_data_alerts(tenant_id=acme.pk, clock=lambda: LATER) is None

    (letter,) = mail.outbox
    assert alice.email in letter.to
    assert bob.email not in letter.to
    assert "“Opened” has stopped" in letter.subject
    assert "Was it renamed" in letter.body


def test_another_companys_events_make_no_alarm(globex, regular):
    regular()

    with tenant_context(globex.pk):
        watch_data(watched=[OPENED], now=LATER)
        assert kinds() == []


def test_home_and_catalogue_say_it(client, alice, regular):
    regular()
    watch_data(watched=[OPENED], now=LATER)
    client.force_login(alice)

    assert "Data in trouble" in client.get("/").content.decode()
    assert "has stopped" in client.get(reverse("admin:ingestion_eventname_changelist")).content.decode()


def test_every_active_company_is_watched_and_not_more_often_than_it_asked(acme, globex, now):
    wake_watches(now=now)
    wake_watches(now=now + DAY)

    assert set(Work.objects.filter(kind="watch").values_list("tenant_id", "next_at")) >= {
        (acme.pk, now),
        (globex.pk, now),
    }
