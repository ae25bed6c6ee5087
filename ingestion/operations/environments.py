"""Which sources count. What a source that is not production sends is stored and matched, its activity is marked, and it
teaches no traits: no live definition, PQL or report sees it. A version in testing may ask for it.

The mark is the activity's and never the event's, so a source can move into production and out of it. No activity is
left with the mark of before, whatever is folded meanwhile: a slice takes the history lock, so what was folded before
the change was committed before the first slice and is found, and whoever folds after it reads the new environment.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction

from ingestion.models.events import Exclusion
from ingestion.operations.locks import lock_history
from ingestion.operations.touched import touch_holders
from ingestion.queries.sql import Row, fetch
from tenants.models import EnvironmentChange, Source

SLICE = 20_000  # rows; less than a second, because folding waits for it

_TOTAL = "SELECT count(*) FROM ingestion_activity WHERE tenant_id = %(tenant_id)s"
_END = """
SELECT action_version_id, event_id, (count(*) OVER ())::bigint FROM (
    SELECT action_version_id, event_id FROM ingestion_activity
    WHERE tenant_id = %(tenant_id)s AND (action_version_id, event_id) > (%(version)s, %(event)s)
    ORDER BY action_version_id, event_id LIMIT %(limit)s) slice
ORDER BY 1 DESC, 2 DESC LIMIT 1
"""
# An event that is no longer stored does not say its source: its activity keeps the mark it has.
_MARK = """
UPDATE ingestion_activity c SET own_exclusion = w.own,
    exclusion = COALESCE(NULLIF(w.own, 0), NULLIF(p.exclusion, 0), a.exclusion, 0)
FROM (
    SELECT c.action_version_id, c.event_id, c.identity_id, c.account_id,
        CASE WHEN e.source_id = ANY(%(others)s::uuid[]) THEN %(mark)s ELSE 0 END AS own
    FROM ingestion_activity c
    JOIN ingestion_event e ON e.tenant_id = %(tenant_id)s AND e.id = c.event_id AND e.received_at = c.received_at
    WHERE c.tenant_id = %(tenant_id)s AND c.own_exclusion IN (0, %(mark)s)
      AND (c.action_version_id, c.event_id) > (%(version)s, %(event)s)
      AND (c.action_version_id, c.event_id) <= (%(end_version)s, %(end_event)s)
) w
JOIN ingestion_identity i ON i.tenant_id = %(tenant_id)s AND i.id = w.identity_id
JOIN ingestion_person p ON p.tenant_id = %(tenant_id)s AND p.id = i.person_id
LEFT JOIN ingestion_account a ON a.tenant_id = %(tenant_id)s AND a.id = w.account_id
WHERE c.tenant_id = %(tenant_id)s AND c.action_version_id = w.action_version_id AND c.event_id = w.event_id
  AND c.own_exclusion <> w.own
RETURNING c.identity_id, c.account_id
"""


def sources_not_in_production() -> frozenset[UUID]:
    """Sources that are not production. 1 query."""
    return frozenset(Source.objects.exclude(environment="production").values_list("pk", flat=True))


@transaction.atomic
def mark_environments(*, now: datetime) -> bool:
    """Mark a slice of activity as the environments of its sources say now, and touch who that concerns. Returns whether
    there is more to do: call again in a new transaction. Goes on where the last committed slice ended."""
    lock_history()
    change = EnvironmentChange.objects.select_for_update().filter(finished_at=None).first()
    if change is None:
        return False
    if change.rows_total is None:
        change.rows_total = fetch(_TOTAL)[0][0]
    end = fetch(_END, version=change.done_version, event=change.done_event, limit=SLICE)
    if end:
        _mark_slice(change, end[0], sources_not_in_production(), now)
    change.finished_at = None if end and end[0][2] == SLICE else now
    change.save()
    return change.finished_at is None


def _mark_slice(change: EnvironmentChange, end: Row, others: Collection[UUID], now: datetime) -> None:
    version, event, rows = end
    found = fetch(
        _MARK,
        version=change.done_version,
        event=change.done_event,
        end_version=version,
        end_event=event,
        others=list(others),
        mark=int(Exclusion.NOT_PRODUCTION),
    )
    if found:
        touch_holders((identity for identity, _a in found), (account for _i, account in found), at=now)
    change.done_version, change.done_event = version, event
    change.rows_done += rows
