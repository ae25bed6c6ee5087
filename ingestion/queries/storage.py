"""Where the bytes are: the partitions of events and their sizes, and what the current tenant holds."""

import re
from dataclasses import dataclass
from datetime import date

from django.db import connection

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
