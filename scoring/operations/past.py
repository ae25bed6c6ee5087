"""PQLs that only the past has brought: history that was imported, or sent marked as historical. They are opened and
kept from routing until something happens to their subject, or until somebody decides to route them too."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from ingestion.models import Touched
from ingestion.queries.historical import only_historical
from ingestion.queries.sql import fetch
from scoring.models import Qualification, QualificationEvent, Version
from scoring.queries.past import PAST
from tenants import audit
from tenants.audit import Actor
from tenants.context import current_tenant_id
from tenants.work import wake

Cause = Touched.Cause
Causes = frozenset[Cause]  # why a subject is scored; none: time has passed
NOTHING: Causes = frozenset()

# By hand: the ORM writes out thousands of ids one by one.
_ACTIVE = """
SELECT id FROM scoring_qualification
WHERE tenant_id = %(tenant_id)s AND definition_id = %(definition)s AND state = 'open' AND is_historical
    AND released_at IS NULL AND subject_id = ANY(%(subjects)s::bigint[])
"""


def brought_by_the_past(level: int, subjects: Sequence[int], causes: Mapping[int, Causes]) -> set[int]:
    """Of subjects that qualify now: those that live data had no part in. Either this pass is about history, or it is
    about time and recounting and all their events are history. At most 1 query."""
    found = {subject for subject in subjects if Cause.HISTORICAL in causes.get(subject, NOTHING)}
    unclear = [subject for subject in subjects if not causes.get(subject, NOTHING) - {Cause.RECOUNT}]
    live = {subject for subject in found if Cause.LIVE in causes[subject]}
    return (found - live) | only_historical(level, unclear)


def release_active(*, version: Version, causes: Mapping[int, Causes], now: datetime) -> int:
    """Let those PQLs of the past go to routing whose subject has done something since: its trigger is no longer the
    past alone. In the caller's transaction. Returns how many. One query where there is no such PQL."""
    active = [subject for subject, why in causes.items() if Cause.LIVE in why]
    if not active:
        return 0
    found = fetch(_ACTIVE, definition=version.definition_id, subjects=active)
    return _release(Qualification.objects.filter(pk__in=[row[0] for row in found]) if found else [], now)


@transaction.atomic
def release_past(*, rows: QuerySet[Qualification], number: int, by: Actor, now: datetime) -> int:
    """Route PQLs of the past too: of `rows`, those the caller may decide about, the `number` with the highest scores.
    Returns how many there were."""
    of_the_past = rows.filter(PAST).select_related("definition__business_unit")
    best = of_the_past.order_by("-points", "opened_at", "id").select_for_update(of=("self",))
    chosen = list(best[:number])
    for definition in {row.definition for row in chosen}:
        audit.record(by=by, verb="definition.past_released", target=definition, now=now)
    return _release(chosen, now)


def _release(rows: Iterable[Qualification], now: datetime) -> int:
    rows = list(rows)
    if not rows:
        return 0
    kind = QualificationEvent.Kind.RELEASED
    released: list[Any] = [
        QualificationEvent(qualification=row, at=now, kind=kind, points=row.points, band=row.band)
        for row in rows
    ]
    Qualification.objects.filter(pk__in=[row.pk for row in rows]).update(released_at=now)
    QualificationEvent.objects.bulk_create(released)
    wake(tenant_id=current_tenant_id(), kind="route", at=now)
    return len(rows)
