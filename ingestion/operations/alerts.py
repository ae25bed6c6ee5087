"""Watches the events that others rely on, and begins and ends incidents. Safe to run twice, and late."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import QuerySet

from ingestion.models import DataAlert, EventName
from ingestion.models.alerts import EVERY_SOURCE
from ingestion.queries.renames import canonical_names
from ingestion.rules.catalogue import Days, Shape, add_days, merge
from ingestion.rules.silence import WatchedEvent, drifts, fall, missing_events, missing_from_source
from tenants.context import current_tenant_id
from tenants.models import Source
from tenants.queries import get_tenant

EVERY = timedelta(hours=1)
Kind = DataAlert.Kind
_NAMED = ("kind", "source_id", "event_kind", "event_name", "property")

# Tenants that nobody watches yet; the others have a row that is due again within the hour.
_WAKE = """
INSERT INTO tenants_work (tenant_id, kind, ref, next_at, attempts)
SELECT id, 'watch', '', %s, 0 FROM tenants_tenant WHERE status = 'active'
ON CONFLICT (tenant_id, kind, ref) DO NOTHING
"""


def wake_watches(*, now: datetime) -> None:
    """Have every active tenant watched from now on."""
    with connection.cursor() as cursor:
        cursor.execute(_WAKE, [now])


@transaction.atomic
def watch_data(*, watched: Iterable[WatchedEvent], now: datetime) -> datetime:
    """Begin an incident for each of these events that has stopped or changed, and each production source that is
    silent; end those that are over. Returns when to look again."""
    zone = get_tenant(current_tenant_id()).zone
    production = set(
        Source.objects.filter(environment=Source.Environment.PRODUCTION, is_enabled=True)
        .exclude(kind=Source.Kind.IMPORT)
        .values_list("pk", flat=True)
    )
    names = EventName.objects.filter(source_id__in=production)
    rows = list(names.defer("properties", "libraries"))
    silent = list(_of_sources(rows, now, zone))
    heard = names.exclude(source_id__in=[alert.source_id for alert in silent])
    found = {_key(alert): alert for alert in [*silent, *_of_events(heard, watched, now, zone)]}
    for alert in DataAlert.objects.select_for_update().filter(closed_at=None):
        if found.pop(_key(alert), None) is None:
            alert.closed_at = now
            alert.save(update_fields=["closed_at"])
    DataAlert.objects.bulk_create(found.values())
    return now + EVERY


def _of_sources(rows: Sequence[EventName], now: datetime, zone: ZoneInfo) -> Iterable[DataAlert]:
    of_source: dict[Any, list[EventName]] = {}
    for row in rows:
        of_source.setdefault(row.source_id, []).append(row)
    for source_id, own in of_source.items():
        yield from _silence(own, now, zone, kind=Kind.SOURCE_SILENT, source_id=source_id)


def _of_events(
    names: QuerySet[EventName], watched: Iterable[WatchedEvent], now: datetime, zone: ZoneInfo
) -> Iterable[DataAlert]:
    properties = {(event.kind, event.name): event.properties for event in watched}
    other = {key: (key[0], name) for key, name in canonical_names().items()}
    wanted = {name for _kind, name in properties} | {key[1] for key in other if other[key] in properties}
    rows: dict[tuple[int, str], list[EventName]] = {}
    for row in names.filter(name__in=wanted).defer("libraries"):
        for key in {(row.kind, row.name), other.get((row.kind, row.name), (row.kind, row.name))}:
            rows.setdefault(key, []).append(row)
    for event in properties.keys() & rows.keys():
        named: dict[str, Any] = {"event_kind": event[0], "event_name": event[1]}
        own = rows[event]
        fewer = (
            list(_silence(own, now, zone, kind=Kind.EVENT_STOPPED, **named))
            or list(_of_one_source(own, now, zone, named))
            or list(_falls(own, now, zone, named))
        )
        yield from fewer
        if not any(alert.kind == Kind.EVENT_STOPPED and alert.source_id == EVERY_SOURCE for alert in fewer):
            yield from _drifts(own, properties[event], now, named)


def _of_one_source(
    rows: Sequence[EventName], now: datetime, zone: ZoneInfo, named: dict[str, Any]
) -> Iterable[DataAlert]:
    """One of several sources has stopped sending the event."""
    of_source: dict[Any, list[EventName]] = {}
    for row in rows:
        of_source.setdefault(row.source_id, []).append(row)
    if len(of_source) == 1:
        return
    for source_id, own in of_source.items():
        last = max(row.last_seen_at for row in own)
        missing = missing_from_source(_days(own), _days(rows), last, now, zone)
        if missing is not None:
            yield DataAlert(
                kind=Kind.EVENT_STOPPED, source_id=source_id, last_seen_at=last, expected=round(missing),
                opened_at=now, **named,
            )  # fmt: skip


def _falls(
    rows: Sequence[EventName], now: datetime, zone: ZoneInfo, named: dict[str, Any]
) -> Iterable[DataAlert]:
    found = fall(_days(rows), now, zone)
    if found is not None:
        came, usual = found
        yield DataAlert(kind=Kind.EVENT_FELL, came=came, expected=round(usual), opened_at=now, **named)


def _drifts(
    rows: Sequence[EventName], relied_on: Iterable[str], now: datetime, named: dict[str, Any]
) -> Iterable[DataAlert]:
    shape: Shape = {}
    for row in rows:
        shape = merge(shape, row.properties)
    for drift in drifts(shape, _days(rows), relied_on):
        kind = Kind.TYPE_CHANGED if drift.now else Kind.PROPERTY_GONE
        yield DataAlert(kind=kind, property=drift.name, was=drift.was, now=drift.now, opened_at=now, **named)


def _silence(rows: Sequence[EventName], now: datetime, zone: ZoneInfo, **named: Any) -> Iterable[DataAlert]:
    last = max(row.last_seen_at for row in rows)
    expected = missing_events(_days(rows), last, now, zone)
    if expected is not None:
        yield DataAlert(last_seen_at=last, expected=round(expected), opened_at=now, **named)


def _days(rows: Sequence[EventName]) -> Days:
    days: Days = {}
    for row in rows:
        days = add_days(days, row.days)
    return days


def _key(alert: DataAlert) -> tuple[Any, ...]:
    return tuple(getattr(alert, name) for name in _NAMED)
