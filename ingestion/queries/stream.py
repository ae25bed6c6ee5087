"""Events as they came in, for whoever connects a product. Newest first, by key."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Max

from ingestion.models import Account, Event, Identity, Inbox
from ingestion.models.events import Exclusion
from tenants.models import Source

# A rare name must not read the whole history: one page looks at so many ids and then offers to go on.
LOOKED_AT = 300_000


@dataclass(frozen=True)
class StreamRow:
    """One event with the names of what it refers to."""

    event: Event
    source: str
    person_id: int | None
    person: str
    account: str

    @property
    def title(self) -> str:
        """The name, or the kind of call when it has none."""
        return self.event.name or self.event.get_kind_display()


@dataclass(frozen=True)
class StreamPage:
    """`next`: event id to go on below; None at the end. `is_cut`: fewer were found only because the page looked at
    LOOKED_AT ids."""

    rows: Sequence[StreamRow]
    next: int | None
    is_cut: bool = False


@dataclass(frozen=True)
class StreamFilter:
    """Empty fields do not filter."""

    source_id: UUID | None = None
    name: str = ""
    only_excluded: bool = False
    only_bots: bool = False


def stream(wanted: StreamFilter, *, before: int | None = None, size: int = 50) -> StreamPage:
    """One page of all events, the last received first. 5 queries."""
    last = before if before is not None else (Event.objects.aggregate(last=Max("id"))["last"] or 0) + 1
    floor = max(0, last - LOOKED_AT)
    rows = Event.objects.filter(id__lt=last, id__gte=floor)
    if wanted.source_id:
        rows = rows.filter(source_id=wanted.source_id)
    if wanted.name:
        rows = rows.filter(name=wanted.name)
    if wanted.only_excluded:
        rows = rows.exclude(exclusion=Exclusion.NONE)
    if wanted.only_bots:
        rows = rows.filter(exclusion=Exclusion.BOT)
    found = list(rows.order_by("-id")[: size + 1])
    if len(found) > size:
        return StreamPage(_named(found[:size]), found[size - 1].id)
    return StreamPage(_named(found), floor or None, is_cut=floor > 0)


def waiting_requests() -> int:
    """Requests that were accepted and are not folded yet."""
    return Inbox.objects.count()


def sources() -> list[Source]:
    """All sources of the tenant, by name."""
    return list(Source.objects.order_by("name"))


def _named(events: Sequence[Event]) -> list[StreamRow]:
    """3 queries for the names of sources, persons and accounts."""
    if not events:
        return []
    names = dict(Source.objects.values_list("pk", "name"))
    identities = Identity.objects.filter(pk__in={event.identity_id for event in events}).select_related(
        "person"
    )
    persons: dict[int, Any] = {row.pk: row.person for row in identities}
    unknown = {row.pk: row.value for row in identities}
    accounts = {
        row.pk: str(row)
        for row in Account.objects.filter(pk__in={event.account_id for event in events if event.account_id})
    }
    return [
        StreamRow(
            event=event,
            source=names.get(event.source_id, ""),
            person_id=persons[event.identity_id].pk if event.identity_id in persons else None,
            person=_who(persons.get(event.identity_id), unknown.get(event.identity_id, "")),
            account=accounts.get(event.account_id, ""),
        )
        for event in events
    ]


def _who(person: Any, value: str) -> str:
    return (person.label if person else "") or value
