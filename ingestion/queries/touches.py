"""How a person or an account came: the touches of their identities, first, last and all."""

from dataclasses import dataclass
from itertools import groupby
from typing import Any

from ingestion.models import AccountMembership, Event, Identity, MarketingTouch, Person, SubjectKind
from ingestion.models.events import EventKind
from ingestion.rules.marketing import (
    CHANNELS,
    FACETS,
    FIRST,
    LAST,
    SEEN,
    TOLD,
    Touch,
    counted,
    first_and_last,
    touches_in,
)

SHOWN = 50
OLDEST, NEWEST = 100, 1_000  # touches of one subject that are read
SAMPLE = 500  # from which suggestions are made


@dataclass(frozen=True)
class Came:
    """`touches`: those that count, newest first, SHOWN at most."""

    first: MarketingTouch | None
    last: MarketingTouch | None
    touches: tuple[MarketingTouch, ...]
    number: int


def how_they_came(level: int, subject_id: int) -> Came:
    """Of a person, or of an account over the persons who are in it and count. 5 queries or fewer."""
    person_of = _identities(level, subject_id)
    rows = MarketingTouch.objects.filter(identity_id__in=list(person_of))
    read = sorted(
        rows.order_by("ts")[:OLDEST].union(rows.order_by("-ts")[:NEWEST]),
        key=lambda row: person_of[row.identity_id],
    )
    found = [
        touch
        for _person, touches in groupby(read, key=lambda row: person_of[row.identity_id])
        for touch in counted(touches)
    ]
    first, last = first_and_last(found)
    news = [touch for touch in found if not _is_repeated(touch, found)]
    shown = sorted(news, key=lambda touch: (touch.ts, touch.message_id), reverse=True)
    return Came(first, last, tuple(shown[:SHOWN]), len(shown))


def touches_of_event(event: Event) -> list[Touch]:
    """What a stored event says about how its person came; nothing where it does not count by itself."""
    if event.exclusion:
        return []
    about_person = event.properties if event.kind != EventKind.GROUP else {}
    return touches_in(event.context, about_person, {}, is_page=event.kind == EventKind.PAGE)


def touch_traits(level: int, subject_id: int) -> dict[str, Any]:
    """First and last touch as traits, by name; those that nobody said are left out. 5 queries or fewer."""
    came = how_they_came(level, subject_id)
    return {
        f"{which}{facet}": value
        for which, touch in ((FIRST, came.first), (LAST, came.last))
        if touch is not None
        for facet in FACETS
        if (value := getattr(touch, facet))
    }


def touch_values_seen() -> dict[str, list[str]]:
    """Values of each of TOUCH_TRAITS among the newest touches, for suggestions: all channels, ten of the others.
    1 query."""
    rows = list(MarketingTouch.objects.order_by("-pk").values(*FACETS)[:SAMPLE])
    seen = {facet: [*dict.fromkeys(row[facet] for row in rows if row[facet])][:10] for facet in FACETS}
    seen["channel"] = list(CHANNELS)
    return {f"{which}{facet}": seen[facet] for which in (FIRST, LAST) for facet in FACETS}


def _is_repeated(told: MarketingTouch, found: list[MarketingTouch]) -> bool:
    """Whether a trait or property only says again what was seen."""
    said = (told.source, told.campaign)
    return told.kind == TOLD and any(
        each.kind == SEEN and (each.source, each.campaign) == said for each in found
    )


def _identities(level: int, subject_id: int) -> dict[int, int]:
    """The person of each identity, step by step: as long as the statistics know nothing of a tenant, the planner takes
    it to have one row, and joins everything with everything."""
    persons = [subject_id]
    if level == SubjectKind.ACCOUNT:
        inside = AccountMembership.objects.filter(account_id=subject_id).values_list("identity_id", flat=True)
        held = Identity.objects.filter(pk__in=list(inside)).values_list("person_id", flat=True)
        count = Person.objects.filter(pk__in=list(held), exclusion=0)
        persons = list(count.values_list("pk", flat=True))
    return dict(Identity.objects.filter(person_id__in=persons).values_list("pk", "person_id"))
