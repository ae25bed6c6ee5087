"""Removes history that is older than what the tenant keeps, in slices: raw events, quarantine, activity.

Raw events of a month that no tenant keeps are left to the dropping of its partition (ingestion.operations.partitions),
which costs nothing; a removal ends when that has happened, and deletes them if it is not to happen after all. Events
are deleted without holding up the fold. Nothing goes that an action is still to be matched against. Persons, accounts,
traits, links, outcomes and scores stay, and so do the keys that tell duplicates (ingestion_event_key): what is sent or
imported again adds nothing, ever.
"""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from ingestion.models import ActionVersion, Activity, EventMonth, EventRename, Trim
from ingestion.operations.locks import lock_history
from ingestion.operations.touched import touch_holders
from ingestion.queries.retention import at_midnight, dropped_before, is_due, retention_of
from ingestion.queries.sql import execute, fetch
from tenants import audit
from tenants.audit import Actor
from tenants.context import current_tenant_id
from tenants.models import Tenant
from tenants.operations import Refused, note_kept_since, set_retention
from tenants.queries import get_tenant
from tenants.work import wake

BATCH = 5_000  # rows of one statement
SECONDS = 2.0  # of a slice; its last statement ends later
BACKFILL_PAUSE = timedelta(minutes=1)
PARTITION_PAUSE = timedelta(minutes=10)  # as often as partitions are looked after

# The id up to which a slice goes is found by the key; the cursor keeps the scan off the rows deleted before.
_EVENTS = """
WITH gone AS (
    DELETE FROM ingestion_event WHERE tenant_id = %(tenant_id)s
        AND received_at < %(before)s AND received_at >= %(start)s AND id > %(after)s AND id <= (
        SELECT max(id) FROM (
            SELECT id FROM ingestion_event WHERE tenant_id = %(tenant_id)s
                AND received_at < %(before)s AND received_at >= %(start)s AND id > %(after)s
            ORDER BY id LIMIT %(limit)s) slice)
    RETURNING id)
SELECT count(*), max(id) FROM gone
"""
_ARE_LEFT = """
SELECT EXISTS (SELECT FROM ingestion_event WHERE tenant_id = %(tenant_id)s AND received_at < %(before)s)
"""
_QUARANTINE = """
DELETE FROM ingestion_quarantinedevent WHERE tenant_id = %(tenant_id)s AND id IN (
    SELECT id FROM ingestion_quarantinedevent WHERE tenant_id = %(tenant_id)s AND received_at < %(before)s
    ORDER BY received_at LIMIT %(limit)s)
"""
_ACTIVITY = """
SELECT action_version_id, event_id FROM ingestion_activity
WHERE tenant_id = %(tenant_id)s AND (action_version_id, event_id) > (%(version)s, %(event)s)
ORDER BY action_version_id, event_id LIMIT %(limit)s
"""
_DELETE_ACTIVITY = """
DELETE FROM ingestion_activity WHERE tenant_id = %(tenant_id)s
    AND (action_version_id, event_id) > (%(version)s, %(event)s)
    AND (action_version_id, event_id) <= (%(last_version)s, %(last_event)s) AND local_day < %(before)s
RETURNING identity_id, account_id
"""


@dataclass(frozen=True)
class Trimmed:
    """What one call removed. next_at: when there is more to do; None: nothing until somebody wakes it."""

    rows: int
    next_at: datetime | None


@transaction.atomic
def change_retention(
    *, event_months: int | None, activity_months: int | None, by: Actor, now: datetime
) -> None:
    """Keep so many whole months of raw events and of activity (None: as the platform does; for ever), and remove what
    is older in the background. Raises ValidationError."""
    most = settings.EVENT_KEEP_MONTHS
    if event_months is not None and most is not None and event_months > most:
        raise ValidationError(
            {
                "event_months": _("This platform keeps raw events for %(most)d months at most.")
                % {"most": most}
            }
        )
    tenant = set_retention(event_months=event_months, activity_months=activity_months, by=by, now=now)
    for trim in Trim.objects.select_for_update().filter(finished_at=None):
        keeps = retention_of(tenant, now=now)
        trim.aim(events_before=keeps.events, activity_before=keeps.activity)
        trim.save()
    wake(tenant_id=tenant.pk, kind="trim", at=now)


@transaction.atomic
def pause_trim(*, trim: Trim, by: Actor, now: datetime) -> None:
    """Stop after the slice that is being removed. Twice changes nothing. Raises Refused when it is done."""
    _move(trim, paused_at=now, verb="trim.paused", by=by, now=now)


@transaction.atomic
def resume_trim(*, trim: Trim, by: Actor, now: datetime) -> None:
    """Go on after the last row that was removed. Twice changes nothing. Raises Refused when it is done."""
    _move(trim, paused_at=None, verb="trim.resumed", by=by, now=now)
    wake(tenant_id=current_tenant_id(), kind="trim", at=now)


