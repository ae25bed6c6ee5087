"""Events lie in monthly partitions: made in time, mended when not, dropped when nobody keeps them, and no event is ever
lost or stored twice at their edges."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import ProgrammingError, connection, transaction

from ingestion.models import Event
from ingestion.operations import drop_partitions, make_partitions
from ingestion.queries.storage import months_with_partition
from pqlhub import upkeep
from tenants.context import tenant_context
from tenants.models import Tenant
from tests.factories.ingestion import fold, send, track

EDGE = datetime(2031, 2, 1, tzinfo=UTC)  # months without a partition, unless a test makes it
SECOND = timedelta(seconds=1)


def store(tenant: Tenant, name: str, at: datetime, id: str = "") -> int:
    """Events added by one that was received at this moment."""
    send(tenant, [track("u1", name, id=id)], received_at=at)
    return fold(tenant).events


def kept_since(day: date | None, *tenants: Tenant) -> None:
    Tenant.objects.filter(pk__in=[tenant.pk for tenant in tenants]).update(events_kept_since=day)


def names(tenant: Tenant) -> set[str]:
    with tenant_context(tenant.pk):
        return set(Event.objects.values_list("name", flat=True))


def test_months_ahead_are_made_once(db):
    assert make_partitions(now=EDGE) == 3
    assert make_partitions(now=EDGE + timedelta(days=27)) == 0

    assert months_with_partition()[-3:] == [date(2031, 2, 1), date(2031, 3, 1), date(2031, 4, 1)]


def test_events_wait_for_a_partition_that_is_late_and_move_into_it(acme, globex):
    for tenant in (acme, globex):
        store(tenant, "before", EDGE - SECOND)
        store(tenant, "after", EDGE)

    assert make_partitions(now=EDGE) == 4

    assert {date(2031, 1, 1), date(2031, 2, 1)} <= set(months_with_partition())
    assert names(acme) == names(globex) == {"before", "after"}
    assert make_partitions(now=EDGE) == 0


def test_an_event_is_stored_once_on_both_sides_of_an_edge(acme):
    make_partitions(now=EDGE - timedelta(days=2))

    added = [store(acme, "signed up", at, id="m1") for at in (EDGE - SECOND, EDGE + SECOND)]

    assert added == [1, 0]


def test_what_is_sent_again_after_its_month_was_dropped_adds_nothing(acme, globex):
    make_partitions(now=EDGE - timedelta(days=2))
    store(acme, "signed up", EDGE - SECOND, id="m1")
    kept_since(EDGE.date(), acme, globex)
    drop_partitions(now=EDGE)

    assert store(acme, "signed up", EDGE + SECOND, id="m1") == 0
    assert names(acme) == set()


def test_a_month_goes_when_the_last_tenant_has_let_go_of_it(acme, globex):
    make_partitions(now=EDGE - timedelta(days=2))
    store(acme, "old", EDGE - SECOND)
    store(globex, "new", EDGE)
    kept_since(date(2031, 3, 1), acme)
    assert drop_partitions(now=EDGE) == []

    kept_since(EDGE.date(), globex)

    assert drop_partitions(now=EDGE)[-1] == date(2031, 1, 1)
    assert (names(acme), names(globex)) == (set(), {"new"})


def test_the_database_refuses_to_drop_a_month_that_a_tenant_keeps(acme, globex):
    make_partitions(now=EDGE)
    kept_since(date(2031, 3, 1), acme)

    with pytest.raises(ProgrammingError, match="Some tenant keeps events of 2031-02"), transaction.atomic():
        connection.cursor().execute("SELECT drop_event_partition('2031-02-01')")


def test_a_suspended_tenant_does_not_hold_a_month_for_the_others(acme, globex, settings):
    settings.EVENT_KEEP_MONTHS = 1
    make_partitions(now=EDGE - timedelta(days=2))
    kept_since(EDGE.date(), acme)
    Tenant.objects.filter(pk=globex.pk).update(status="suspended")

    assert date(2031, 1, 1) in drop_partitions(now=EDGE + timedelta(days=30))


def test_a_month_that_is_being_read_goes_the_next_time(acme, globex, owner_connection):
    kept_since(EDGE.date(), acme, globex)
    with owner_connection.transaction():
        owner_connection.execute("LOCK TABLE ingestion_event IN ACCESS SHARE MODE")
        assert drop_partitions(now=EDGE) == []

    assert drop_partitions(now=EDGE)


def test_upkeep_makes_and_drops(acme, globex, settings):
    settings.EVENT_KEEP_MONTHS = 1
    upkeep.run(now=EDGE)
    kept_since(date(2031, 4, 1), acme, globex)

    upkeep.run(now=datetime(2031, 5, 2, tzinfo=UTC))

    assert months_with_partition() == [date(2031, month, 1) for month in (4, 5, 6, 7)]
