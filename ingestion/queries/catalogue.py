"""Names of events, as received."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max, Min, QuerySet, Sum

from ingestion.models import EventName
from ingestion.queries.paging import starts_with
from ingestion.rules.catalogue import Days, add_days
from tenants.models import Source

COMPARED = 5_000  # names; a product with more has put ids into them


@dataclass(frozen=True)
class KnownEvent:
    """A name that was received, over all sources."""

    kind: int
    name: str
    received: int
    first_seen_at: datetime
    last_seen_at: datetime


def event_names(prefix: str = "", *, limit: int = 50, with_test_sources: bool = False) -> list[KnownEvent]:
    """Names that production sent, or any source, that begin with `prefix`, the most frequent first. 1 query."""
    rows = _counted(with_test_sources).exclude(name="")
    if prefix:
        rows = rows.filter(starts_with("name", prefix))
    return [KnownEvent(**row) for row in _over_sources(rows)[:limit]]


def days_of(events: Iterable[KnownEvent], *, with_test_sources: bool = False) -> dict[tuple[int, str], Days]:
    """Events by day of each of these names, over the sources of production, or all. 1 query."""
    found: dict[tuple[int, str], Days] = {}
    rows = _counted(with_test_sources).filter(name__in={event.name for event in events})
    for kind, name, days in rows.values_list("kind", "name", "days"):
        found[kind, name] = add_days(found.get((kind, name), {}), days)
    return found


def close_names(name: str, *, limit: int = 3) -> list[str]:
    """Received names that a mistyped one may have meant, the closest first. 1 query."""
    known = {row["name"] for row in _over_sources(EventName.objects.exclude(name=""))[:COMPARED]}
    by_lower = {each.lower(): each for each in sorted(known)}
    found = difflib.get_close_matches(name.lower(), by_lower, n=limit, cutoff=0.6)
    return [by_lower[each] for each in found]


def _counted(with_test_sources: bool) -> QuerySet[EventName]:
    rows: QuerySet[EventName] = EventName.objects.all()
    if with_test_sources:
        return rows
    others = Source.objects.exclude(environment=Source.Environment.PRODUCTION)
    return rows.exclude(source_id__in=others.values("pk"))


def _over_sources(rows: QuerySet[EventName]) -> QuerySet[EventName, Any]:
    return (
        rows.values("kind", "name")
        .annotate(
            received=Sum("received"), first_seen_at=Min("first_seen_at"), last_seen_at=Max("last_seen_at")
        )
        .order_by("-received", "name")
    )
