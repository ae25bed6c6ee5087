"""What somebody may know about who is held out. Everything that names a subject with its score, its band or its PQLs
asks here first.

A held-out subject must not be treated, and whoever knows that it qualifies can treat it: only those who may see the
held-out leads of the definition's unit see its PQLs and its scores. For everybody else it looks like one that no
signal was ever true for; neither is a PQL shown before routing has decided. Sums over many subjects may count it.

Routing makes leads and knows who is held out, and stands above this room. It writes the fact down through
scoring.operations.routed (`Qualification.is_held_out`), so that this room reads its own table and looks at no other's.
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db.models import Q, QuerySet

from ingestion.models import Person
from scoring.models import Level, Qualification
from tenants.access import Access, Area

UNIT = "definition__business_unit__path"
SECRET = Q(is_held_out=True) | Q(is_held_out__isnull=True, state=Qualification.State.OPEN)


def known_pqls(access: Access) -> QuerySet[Qualification]:
    """PQLs, in any unit, of which this user may know who they are."""
    rows: QuerySet[Qualification] = Qualification.objects.filter(
        Q(is_held_out=False) | access.sees_held_out_at(UNIT)
    )
    return rows


def visible_pqls(access: Access) -> QuerySet[Qualification]:
    """PQLs that this user may open: those they may know of in the units whose reports they see."""
    return known_pqls(access).filter(access.visible(Area.REPORTS, UNIT))


def hidden_scores(access: Access, level: int, subject_ids: Sequence[int]) -> set[tuple[UUID, int]]:
    """(definition, subject) of these subjects' scores that this user must not see, now or in the past. Persons inherit
    it from those who were merged into them. 1 query where nobody is hidden, else 3 or more."""
    secret = _secret(access, level)
    if not secret.exists():
        return set()
    selves = _selves(level, subject_ids)
    rows = secret.filter(subject_id__in=selves).values_list("definition_id", "subject_id")
    return {(definition, selves[subject]) for definition, subject in rows}


def hidden_subjects(access: Access, level: int) -> set[int]:
    """Everybody whom a list of what a draft or a replay finds must not name for this user, whichever definition they
    are held out of: a copy of that definition would find them again. 3 queries."""
    found = set(_secret(access, level).values_list("subject_id", flat=True))
    return found | _survivors(found) if level == Level.PERSON else found


def _secret(access: Access, level: int) -> QuerySet[Qualification]:
    rows: QuerySet[Qualification] = Qualification.objects.filter(
        SECRET, ~access.sees_held_out_at(UNIT), subject_kind=level
    )
    return rows


def _selves(level: int, subject_ids: Iterable[int]) -> dict[int, int]:
    """Each subject and the persons that were merged into it -> the subject."""
    found = {key: key for key in subject_ids}
    newest = list(found) if level == Level.PERSON else []
    while newest:
        rows = Person.objects.filter(merged_into_id__in=newest).exclude(pk__in=found)
        merged = dict(rows.values_list("pk", "merged_into_id"))
        found |= {key: found[into] for key, into in merged.items()}
        newest = list(merged)
    return found


def _survivors(person_ids: Iterable[int]) -> set[int]:
    """Whom these persons were merged into, to the end of each chain."""
    found: set[int] = set()
    newest = set(person_ids)
    while newest:
        rows = Person.objects.filter(pk__in=newest, merged_into_id__isnull=False)
        newest = set(rows.values_list("merged_into_id", flat=True)) - found
        found |= newest
    return found
