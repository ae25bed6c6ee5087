"""Cuts the days of history anew after the tenant's time zone was changed.

No day is left in the old zone, whatever is folded meanwhile: a slice takes the history lock, so what was folded with
the old zone was committed before the first slice and is found, and whoever folds after it reads the new zone. Days are
computed here and not in the database, by the same rules of time zones as when an event is folded.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction

from ingestion.operations.locks import lock_history
from ingestion.operations.touched import touch_holders
from ingestion.queries.sql import Row, as_json, fetch
from tenants.models import ZoneChange

SLICE = 20_000  # rows; less than a second, because folding waits for it

_TOTAL = "SELECT count(*) FROM ingestion_activity WHERE tenant_id = %(tenant_id)s"
_ROWS = """
SELECT action_version_id, event_id, ts, local_day FROM ingestion_activity
WHERE tenant_id = %(tenant_id)s AND (action_version_id, event_id) > (%(version)s, %(event)s)
ORDER BY action_version_id, event_id LIMIT %(limit)s
"""
_MOVE = """
UPDATE ingestion_activity AS a SET local_day = r.day
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r(version bigint, event bigint, day date)
WHERE a.tenant_id = %(tenant_id)s AND a.action_version_id = r.version AND a.event_id = r.event
RETURNING a.identity_id, a.account_id
"""


@transaction.atomic
def recut_days(*, now: datetime) -> bool:
    """Move a slice of activity to its day in the tenant's new zone and touch whose days moved. Returns whether there is
    more to do: call again in a new transaction. Goes on where the last committed slice ended."""
    lock_history()
    change = ZoneChange.objects.select_for_update().filter(finished_at=None).first()
    if change is None:
        return False
    if change.rows_total is None:
        change.rows_total = fetch(_TOTAL)[0][0]
    rows = fetch(_ROWS, version=change.done_version, event=change.done_event, limit=SLICE)
    _move(rows, ZoneInfo(change.time_zone), now)
    if rows:
        change.done_version, change.done_event = rows[-1][:2]
    change.rows_done += len(rows)
    change.finished_at = now if len(rows) < SLICE else None
    change.save()
    return change.finished_at is None


def _move(rows: list[Row], zone: ZoneInfo, now: datetime) -> None:
    days = ((version, event, was, ts.astimezone(zone).date()) for version, event, ts, was in rows)
    moved = [
        {"version": version, "event": event, "day": day} for version, event, was, day in days if day != was
    ]
    if not moved:
        return
    found = fetch(_MOVE, rows=as_json(moved))
    touch_holders(
        (identity for identity, _account in found), (account for _identity, account in found), at=now
    )
