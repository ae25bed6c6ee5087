"""Event names that count as another one."""

from dataclasses import dataclass

from django.db.models import Exists, Max, OuterRef, QuerySet

from ingestion.models import Event, EventName, EventRename

Key = tuple[int, str]  # kind and name of an event


@dataclass(frozen=True)
class Mapping:
    """A mapped name with how far history has followed, from 0 to 1 (None: all of it), and whether the catalogue has
    the name it counts as."""

    rename: EventRename
    progress: float | None
    is_known: bool


@dataclass(frozen=True)
class Mappings:
    """What one name counts as, and which names count as it."""

    own: Mapping | None
    others: list[EventRename]


def canonical_names() -> dict[Key, str]:
    """By kind and name of each event that counts as another, that one's name. 1 query."""
    rows = EventRename.objects.filter(ended_at=None)
    return {
        (kind, name): other for kind, name, other in rows.values_list("event_kind", "from_name", "to_name")
    }


def canonical_name(key: Key) -> str:
    """The name this event counts as: its own, or another. 1 query."""
    return canonical_names().get(key, key[1])


def former_names(kind: int, name: str) -> list[str]:
    """Names whose events count as this one's. 1 query."""
    return list(_counting(kind).filter(to_name=name).values_list("from_name", flat=True))


def mappings_of(kind: int, name: str) -> Mappings:
    """2 queries, one more while history follows."""
    named = EventName.objects.filter(kind=OuterRef("event_kind"), name=OuterRef("to_name"))
    rows = EventRename.objects.filter(event_kind=kind, from_name=name).annotate(is_known=Exists(named))
    own = rows.first()
    return Mappings(
        own=Mapping(own, progress_of(own), own.is_known) if own else None,
        others=list(_counting(kind).filter(to_name=name).order_by("from_name")),
    )


def progress_of(rename: EventRename) -> float | None:
    """How far history has followed, from 0 to 1; None when it has. 1 query at most."""
    if rename.done_at is not None:
        return None
    last = Event.objects.aggregate(last=Max("id"))["last"]
    return min(1.0, rename.done_through / last) if last else 0.0


def _counting(kind: int) -> QuerySet[EventRename]:
    return EventRename.objects.filter(event_kind=kind, ended_at=None)
