"""Settings → Storage: what there is by month, what goes next, and what a shorter retention would remove."""

from datetime import UTC, date, datetime

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from ingestion.models import EventMonth, Trim
from ingestion.operations import change_retention, trim_history
from ingestion.queries.storage import months_held
from ingestion.rules.retention import goes_on, kept_from
from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tenants.models import Role, Tenant
from tests.conftest import member
from tests.factories.ingestion import send_and_fold, track

PAGE = reverse("admin:ingestion_trim_changelist")
OLD, LATER = datetime(2026, 2, 10, tzinfo=UTC), datetime(2026, 3, 10, tzinfo=UTC)


def browser_of(user) -> Client:
    client = Client()
    client.force_login(user, backend="tenants.accounts.LoginBackend")
    return client


@pytest.fixture
def browser(alice) -> Client:
    return browser_of(alice)


def receive(tenant: Tenant, at: datetime, *names: str) -> None:
    send_and_fold(tenant, [track("u1", name, ts=at) for name in names], received_at=at)


@given(
    now=st.datetimes(timezones=st.just(UTC)).filter(lambda now: 1000 < now.year < 9000),
    months=st.integers(1, 60),
    before=st.integers(0, 90),
)
def test_a_month_goes_on_the_day_from_which_it_is_not_kept(now, months, before):
    month = kept_from(now, before)

    assert (month < kept_from(now, months)) == (goes_on(month, months) <= now.date())


def test_each_month_says_its_events_and_when_it_goes(acme, globex):
    receive(acme, OLD, "a", "b")
    receive(acme, LATER, "c")
    receive(globex, OLD, "not ours")
    acme.event_months = 3

    with tenant_context(acme.pk):
        held = [(each.month, each.events, each.goes_on) for each in months_held(acme)]

    assert held == [
        (date(2026, 2, 1), 2, date(2026, 6, 1)),
        (date(2026, 3, 1), 1, date(2026, 7, 1)),
    ]


def test_looking_says_what_would_go_and_removes_nothing(acme, globex, browser):
    receive(acme, OLD, "a", "b")
    receive(globex, OLD, "not ours")

    page = browser.post(PAGE, {"event_months": "1", "do": "look"}).content.decode()

    assert "<b>2 events</b>" in page
    acme.refresh_from_db()
    assert acme.event_months is None


def test_saving_removes_and_the_page_says_what_went(acme, globex, browser):
    receive(acme, OLD, "a", "b")

    assert browser.post(PAGE, {"event_months": "1", "activity_months": "", "do": "save"}).status_code == 302

    acme.refresh_from_db()
    assert (acme.event_months, acme.activity_months) == (1, None)
    now = datetime.now(UTC)
    with tenant_context(acme.pk):
        for _slice in range(5):
            trim_history(now=now)
        assert not EventMonth.objects.exists()
    assert "2 events, 0 rows of activity" in browser.get(PAGE).content.decode()


def test_a_removal_is_paused_and_resumed(acme, globex, browser):
    receive(acme, OLD, "a")
    with tenant_context(acme.pk):
        change_retention(event_months=1, activity_months=None, by=SYSTEM, now=datetime.now(UTC))
        trim = Trim.objects.create(started_at=LATER, events_before=LATER.date())
    move = reverse("admin:ingestion_trim_move", args=[trim.pk])

    browser.post(move, {"do": "pause"})
    assert "The removal is paused" in browser.get(PAGE).content.decode()
    browser.post(move, {"do": "resume"})
    assert "Old history is being removed" in browser.get(PAGE).content.decode()
    assert browser.post(move, {"do": "dance"}).status_code == 404


@pytest.mark.parametrize("months", ["0", "-1", "601", "99999999999", "x", "1.5"])
def test_bad_numbers_are_explained(browser, months):
    assert browser.post(PAGE, {"event_months": months, "do": "save"}).status_code == 422


def test_longer_than_the_platform_is_refused_with_its_limit(browser, settings):
    settings.EVENT_KEEP_MONTHS = 12
    answer = browser.post(PAGE, {"event_months": "13", "do": "save"})

    assert answer.status_code == 422
    assert "12 months at most" in answer.content.decode()


def test_an_analyst_sees_and_changes_nothing_and_a_rep_sees_nothing(acme, boards, rita, now):
    analyst = browser_of(member(acme, "ann@acme.test", Role.ANALYST, "Boards", now))

    assert "See what would go" not in analyst.get(PAGE).content.decode()
    assert analyst.post(PAGE, {"event_months": "1", "do": "save"}).status_code == 403
    assert browser_of(rita).get(PAGE).status_code == 403


def test_the_page_asks_the_same_number_of_queries_for_more_months(acme, browser, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    receive(acme, OLD, "a")
    browser.get(PAGE)
    with CaptureQueriesContext(
        connection,
    ) as one:
        browser.get(PAGE)
    receive(acme, LATER, "b")
    with django_assert_num_queries(len(one)):
        browser.get(PAGE)
