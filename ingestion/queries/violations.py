"""Where what arrives departs from the tracking plans."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from ingestion.models import QuarantinedEvent, TrackingPlanVersion, Violation
from ingestion.queries.renames import canonical_names
from ingestion.rules.catalogue import Shape, last_days, observe
from ingestion.rules.json_text import JsonError, parse_json
from ingestion.rules.tracking import UNPLANNED_EVENT, Key, key_of
from ingestion.rules.tracking_accept import accepted
from ingestion.rules.tracking_rows import rows_of
from tenants.models import Source

SHOWN = 200
HELD_LOOKED_AT = 200  # quarantined events from which an event of a plan is guessed


@dataclass(frozen=True)
class ViolationFilter:
    """Empty fields do not filter."""

    plan_id: UUID | None = None
    source_id: UUID | None = None
    code: str = ""
    event: str | None = None
    kind: int | None = None


@dataclass(frozen=True)
class ViolationRow:
    """A violation with the names of what it refers to. lately: events of the last 30 days, `days` by day."""

    violation: Violation
    source: str
    lately: int
    days: Sequence[int]
    can_be_accepted: bool
    counts_as: str  # the other event's name; empty: itself

    @property
    def key(self) -> Key:
        return self.violation.event_kind, self.violation.event_name


def violations(wanted: ViolationFilter) -> QuerySet[Violation]:
    """The last seen first."""
    rows = Violation.objects.select_related("plan").order_by("-last_seen_at", "-pk")
    for field in ("plan_id", "source_id", "code"):
        if value := getattr(wanted, field):
            rows = rows.filter(**{field: value})
    if wanted.event is not None:
        rows = rows.filter(event_name=wanted.event)
    if wanted.kind is not None:
        rows = rows.filter(event_kind=wanted.kind)
    return rows


def violation_rows(wanted: ViolationFilter, *, today: date) -> list[ViolationRow]:
    """At most SHOWN + 1, in 4 queries."""
    rows = list(violations(wanted)[: SHOWN + 1])
    documents = _documents({row.plan_id for row in rows})
    names: dict[Any, str] = dict(Source.objects.values_list("pk", "name"))
    other = canonical_names()
    return [
        _row(row, names.get(row.source_id, ""), documents.get(row.plan_id, {}), other, today) for row in rows
    ]


def _row(
    row: Violation, source: str, events: dict[Key, Any], other: dict[Key, str], today: date
) -> ViolationRow:
    days = [number for _day, number in last_days(row.days, today)]
    counts_as = other.get((row.event_kind, row.event_name), "")
    event = events.get((row.event_kind, counts_as or row.event_name))
    can = row.plan.archived_at is None and can_accept(row, event)
    return ViolationRow(row, source, sum(days), days, can, counts_as)


def can_accept(row: Violation, event: Any) -> bool:
    """Whether one click can make the plan say that this is right. event: what the plan says of it now, or None."""
    if row.code == UNPLANNED_EVENT:
        return event is None and (row.event_kind != 1 or bool(row.event_name))
    table = rows_of(event["schema"]) if event else None
    return table is not None and accepted(table, row.code, row.property, row.got) is not None


def _documents(plan_ids: set[UUID]) -> dict[UUID, dict[Key, Any]]:
    """By plan, the events that it has when its draft is published."""
    versions = TrackingPlanVersion.objects.filter(plan__in=plan_ids, state__in=["live", "draft"])
    found: dict[UUID, dict[Key, Any]] = {}
    for version in versions.order_by("-state"):  # the draft after the live one, and instead of it
        found[version.plan_id] = {key_of(event): event for event in version.document["events"]}
    return found


def held_shape(source_id: UUID, kind: str, name: str) -> tuple[Shape, int]:
    """The properties of events that wait in the quarantine, and how many were looked at: what the plan holds back is
    in no catalogue. 1 query."""
    field = "traits" if kind in ("identify", "group") else "properties"
    rows = QuarantinedEvent.objects.filter(source_id=source_id, event_name=name, replayed_at=None)
    shape: Shape = {}
    number = 0
    for raw, at in rows.order_by("-received_at").values_list("raw", "received_at")[:HELD_LOOKED_AT]:
        try:
            item = parse_json(raw.encode())
        except JsonError:
            continue
        if isinstance(item, dict) and item.get("type") == kind and isinstance(item.get(field, {}), dict):
            observe(shape, item.get(field, {}), at.date().isoformat(), may_show=False)
            number += 1
    return shape, number
