"""Counts what sources send. Not audited: it is a measurement, not a change."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection

from tenants.context import current_tenant_id
from tenants.queries import get_tenant

_ADD = """
INSERT INTO tenants_sourceusage AS u (tenant_id, source_id, day, events)
SELECT %(tenant_id)s, r.source, r.day, r.events
FROM unnest(%(sources)s::uuid[], %(days)s::date[], %(events)s::bigint[]) AS r(source, day, events)
ORDER BY r.source, r.day
ON CONFLICT (tenant_id, source_id, day) DO UPDATE SET events = u.events + EXCLUDED.events
"""


def add_usage(received: Mapping[tuple[UUID, datetime], int]) -> None:
    """Add events by (source, moment of receipt) in one statement, in the caller's transaction of the tenant."""
    if not received:
        return
    zone = get_tenant(current_tenant_id()).zone
    by_day: Counter[tuple[UUID, date]] = Counter()
    for (source, moment), events in received.items():
        by_day[source, moment.astimezone(zone).date()] += events
    values: dict[str, Any] = {
        "tenant_id": current_tenant_id(),
        "sources": [source for source, _day in by_day],
        "days": [day for _source, day in by_day],
        "events": list(by_day.values()),
    }
    with connection.cursor() as cursor:
        cursor.execute(_ADD, values)
