"""Reads behind the pages of Data: actions with their use, the catalogue, events, persons and accounts, page by page.

Pages go by key, not by offset: page 500 costs what page 1 costs.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from ingestion.models import Account, Action, ActionVersion, EventName, Person
from ingestion.models.events import EventKind
from ingestion.queries.sql import fetch
from ingestion.rules.catalogue import (
    MAX_NAMES,
    TYPES,
    Days,
    Libraries,
    Shape,
    add_days,
    add_libraries,
    merge,
)

LATELY = timedelta(days=30)
LOOKED_AT = 5_000
COUNTABLE_KINDS = (EventKind.TRACK, EventKind.PAGE, EventKind.SCREEN)

_RECENT = """
SELECT v.id, found.counted, found.looked_at FROM unnest(%(versions)s::bigint[]) AS v(id)
CROSS JOIN LATERAL (
    SELECT count(*) AS looked_at, count(*) FILTER (
        WHERE ts >= %(since)s::timestamptz AND ts < %(now)s::timestamptz AND exclusion = 0) AS counted
    FROM (
        SELECT ts, exclusion FROM ingestion_activity
        WHERE tenant_id = %(tenant_id)s AND action_version_id = v.id ORDER BY event_id DESC LIMIT %(limit)s
    ) AS newest
) AS found
"""


@dataclass(frozen=True)
class ActionSummary:
    """An action and its newest version."""

    action: Action
    version: ActionVersion


@dataclass(frozen=True)
class RecentCount:
    """Events of the last 30 days that count, among the newest LOOKED_AT that matched. is_all: there are no others."""

    number: int
    is_all: bool


def newest_versions(action_ids: Iterable[UUID]) -> dict[UUID, ActionVersion]:
    """The newest version of each action."""
    rows = ActionVersion.objects.filter(action_id__in=list(action_ids))
    return {row.action_id: row for row in rows.order_by("action_id", "-number").distinct("action_id")}


def recent_counts(version_ids: Iterable[int], *, now: datetime) -> dict[int, RecentCount]:
    """How much each action version counts. 1 query that looks at LOOKED_AT rows of each, however many there are."""
    rows = fetch(_RECENT, versions=list(version_ids), since=now - LATELY, now=now, limit=LOOKED_AT)
    return {version: RecentCount(number, looked_at < LOOKED_AT) for version, number, looked_at in rows}


def action_summaries(actions: QuerySet[Action]) -> list[ActionSummary]:
    """Each action with its newest version, in the given order. 2 queries, whatever their number."""
    rows = list(actions.select_related("business_unit"))
    versions = newest_versions(row.pk for row in rows)
    return [ActionSummary(row, versions[row.pk]) for row in rows if row.pk in versions]


def event_names_without_action(known: Iterable[ActionSummary], *, limit: int = 200) -> list[EventName]:
    """Names in the catalogue that none of these actions looks for, the most frequent first."""
    covered = {(row.version.event_kind, row.version.event_name) for row in known}
    rows = EventName.objects.filter(kind__in=COUNTABLE_KINDS).order_by("-received")[: limit + len(covered)]
    return [row for row in rows if (row.kind, row.name) not in covered][:limit]


def trait_values_seen(model: type[Person] | type[Account], *, sample: int = 200) -> dict[str, list[str]]:
    """Trait names with up to five of their values, from the subjects seen last. A form's suggestions, not a census."""
    found: dict[str, list[str]] = {}
    for traits in model.objects.order_by("-last_seen_at").values_list("traits", flat=True)[:sample]:
        for name, value in traits.items():
            examples = found.setdefault(name, [])
            text = str(value).lower() if isinstance(value, bool) else str(value)
            if isinstance(value, str | int | float) and len(examples) < 5 and text not in examples:
                examples.append(text[:80])
    return dict(sorted(found.items()))


@dataclass(frozen=True)
class PropertyShape:
    """A property as received so far. types: (name, count), the most frequent first; null is not counted as a type.
    Of all events, `share` have a value in it and `null_share` say null; the others leave it out.
    `is_hidden`: it looks personal, so no example is kept."""

    name: str
    types: tuple[tuple[str, int], ...]
    share: float
    null_share: float
    examples: tuple[str, ...]
    is_hidden: bool
    first: date | None
    last: date | None

    @property
    def is_mixed(self) -> bool:
        """More than one type came: a bug in a tracker more often than not. Whole and broken numbers are one, and so are
        dates and texts."""
        same = {"integer": "number", "date": "string"}
        return len({same.get(kind, kind) for kind, _count in self.types}) > 1


@dataclass(frozen=True)
class LibrarySeen:
    """An SDK and its version, with how many events it sent and the day of the last one."""

    label: str
    number: int
    last: date


@dataclass(frozen=True)
class EventProfile:
    """Everything the catalogue knows about one event name."""

    kind: int
    name: str
    received: int
    first_seen_at: datetime
    last_seen_at: datetime
    by_source: tuple[EventName, ...]
    properties: tuple[PropertyShape, ...]
    days: Days
    libraries: tuple[LibrarySeen, ...]

    @property
    def has_all_names(self) -> bool:
        """False when it may carry more properties than the catalogue keeps."""
        return len(self.properties) < MAX_NAMES


def event_profile(kind: int, name: str) -> EventProfile | None:
    """One event over all sources, or None when it was never received. 1 query."""
    rows = tuple(EventName.objects.filter(kind=kind, name=name).order_by("-received"))
    if not rows:
        return None
    shape: Shape = {}
    days: Days = {}
    libraries: Libraries = {}
    for row in rows:
        shape = merge(shape, row.properties)
        days = add_days(days, row.days)
        libraries = add_libraries(libraries, row.libraries)
    received = sum(row.received for row in rows)
    return EventProfile(
        kind=kind,
        name=name,
        received=received,
        first_seen_at=min(row.first_seen_at for row in rows),
        last_seen_at=max(row.last_seen_at for row in rows),
        by_source=rows,
        properties=tuple(_property_shape(name, seen, received) for name, seen in sorted(shape.items())),
        days=days,
        libraries=tuple(
            LibrarySeen(label, number, date.fromisoformat(last))
            for label, (number, last) in libraries.items()
        ),
    )


def actions_by_event(actions: QuerySet[Action]) -> dict[tuple[int, str], list[Action]]:
    """Which of these actions count which event, in their newest version. 2 queries."""
    rows = list(actions)
    versions = newest_versions(row.pk for row in rows)
    found: dict[tuple[int, str], list[Action]] = {}
    for row in rows:
        version = versions[row.pk]
        found.setdefault((version.event_kind, version.event_name), []).append(row)
    return found


def _property_shape(name: str, seen: dict[str, Any], received: int) -> PropertyShape:
    types = sorted(((kind, seen[kind]) for kind in TYPES if kind in seen), key=lambda item: -item[1])
    valued = tuple(item for item in types if item[0] != "null")
    return PropertyShape(
        name=name,
        types=valued,
        share=sum(count for _kind, count in valued) / received if received else 0.0,
        null_share=seen.get("null", 0) / received if received else 0.0,
        examples=tuple(
            str(value).lower() if isinstance(value, bool) else str(value)
            for value in seen.get("examples", ())
        ),
        is_hidden="examples" not in seen,
        first=date.fromisoformat(seen["first"]) if "first" in seen else None,
        last=date.fromisoformat(seen["last"]) if "last" in seen else None,
    )
