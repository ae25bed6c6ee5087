"""How the identities of a person came together: the evidence, what it did, and what it could not do."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ingestion.models import Event, Identity, IdentityLink, Person

SHOWN = 100
WHY_HELD = {
    IdentityLink.Held.BLOCKED: _("One of the two ids is blocked: it stands for nobody in particular."),
    IdentityLink.Held.SHARED: _("A shared device: too many users signed in on it for it to be any one's."),
    IdentityLink.Held.CROWD: _("This user had too many new anonymous ids that day to be all theirs."),
}


@dataclass(frozen=True)
class Evidence:
    """One link as the page of a person tells it. `event`: the call that brought it, None when it is no longer stored.
    `other`: when the link joins nothing, the person who has its other end."""

    link: IdentityLink
    event: Event | None
    other: Person | None

    @property
    def is_undone(self) -> bool:
        return self.link.undone_at is not None

    @property
    def is_held(self) -> bool:
        """Merge protection holds it back."""
        return not self.is_undone and self.link.held != IdentityLink.Held.NO

    @property
    def why_held(self) -> str:
        return str(WHY_HELD.get(IdentityLink.Held(self.link.held), ""))

    @property
    def is_blocked(self) -> bool:
        """It says that two persons are one, and both have a user: those are never merged."""
        return not self.is_undone and self.other is not None


def evidence_about(person_id: int) -> list[Evidence]:
    """The links at either end of which this person stands, the first to happen first; at most SHOWN. 2 queries."""
    links = list(
        IdentityLink.objects.filter(Q(identity__person_id=person_id) | Q(user_identity__person_id=person_id))
        .select_related("identity__person", "user_identity__person")
        .order_by("ts", "message_id")[:SHOWN]
    )
    events = _events_of(links)
    return [_evidence(link, person_id, events.get((link.ts, link.message_id))) for link in links]


def link_of(person_id: int, link_id: int) -> IdentityLink | None:
    """A link that holds and joins two identities of this person, or None."""
    found = IdentityLink.objects.filter(pk=link_id, undone_at=None, held=0, identity__person_id=person_id)
    return (
        found.filter(user_identity__person_id=person_id).select_related("identity", "user_identity").first()
    )


def undone_link_of(person_id: int, link_id: int) -> IdentityLink | None:
    """A link that was taken back and has this person at an end, or None."""
    ends = Q(identity__person_id=person_id) | Q(user_identity__person_id=person_id)
    found = IdentityLink.objects.filter(ends, pk=link_id, undone_at__isnull=False)
    return found.select_related("identity__person", "user_identity__person").first()


def events_of_identity(identity: Identity, *, most: int) -> int:
    """How many events came with this identity, counted up to `most`. 1 query."""
    return Event.objects.filter(identity_id=identity.pk)[:most].count()


def _evidence(link: IdentityLink, person_id: int, event: Event | None) -> Evidence:
    persons = [link.identity.person, link.user_identity.person]
    other = next((person for person in persons if person.pk != person_id), None)
    return Evidence(link, event, other)


def _events_of(links: Sequence[IdentityLink]) -> dict[tuple[object, str], Event]:
    """The calls that brought these links, by time and message id: each belongs to one of the link's identities."""
    ends: Iterable[int] = {end for link in links for end in (link.identity_id, link.user_identity_id)}
    rows = Event.objects.filter(identity_id__in=list(ends), ts__in=[link.ts for link in links])
    wanted = {(link.ts, link.message_id) for link in links}
    found = rows.defer("properties", "context")
    return {(row.ts, row.message_id): row for row in found if (row.ts, row.message_id) in wanted}
