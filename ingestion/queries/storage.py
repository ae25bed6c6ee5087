"""Where the bytes are: the partitions of events and their sizes, and what the current tenant holds."""

import re
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.db import connection
from django.db.models import Sum

from ingestion.models import Activity, EventMonth
from ingestion.rules.retention import goes_on, kept_from, shorter
from tenants.models import Tenant

_PARTITIONS = """
SELECT c.relname, pg_total_relation_size(c.oid), GREATEST(c.reltuples, 0)::bigint
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = 'public.ingestion_event'::regclass ORDER BY c.relname
"""
_MONTHLY = re.compile(r"ingestion_event_(\d{4})_(\d{2})")


@dataclass(frozen=True)
class Partition:
    """A month of all tenants' events; month is None for the default partition. `bytes` with indexes; `events` as the
    planner's statistics have it."""

    month: date | None
    bytes: int
    events: int


@dataclass(frozen=True)
class MonthHeld:
    """A month of the current tenant's raw events. `bytes`: its part of the month's partition by the number of events,
    None while the database has no statistics. `goes_on`: None when it stays."""

    month: date
    events: int
    bytes: int | None
    goes_on: date | None


@dataclass(frozen=True)
class Going:
    """What a retention would remove now."""

    events: int
    activity: int

    @property
    def is_anything(self) -> bool:
        return bool(self.events or self.activity)


def months_held(tenant: Tenant) -> list[MonthHeld]:
    """The current tenant's months, the oldest first. 2 queries, however many events there are."""
    kept = shorter(tenant.event_months, settings.EVENT_KEEP_MONTHS)
    size_of_one = {part.month: part.bytes / part.events for part in partitions() if part.events}
    rows = EventMonth.objects.values_list("month").annotate(events=Sum("events")).order_by("month")
    return [
        MonthHeld(
            month,
            events,
            round(events * size_of_one[month]) if month in size_of_one else None,
            goes_on(month, kept),
        )
        for month, events in rows
    ]


def what_would_go(
    tenant: Tenant, *, event_months: int | None, activity_months: int | None, now: datetime
) -> Going:
    """What is here and older than these months. 2 queries; the one of activity counts rows."""
    events_from = kept_from(now, shorter(event_months, settings.EVENT_KEEP_MONTHS))
    activity_from = kept_from(now, activity_months)
    events = (
        EventMonth.objects.filter(month__lt=events_from).aggregate(n=Sum("events"))["n"] if events_from else 0
    )
    activity = Activity.objects.filter(local_day__lt=activity_from).count() if activity_from else 0
    return Going(events or 0, activity)


def partitions() -> list[Partition]:
    """All partitions, the oldest first, the default one last. 1 query."""
    with connection.cursor() as cursor:
        cursor.execute(_PARTITIONS)
        found = [Partition(_month(name), size, rows) for name, size, rows in cursor.fetchall()]
    return sorted(found, key=lambda part: (part.month is None, part.month))


def months_with_partition() -> list[date]:
    """The months that have one, the oldest first. 1 query."""
    return [part.month for part in partitions() if part.month is not None]


def _month(name: str) -> date | None:
    found = _MONTHLY.fullmatch(name)
    return date(int(found[1]), int(found[2]), 1) if found else None
