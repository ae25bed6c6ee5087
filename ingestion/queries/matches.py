"""What an action would match, tried on the newest stored events: for the form, before anything is saved."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from django.db.models import Exists, Max, OuterRef, Q

from ingestion.models import ActionVersion, Event, EventName, EventRename
from ingestion.queries.renames import former_names
from ingestion.queries.stream import LOOKED_AT
from ingestion.rules.catalogue import merge
from ingestion.rules.filters import as_number, holds

LOOKED_AT_MOST = 500
VALUES_SHOWN = 8


@dataclass(frozen=True)
class PropertySeen:
    """A property of the newest events: on how many it is, of what types, and its most frequent values."""

    name: str
    number: int
    values: tuple[str, ...]
    is_number: bool


@dataclass(frozen=True)
class Matches:
    """`looked_at` newest events of this name; `matching` pass all filters; `unknown` properties none of them has, each
    with names it may have meant."""

    looked_at: int
    matching: int
    with_number: int
    properties: tuple[PropertySeen, ...]
    unknown: tuple[tuple[str, tuple[str, ...]], ...]
    newest: tuple[Event, ...]


def try_matching(
    *, event_kind: int, event_name: str, filters: Sequence[Mapping[str, Any]], number_property: str
) -> Matches:
    """Apply checked filters to the newest LOOKED_AT_MOST events of a name and of those that count as it. 3
    queries."""
    newest = Event.objects.aggregate(last=Max("id"))["last"] or 0
    rows = Event.objects.filter(kind=event_kind, id__gt=newest - LOOKED_AT)
    if event_name:
        rows = rows.filter(name__in=[event_name, *former_names(event_kind, event_name)])
    events = list(rows.order_by("-id")[:LOOKED_AT_MOST])
    matching = [event for event in events if all(holds(each, event.properties) for each in filters)]
    seen = _properties(events)
    known = [row.name for row in seen]
    wanted = [each["property"] for each in filters] + ([number_property] if number_property else [])
    missing = [name for name in dict.fromkeys(wanted) if name not in known and "." not in name]
    return Matches(
        looked_at=len(events),
        matching=len(matching),
        with_number=sum(as_number(event.properties.get(number_property)) is not None for event in matching),
        properties=seen,
        unknown=tuple((name, tuple(get_close_matches(name, known, n=3))) for name in missing)
        if events
        else (),
        newest=tuple(matching[:5]),
    )


def backfill_progress(version: ActionVersion) -> float | None:
    """How far matching an action version against history has come, from 0 to 1; None when it is done. 1 query."""
    if version.backfill_done_at is not None:
        return None
    last = Event.objects.aggregate(last=Max("id"))["last"]
    return min(1.0, (version.backfilled_through or 0) / last) if last else 0.0


def still_counted(version_ids: Iterable[int]) -> list[str]:
    """Names of the actions among these versions that are not matched against all of history yet. 1 query."""
    mapping = EventRename.objects.filter(
        event_kind=OuterRef("event_kind"), to_name=OuterRef("event_name"), done_at=None
    )
    pending = ActionVersion.objects.filter(Q(backfill_done_at=None) | Exists(mapping), pk__in=version_ids)
    return list(pending.order_by("action__name").values_list("action__name", flat=True))


def property_shape(name: str, kind: int) -> dict[str, dict[str, Any]]:
    """What the catalogue knows of an event's properties, over all sources. 1 query."""
    shape: dict[str, dict[str, Any]] = {}
    for row in EventName.objects.filter(name=name, kind=kind):
        shape = merge(shape, row.properties)
    return shape


def _properties(events: Sequence[Event]) -> tuple[PropertySeen, ...]:
    counts: Counter[str] = Counter()
    values: dict[str, Counter[str]] = {}
    numbers: Counter[str] = Counter()
    for event in events:
        for name, value in event.properties.items():
            counts[name] += 1
            numbers[name] += as_number(value) is not None
            if isinstance(value, str | int | float | bool):
                shown = str(value).lower() if isinstance(value, bool) else str(value)
                values.setdefault(name, Counter())[shown[:60]] += 1
    return tuple(
        PropertySeen(
            name=name,
            number=number,
            values=tuple(value for value, _count in values.get(name, Counter()).most_common(VALUES_SHOWN)),
            is_number=numbers[name] == number,
        )
        for name, number in counts.most_common()
    )
