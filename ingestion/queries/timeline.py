"""What a person or an account did, newest first."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from ingestion.models import Touched
from ingestion.queries.sql import Row, fetch

# From each identity the newest few by index, then the newest of all: the cost follows `limit`, not the history.
_EVENTS = """
SELECT e.id, e.ts, e.received_at, e.kind, e.name, e.account_id, h.person_id, e.source_id,
    COALESCE(NULLIF(e.exclusion, 0), p.exclusion, 0), e.properties
FROM ({holders}) h
JOIN ingestion_person p ON p.tenant_id = %(tenant_id)s AND p.id = h.person_id
CROSS JOIN LATERAL (
    SELECT * FROM ingestion_event
    WHERE tenant_id = %(tenant_id)s AND identity_id = h.identity_id AND (ts, id) < (%(before)s, %(before_id)s)
      {where}
    ORDER BY ts DESC, id DESC LIMIT %(limit)s) e
ORDER BY e.ts DESC, e.id DESC LIMIT %(limit)s
"""
_OF_PERSON = _EVENTS.format(
    holders="""SELECT id AS identity_id, person_id FROM ingestion_identity
    WHERE tenant_id = %(tenant_id)s AND person_id = %(id)s""",
    where="AND (%(name)s = '' OR name = %(name)s)",
)
_OF_ACCOUNT = _EVENTS.format(
    holders="""SELECT m.identity_id, i.person_id FROM ingestion_accountmembership m
    JOIN ingestion_identity i ON i.tenant_id = %(tenant_id)s AND i.id = m.identity_id
    WHERE m.tenant_id = %(tenant_id)s AND m.account_id = %(id)s""",
    where="AND account_id = %(id)s AND (%(name)s = '' OR name = %(name)s)",
)


@dataclass(frozen=True)
class TimelineEvent:
    """One event. `at` is event time; `exclusion` says why it does not count, 0 when it does."""

    id: int
    at: datetime
    received_at: datetime
    kind: int
    name: str
    account_id: int | None
    person_id: int
    source_id: UUID
    exclusion: int
    properties: dict[str, Any]


def subject_events(
    kind: int, id: int, *, before: datetime, limit: int, before_id: int = 0, name: str = ""
) -> list[TimelineEvent]:
    """Up to `limit` events of a person or an account (Touched.Kind) before a moment, newest first; only those called
    `name`, if given. The next page is before the last row's `at` and `id`. 1 query."""
    statement = _OF_ACCOUNT if kind == Touched.Kind.ACCOUNT else _OF_PERSON
    rows = fetch(statement, id=id, before=before, before_id=before_id, limit=limit, name=name)
    return [_event(row) for row in rows]


def _event(row: Row) -> TimelineEvent:
    columns = (*row[:-1], orjson.loads(row[-1]))
    return TimelineEvent(*columns)
