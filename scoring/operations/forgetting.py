"""Lets go of scores that nobody looks at any more.

A score says what a version thinks now; an archived one thinks no more. What it once said and what came of it stays:
every change of a score (ScoreChange), every PQL with its reasons, and the frozen version, from which any score at any
moment is computed again (scoring.queries.explanations). Versions that were archived together with their definition keep
their last scores: reports of its time count who was scored.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, QuerySet

from ingestion.queries.sql import execute
from scoring.models import Version
from tenants.context import current_tenant_id
from tenants.work import wake

SCORES_KEPT = timedelta(days=7)  # after a version was replaced
SLICE = 20_000

_FORGET = """
DELETE FROM scoring_score WHERE tenant_id = %(tenant_id)s AND id IN (
    SELECT id FROM scoring_score WHERE tenant_id = %(tenant_id)s AND version_id = ANY(%(versions)s::uuid[])
    LIMIT %(limit)s
)
"""


@dataclass(frozen=True)
class Forgotten:
    """What one call did. more: call again at once. next_at: when the next version's scores may go; None: unknown."""

    scores: int
    more: bool
    next_at: datetime | None


def archive_versions(versions: QuerySet[Version], *, now: datetime) -> None:
    """Another version takes their place: they score no more, and their scores go after SCORES_KEPT. Call it in the
    caller's transaction."""
    if versions.update(state=Version.State.ARCHIVED, archived_at=now):
        wake(tenant_id=current_tenant_id(), kind="forget", at=now + SCORES_KEPT)


@transaction.atomic
def forget_scores(*, now: datetime) -> Forgotten:
    """Delete a slice of the scores of versions that were replaced at least SCORES_KEPT ago."""
    replaced = Version.objects.filter(state=Version.State.ARCHIVED).exclude(
        definition__archived_at=F("archived_at")
    )
    old = list(replaced.filter(archived_at__lte=now - SCORES_KEPT).values_list("pk", flat=True))
    scores = execute(_FORGET, versions=old, limit=SLICE) if old else 0
    waiting = replaced.filter(archived_at__gt=now - SCORES_KEPT).order_by("archived_at")
    first = waiting.values_list("archived_at", flat=True).first()
    return Forgotten(scores, scores == SLICE, first + SCORES_KEPT if first else None)
