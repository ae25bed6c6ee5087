"""Another time zone: every day that was cut is cut anew, as if all had been folded in the new zone."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import transaction

from ingestion.models import Account, Activity, Person
from ingestion.operations import recut, recut_days, take_touched
from pqlhub.pulse import LONG, run_until_idle
from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tenants.models import Tenant, Work, ZoneChange
from tenants.operations import change_tenant_settings
from tests.factories.ingestion import RECEIVED, fold, make_action, send, send_and_fold, track

MINUTE = timedelta(minutes=1)
# Around the midnights of both zones, on days on which the clocks of Berlin, New York or Apia change.
EDGES = [
    datetime(2025, 3, 29, 23, 0, tzinfo=UTC),
    datetime(2025, 3, 30, 1, 0, tzinfo=UTC),
    datetime(2025, 3, 30, 22, 0, tzinfo=UTC),
    datetime(2025, 10, 26, 1, 30, tzinfo=UTC),
    datetime(2025, 11, 2, 4, 0, tzinfo=UTC),
    datetime(2025, 11, 3, 5, 0, tzinfo=UTC),
    datetime(2011, 12, 30, 10, 0, tzinfo=UTC),  # Apia left this day out
]
MOMENTS = [edge + minutes * MINUTE for edge in EDGES for minutes in (-1, 0, 1)]


def change_zone(tenant, zone):
    with tenant_context(tenant.pk):
        change_tenant_settings(
            tenant=tenant, name=tenant.name, time_zone=zone, currency="EUR", by=SYSTEM, now=RECEIVED
        )


def history(tenant, name="login"):
    """The same events for any tenant: two persons, two accounts, two actions that count them."""
    with tenant_context(tenant.pk):
        make_action(name)
        make_action(name, name="The same again")
    send_and_fold(
        tenant,
        [track(f"u{n % 2}", name, account=f"a{n % 2}", ts=ts, id=f"e{n}") for n, ts in enumerate(MOMENTS)],
    )


def days(tenant):
    with tenant_context(tenant.pk):
        return list(Activity.objects.order_by("ts", "action_version_id").values_list("ts", "local_day"))


def run(tenant) -> int:
    """To the end. Returns how many slices it took."""
    for slices in range(1, 100):
        with tenant_context(tenant.pk):
            if not recut_days(now=RECEIVED):
                return slices
    raise AssertionError("It never ends.")


def die_in_a_slice(tenant):
    with tenant_context(tenant.pk), transaction.atomic():
        recut_days(now=RECEIVED)
        raise ZeroDivisionError


@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Apia", "Asia/Kathmandu"])
def test_recut_days_are_those_of_a_fresh_fold(acme, globex, zone):
    history(acme)
    change_zone(acme, zone)
    change_zone(globex, zone)
    history(globex)

    run(acme)

    assert days(acme) == days(globex)


def test_stopped_half_way_it_goes_on_where_it_was(acme, globex, monkeypatch):
    monkeypatch.setattr(recut, "SLICE", 10)
    history(acme)
    change_zone(acme, globex.time_zone)
    history(globex)
    with tenant_context(acme.pk):
        recut_days(now=RECEIVED)
    with pytest.raises(ZeroDivisionError):
        die_in_a_slice(acme)

    with tenant_context(acme.pk):
        assert ZoneChange.objects.get().rows_done == 10
    assert run(acme) == 4  # of 42 rows
    assert days(acme) == days(globex)


def test_another_tenant_is_left_alone(acme, globex):
    history(acme)
    history(globex)
    before = days(globex)
    change_zone(acme, "Asia/Tokyo")

    run(acme)

    assert days(globex) == before


def test_events_that_come_meanwhile_are_in_the_new_zone(acme, monkeypatch):
    monkeypatch.setattr(recut, "SLICE", 10)
    history(acme)
    change_zone(acme, "Asia/Tokyo")
    with tenant_context(acme.pk):
        recut_days(now=RECEIVED)
    send(acme, [track("u1", "login", ts=datetime(2025, 6, 1, 16, 0, tzinfo=UTC))])
    fold(acme)

    run(acme)

    assert {day for ts, day in days(acme) if ts.month == 6} == {date(2025, 6, 2)}


def test_zone_changed_twice_ends_in_the_last_one(acme, globex, monkeypatch):
    monkeypatch.setattr(recut, "SLICE", 10)
    history(acme)
    change_zone(acme, "Asia/Tokyo")
    with tenant_context(acme.pk):
        recut_days(now=RECEIVED)
    change_zone(acme, globex.time_zone)
    history(globex)

    run(acme)

    assert days(acme) == days(globex)


def test_whose_days_moved_is_scored_again_and_nobody_else(in_acme):
    make_action("login")
    noon, night = datetime(2025, 6, 1, 12, 0, tzinfo=UTC), datetime(2025, 6, 1, 23, 0, tzinfo=UTC)
    send_and_fold(
        in_acme,
        [track("day", "login", account="a1", ts=noon), track("night", "login", account="a2", ts=night)],
    )
    take_touched(limit=99)
    change_zone(in_acme, "UTC")  # from Berlin

    recut_days(now=RECEIVED)

    person, account = Person.objects.get(label="night").pk, Account.objects.get(key="a2").pk
    assert list(take_touched(limit=99)) == [(1, person), (2, account)]


def test_same_zone_again_cuts_nothing(in_acme):
    change_zone(in_acme, in_acme.time_zone)

    assert not ZoneChange.objects.exists()
    assert not Work.objects.filter(kind="recut").exists()


def test_long_work_does_it_and_the_settings_page_shows_how_far_it_is(acme, alice, client, monkeypatch):
    monkeypatch.setattr(recut, "SLICE", 21)
    history(acme)
    client.force_login(alice, backend="tenants.accounts.LoginBackend")
    client.post(
        "/tenants/businessunit/settings/", {"name": "Acme", "time_zone": "Asia/Tokyo", "currency": "EUR"}
    )
    with tenant_context(acme.pk):
        recut_days(now=RECEIVED)

    half = client.get("/tenants/businessunit/settings/").content.decode()
    later = datetime(2099, 1, 1, tzinfo=UTC)
    run_until_idle(LONG, clock=lambda: later, budget_seconds=20, kinds=["recut"])
    done = client.get("/tenants/businessunit/settings/").content.decode()

    assert "Days are being cut in Asia/Tokyo: 50%" in half
    assert "<progress" not in done
    assert Tenant.objects.get(pk=acme.pk).time_zone == "Asia/Tokyo"
