"""Tracking plans as their pages show them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Sum

from ingestion.models import EventName, PlannedSource, TrackingPlan, TrackingPlanVersion, Violation
from ingestion.models.events import EventKind
from ingestion.rules.catalogue import Shape, merge
from ingestion.rules.tracking import KINDS, Document, Key, empty_document, key_of
from ingestion.rules.tracking_changes import Change, changes
from ingestion.rules.tracking_rows import guessed_rows, rows_of, schema_of
from tenants.models import Source

State = TrackingPlanVersion.State
LATELY = timedelta(days=7)


@dataclass(frozen=True)
class PlanSummary:
    """A line of the list of plans. departures: ways of departing that were seen lately."""

    sources: Sequence[Source] = ()
    live: TrackingPlanVersion | None = None
    draft: TrackingPlanVersion | None = None
    departures: int = 0

    @property
    def shown(self) -> TrackingPlanVersion | None:
        """What the plan says when its draft is published."""
        return self.draft or self.live


@dataclass(frozen=True)
class PlannedEvent:
    """An event of a plan. properties: None when only JSON says it. departures as in PlanSummary."""

    key: Key
    title: str
    description: str
    properties: int | None
    required: int
    received: int
    departures: int


@dataclass(frozen=True)
class ArrivedEvent:
    """A name that the sources of a plan have sent and the plan does not have."""

    key: Key
    title: str
    received: int
    properties: int
    last_seen_at: datetime


def draft_of(plan: TrackingPlan) -> TrackingPlanVersion | None:
    """1 query."""
    found: TrackingPlanVersion | None = plan.versions.filter(state=State.DRAFT).first()
    return found


def document_of(plan: TrackingPlan, draft: TrackingPlanVersion | None) -> Document:
    """What the draft says; without one, what is live. At most 1 query."""
    version = draft or plan.versions.filter(state=State.LIVE).first()
    return version.document if version else empty_document()


def event_of(document: Document, key: Key) -> Document | None:
    return next((event for event in document["events"] if key_of(event) == key), None)


def summaries(plan_ids: Iterable[UUID], *, now: datetime) -> dict[UUID, PlanSummary]:
    """3 queries."""
    keys = list(plan_ids)
    sources: dict[UUID, list[Source]] = {key: [] for key in keys}
    for row in PlannedSource.objects.filter(plan__in=keys).select_related("source").order_by("source__name"):
        sources[row.plan_id].append(row.source)
    versions = TrackingPlanVersion.objects.filter(plan__in=keys, state__in=[State.LIVE, State.DRAFT])
    by_state = {(row.plan_id, row.state): row for row in versions}
    recent = Violation.objects.filter(plan__in=keys, last_seen_at__gte=now - LATELY)
    departures = dict(recent.values_list("plan_id").annotate(number=Count("pk")))
    return {
        key: PlanSummary(
            sources[key],
            by_state.get((key, State.LIVE)),
            by_state.get((key, State.DRAFT)),
            departures.get(key, 0),
        )
        for key in keys
    }


def planned_events(document: Document, summary: PlanSummary, *, now: datetime) -> list[PlannedEvent]:
    """The events of a document, with what arrived of them from the plan's sources. 2 queries."""
    source_ids = [source.pk for source in summary.sources]
    arrived = EventName.objects.filter(source_id__in=source_ids).values_list("kind", "name")
    received = {(kind, name): number for kind, name, number in arrived.annotate(number=Sum("received"))}
    recent = Violation.objects.filter(source_id__in=source_ids, last_seen_at__gte=now - LATELY)
    departures = Counter(recent.values_list("event_kind", "event_name"))
    return [_planned(event, received, departures) for event in document["events"]]


def _planned(event: Document, received: dict[Key, int], departures: Counter[Key]) -> PlannedEvent:
    key, table = key_of(event), rows_of(event["schema"])
    return PlannedEvent(
        key=key,
        title=event["name"] or event["type"],
        description=event["description"],
        properties=None if table is None else len(table.rows),
        required=0 if table is None else sum(row.is_required for row in table.rows),
        received=received.get(key, 0),
        departures=departures[key],
    )


def arrived_events(sources: Iterable[Source], document: Document) -> list[ArrivedEvent]:
    """What these sources sent that the document does not have, the most frequent first. 1 query."""
    known = {key_of(event) for event in document["events"]}
    rows = EventName.objects.filter(source_id__in=[source.pk for source in sources]).exclude(
        kind=EventKind.ALIAS
    )
    found: dict[Key, ArrivedEvent] = {}
    for row in rows:
        key = (row.kind, row.name)
        if key in known or not _can_be_planned(row):
            continue
        before = found.get(key)
        found[key] = ArrivedEvent(
            key,
            row.name or row.get_kind_display(),
            row.received + (before.received if before else 0),
            max(len(row.properties), before.properties if before else 0),
            max(row.last_seen_at, before.last_seen_at) if before else row.last_seen_at,
        )
    return sorted(found.values(), key=lambda each: (-each.received, each.key))


def guessed_events(sources: Iterable[Source], keys: Iterable[Key] | None = None) -> list[Document]:
    """Events of a plan as these sources send them; keys: which ones, None for all. 1 query."""
    wanted = None if keys is None else set(keys)
    shapes: dict[Key, Shape] = {}
    received: Counter[Key] = Counter()
    for row in EventName.objects.filter(source_id__in=[source.pk for source in sources]).order_by("pk"):
        key = (row.kind, row.name)
        if _can_be_planned(row) and (wanted is None or key in wanted):
            shapes[key] = merge(shapes.get(key, {}), row.properties)
            received[key] += row.received
    return [
        {
            "type": EventKind(kind).label,
            "name": name,
            "schema": schema_of(guessed_rows(shape, received[kind, name])),
        }
        for (kind, name), shape in shapes.items()
    ]


def _can_be_planned(row: EventName) -> bool:
    return EventKind(row.kind).label in KINDS and (row.kind != EventKind.TRACK or bool(row.name.strip()))


def changes_to_publish(live: TrackingPlanVersion | None, draft: TrackingPlanVersion) -> list[Change]:
    """What publishing the draft changes."""
    return changes(live.document if live else empty_document(), draft.document)


def version_with_changes(plan: TrackingPlan, number: int) -> tuple[TrackingPlanVersion, list[Change]] | None:
    """A version and how it differs from the one before it. 1 query."""
    rows = list(plan.versions.filter(number__lte=number).order_by("-number")[:2])
    if not rows or rows[0].number != number:
        return None
    before = rows[1].document if len(rows) > 1 else empty_document()
    return rows[0], changes(before, rows[0].document)


def free_sources(plan: TrackingPlan | None = None) -> Any:
    """Sources that have no plan, or this one."""
    others = PlannedSource.objects.exclude(plan=plan) if plan else PlannedSource.objects.all()
    return Source.objects.exclude(pk__in=others.values("source_id")).order_by("name")


def plans_about(key: Key, source_ids: Iterable[UUID]) -> list[tuple[TrackingPlan, bool]]:
    """The live plans of these sources, and whether each has the event. 1 query."""
    plans = PlannedSource.objects.filter(source_id__in=list(source_ids)).values("plan_id")
    live = TrackingPlanVersion.objects.filter(plan__in=plans, state=State.LIVE).select_related("plan")
    return [(row.plan, event_of(row.document, key) is not None) for row in live.order_by("plan__name")]


def recent_violations(key: Key, *, now: datetime) -> int:
    """Ways in which the event departed lately. 1 query."""
    rows = Violation.objects.filter(event_kind=key[0], event_name=key[1], last_seen_at__gte=now - LATELY)
    return rows.count()