@transaction.atomic
def trim_history(*, now: datetime, seconds: float = SECONDS) -> Trimmed:
    """Remove the next slice of what the current tenant no longer keeps, from where the last committed one ended on."""
    deadline = time.monotonic() + seconds
    trim = Trim.objects.select_for_update().filter(finished_at=None).first()
    if trim is None:
        tenant = get_tenant(current_tenant_id())
        if not is_due(tenant, now=now):
            return Trimmed(0, None)
        lock_history()  # so that no action is defined between the look and the word that events are going
        if _is_matching():
            return Trimmed(0, now + BACKFILL_PAUSE)
        trim = _begin(tenant, now)
    if trim.paused_at is not None:
        return Trimmed(0, None)
    rows = _remove(trim, now, deadline)
    if rows:
        trim.save()
        return Trimmed(rows, now)
    if not _are_left(trim):
        _finish(trim, now)
        return Trimmed(0, None)
    trim.done_event = 0
    trim.save()
    return Trimmed(0, now + PARTITION_PAUSE)


def wake_trims(*, now: datetime) -> int:
    """Wake the removal of what has become too old, for every tenant that has some. Returns for how many."""
    due = [tenant for tenant in Tenant.objects.filter(status=Tenant.Status.ACTIVE) if is_due(tenant, now=now)]
    for tenant in due:
        wake(tenant_id=tenant.pk, kind="trim", at=now)
    return len(due)


def _is_matching() -> bool:
    """Something is still to be matched against the events that would go."""
    return (
        ActionVersion.objects.filter(backfill_done_at=None).exists()
        or EventRename.objects.filter(done_at=None).exists()
    )


def _begin(tenant: Tenant, now: datetime) -> Trim:
    keeps = retention_of(tenant, now=now)
    note_kept_since(tenant=tenant, events=keeps.events, activity=keeps.activity)
    trim = Trim(started_at=now)
    trim.aim(events_before=keeps.events, activity_before=keeps.activity)
    months = EventMonth.objects.filter(month__lt=keeps.events) if keeps.events else EventMonth.objects.none()
    trim.events_total = months.aggregate(events=Sum("events"))["events"] or 0
    trim.save(force_insert=True)
    return trim


def _remove(trim: Trim, now: datetime, deadline: float) -> int:
    """Rows looked at or removed until the deadline; 0 when there are no more."""
    rows = 0
    while rows == 0 or time.monotonic() < deadline:
        seen = _remove_events(trim, now) or _remove_quarantine(trim) or _remove_activity(trim, now)
        if not seen:
            break
        rows += seen
    return rows


def _remove_events(trim: Trim, now: datetime) -> int:
    if trim.events_before is None:
        return 0
    start = dropped_before(now=now)
    gone, last = fetch(
        _EVENTS,
        before=at_midnight(trim.events_before),
        start=at_midnight(start) if start else "-infinity",
        after=trim.done_event,
        limit=BATCH,
    )[0]
    trim.done_event = last or trim.done_event
    trim.events_gone += gone
    return int(gone)


def _are_left(trim: Trim) -> bool:
    """Events that wait for their partition to be dropped."""
    before = trim.events_before
    return before is not None and bool(fetch(_ARE_LEFT, before=at_midnight(before))[0][0])


def _remove_quarantine(trim: Trim) -> int:
    if trim.events_before is None:
        return 0
    gone = execute(_QUARANTINE, before=at_midnight(trim.events_before), limit=BATCH)
    trim.quarantine_gone += gone
    return gone


def _remove_activity(trim: Trim, now: datetime) -> int:
    """Rows looked at. Signals that reach further back see less from now on, so whom they are about is scored again."""
    if trim.activity_before is None:
        return 0
    lock_history()
    if trim.activity_total is None:
        trim.activity_total = Activity.objects.count()
    done = {"version": trim.done_version, "event": trim.done_version_event}
    rows = fetch(_ACTIVITY, **done, limit=BATCH)
    if not rows:
        return 0
    trim.done_version, trim.done_version_event = rows[-1]
    gone = fetch(
        _DELETE_ACTIVITY,
        **done,
        last_version=trim.done_version,
        last_event=trim.done_version_event,
        before=trim.activity_before,
    )
    touch_holders((identity for identity, _a in gone), (account for _i, account in gone), at=now)
    trim.activity_seen += len(rows)
    trim.activity_gone += len(gone)
    return len(rows)


def _finish(trim: Trim, now: datetime) -> None:
    """What a partition takes along was counted when it came in."""
    if trim.events_before is not None:
        EventMonth.objects.filter(month__lt=trim.events_before).delete()
        trim.events_gone = trim.events_total
    if not trim.has_removed:
        trim.delete()
        return
    trim.finished_at = now
    trim.save()


def _move(trim: Trim, *, paused_at: datetime | None, verb: str, by: Actor, now: datetime) -> None:
    row = Trim.objects.select_for_update().get(pk=trim.pk)
    if row.finished_at is not None:
        raise Refused(_("This removal is done."))
    if (row.paused_at is None) != (paused_at is None):
        row.paused_at = paused_at
        row.save(update_fields=["paused_at"])
        audit.record(by=by, verb=verb, target=row, fields=["paused_at"], now=now)
