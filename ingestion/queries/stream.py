"""Events as they came in, for whoever connects a product. Newest first, by key."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import Any
from uuid import UUID

from django.db.models import Max, QuerySet

from ingestion.models import Account, ActionVersion, Activity, Event, Identity, Inbox, QuarantinedEvent
from ingestion.models.events import Exclusion
from ingestion.models.subjects import shown_text
from ingestion.queries.sql import fetch
from tenants.models import Source

# A rare name must not read the whole history: one page looks at so many ids and then offers to go on.
LOOKED_AT = 300_000
OF_ONE_PERSON = 2_000  # newest events of each id that a person was seen under
REFUSED_LOOKED_AT = 200
LATE, AHEAD = timedelta(days=1), timedelta(minutes=1)

# By the index of identities: a person of few events is found at once among ten million of others.
_OF_IDENTITIES = """
SELECT e.id FROM unnest(%(identities)s::bigint[]) AS i(id)
CROSS JOIN LATERAL (
    SELECT id FROM ingestion_event WHERE tenant_id = %(tenant_id)s AND identity_id = i.id
    ORDER BY ts DESC LIMIT %(limit)s) e
"""


@dataclass(frozen=True)
class StreamRow:
    """One event with the names of what it refers to."""

    event: Event
    source: str
    environment: str  # empty for production
    person_id: int | None
    person: str
    account: str

    @property
    def is_late(self) -> bool:
        """It happened well before it was received."""
        return bool(self.event.received_at - self.event.ts > LATE)

    @property
    def is_ahead(self) -> bool:
        """It says that it happens after it was received, also where that was so absurd that it was not believed."""
        notes = (self.event.context.get("pqlhub") or {}).get("notes", ())
        return bool(self.event.ts - self.event.received_at > AHEAD or "timestamp_in_future" in notes)

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
    environment: str = ""
    kind: int | None = None
    name: str = ""
    user: str = ""
    account: str = ""
    only_excluded: bool = False
    only_bots: bool = False


@dataclass(frozen=True)
class Became:
    """What an event became: names of the actions it matched, and why it counts for none of them (Exclusion)."""

    row: StreamRow
    user: Identity | None
    account: Account | None
    actions: tuple[ActionVersion, ...]
    exclusion: Exclusion
    excluded_by: str  # "event", "source", "person" or "account"; empty when it counts


def stream(wanted: StreamFilter, *, before: int | None = None, size: int = 50) -> StreamPage:
    """One page of all events, the last received first: by the key of events, or with a user by that of identities.
    Looks at LOOKED_AT ids, or at OF_ONE_PERSON events of each id of the user. At most 8 queries."""
    last = before if before is not None else (Event.objects.aggregate(last=Max("id"))["last"] or 0) + 1
    floor = 0 if wanted.user else max(0, last - LOOKED_AT)
    rows = _filtered(Event.objects.filter(id__lt=last, id__gte=floor), wanted)
    found = list(rows.order_by("-id")[: size + 1])
    if len(found) > size:
        return StreamPage(_named(found[:size]), found[size - 1].id)
    return StreamPage(_named(found), floor or None, is_cut=floor > 0)


def _filtered(rows: QuerySet[Event], wanted: StreamFilter) -> QuerySet[Event]:
    if wanted.source_id:
        rows = rows.filter(source_id=wanted.source_id)
    if wanted.environment:
        inside = Source.objects.filter(environment=wanted.environment)
        rows = rows.filter(source_id__in=list(inside.values_list("pk", flat=True)))
    if wanted.kind:
        rows = rows.filter(kind=wanted.kind)
    if wanted.name:
        rows = rows.filter(name=wanted.name)
    if wanted.user:
        identities = list(Identity.objects.filter(value=wanted.user).values_list("pk", flat=True))
        ids = fetch(_OF_IDENTITIES, identities=identities, limit=OF_ONE_PERSON)
        rows = rows.filter(id__in=[row[0] for row in ids])
    if wanted.account:
        key = Account.objects.filter(key=wanted.account).values_list("pk", flat=True).first()
        rows = rows.filter(account_id=key) if key is not None else rows.none()
    if wanted.only_excluded:
        rows = rows.exclude(exclusion=Exclusion.NONE)
    if wanted.only_bots:
        rows = rows.filter(exclusion=Exclusion.BOT)
    return rows


def refused_lately(wanted: StreamFilter, *, size: int = 5) -> list[QuarantinedEvent]:
    """The newest events that went to quarantine and wait there, of this source and name if the filter has them; among
    the newest REFUSED_LOOKED_AT, by index. 1 query."""
    rows = QuarantinedEvent.objects.order_by("-received_at")[:REFUSED_LOOKED_AT]
    fitting = (
        row
        for row in rows
        if row.replayed_at is None
        and wanted.source_id in (None, row.source_id)
        and wanted.name in ("", row.event_name)
    )
    return list(islice(fitting, size))


def became(event_id: int) -> Became | None:
    """One event with what became of it; None when there is none. 8 queries, by keys."""
    event = Event.objects.filter(pk=event_id).first()
    if event is None:
        return None
    versions = ActionVersion.objects.filter(event_kind=event.kind, event_name=event.name)
    counted = Activity.objects.filter(
        action_version_id__in=list(versions.values_list("pk", flat=True)), event_id=event.pk
    )
    matched = ActionVersion.objects.filter(pk__in=list(counted.values_list("action_version_id", flat=True)))
    user = Identity.objects.filter(pk=event.identity_id).select_related("person").first()
    account = Account.objects.filter(pk=event.account_id).first() if event.account_id else None
    holders = (("event", event), ("person", user and user.person), ("account", account))
    by, why = next(
        ((name, each.exclusion) for name, each in holders if each and each.exclusion), ("", Exclusion.NONE)
    )
    row = _named([event])[0]
    if row.environment and by != "event":
        by, why = "source", Exclusion.NOT_PRODUCTION
    return Became(
        row=row,
        user=user,
        account=account,
        actions=tuple(matched.select_related("action").order_by("action__name", "-number")),
        exclusion=Exclusion(why),
        excluded_by=by,
    )


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
    named = {source.pk: source for source in Source.objects.all()}
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
            source=named[event.source_id].name if event.source_id in named else "",
            environment=_environment(named.get(event.source_id)),
            person_id=persons[event.identity_id].pk if event.identity_id in persons else None,
            person=_who(persons.get(event.identity_id), unknown.get(event.identity_id, "")),
            account=accounts.get(event.account_id, ""),
        )
        for event in events
    ]


def _who(person: Any, value: str) -> str:
    return str(person) if person and person.label else shown_text(value)


def _environment(source: Source | None) -> str:
    if source is None or source.environment == Source.Environment.PRODUCTION:
        return ""
    return str(source.get_environment_display())
