"""The scoring tick: who was touched, who is due, and the first full scoring of a version, in slices."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from ingestion.models import Account, Person
from ingestion.operations import take_touched
from scoring.compiler import FEW
from scoring.models import Level, Score, Version
from scoring.operations.episodes import follow_merges, follow_scores, note_cooled_down
from scoring.operations.goals import goals_reached
from scoring.operations.locks import lock_scoring
from scoring.operations.past import Causes
from scoring.operations.scores import write_scores
from scoring.queries.versions import live_versions
from tenants.context import current_tenant_id
from tenants.work import wake

FIRST_SLICE = FEW  # subjects per call while a new version scores everybody: a few seconds


@dataclass(frozen=True)
class ScoreResult:
    """What one call did. more: call again at once. next_at: when something falls due by itself; None: never."""

    scored: int
    changed: int
    opened: int
    closed: int
    next_at: datetime | None
    more: bool


@transaction.atomic
def score_due(*, now: datetime, limit: int = 5000) -> ScoreResult:
    """Score the subjects of the current tenant that were touched or fell due, under every live and testing version, and
    go on with the first full scoring of new versions.

    One transaction of a few seconds at most; a crash leaves everything as it was. Live versions open, move and close
    PQLs and wake "route"; testing versions only keep scores. Read `now` from the clock right before the call.
    """
    lock_scoring()
    touched = take_touched(limit=limit)
    persons = [subject for kind, subject in touched if kind == Level.PERSON]
    closed = follow_merges(touched_persons=persons, now=now)
    total = ScoreResult(0, 0, 0, closed, None, len(touched) >= limit)
    for version in live_versions():
        level = version.definition.level
        own = {subject: causes for (kind, subject), causes in touched.items() if kind == level}
        total = _add(total, _score_version(version, own, now, limit))
    if total.opened or total.closed:  # routing closes the leads of PQLs that ended
        wake(tenant_id=current_tenant_id(), kind="route", at=now)
    return total


def _score_version(version: Version, touched: Mapping[int, Causes], now: datetime, limit: int) -> ScoreResult:
    due = _due(version, now, limit)
    subjects = sorted({*touched, *due})
    done = _score_subjects(version, subjects, touched, now)
    more = len(due) >= limit
    if version.first_scored_at is None:
        done = _add(done, _score_first_slice(version, now))
        more = more or version.first_scored_at is None
    rows = Score.objects.filter(version=version, next_due_at__isnull=False).order_by("next_due_at")
    next_at = rows.values_list("next_due_at", flat=True).first()
    return _add(done, ScoreResult(0, 0, 0, 0, next_at, more))


def _score_first_slice(version: Version, now: datetime) -> ScoreResult:
    """The next subjects in order of their ids. Who comes into being meanwhile is touched, and scored for that."""
    model = Person if version.definition.level == Level.PERSON else Account
    rows = model.objects.order_by("pk")
    if version.scored_through is not None:
        rows = rows.filter(pk__gt=version.scored_through)
    subjects = list(rows.values_list("pk", flat=True)[:FIRST_SLICE])
    if subjects:
        version.scored_through = subjects[-1]
    if len(subjects) < FIRST_SLICE:
        version.first_scored_at = now
    version.save(update_fields=["scored_through", "first_scored_at"])
    return _score_subjects(version, subjects, {}, now)


def _score_subjects(
    version: Version, subjects: list[int], causes: Mapping[int, Causes], now: datetime
) -> ScoreResult:
    if not subjects:
        return ScoreResult(0, 0, 0, 0, None, False)
    goals = goals_reached(version=version, subjects=subjects)
    written = write_scores(version=version, subjects=subjects, now=now)
    opened = closed = 0
    if version.state == Version.State.LIVE:
        opened, closed = follow_scores(
            version=version, standings=written.standings, goals=goals, causes=causes, now=now
        )
        note_cooled_down(version=version, subjects=subjects, now=now)
    return ScoreResult(written.scored, written.changed, opened, closed, None, False)


def _due(version: Version, now: datetime, limit: int) -> list[int]:
    rows = Score.objects.filter(version=version, next_due_at__lte=now).order_by("next_due_at")
    return list(rows.values_list("subject_id", flat=True)[:limit])


def _add(one: ScoreResult, other: ScoreResult) -> ScoreResult:
    moments = [moment for moment in (one.next_at, other.next_at) if moment]
    return ScoreResult(
        one.scored + other.scored,
        one.changed + other.changed,
        one.opened + other.opened,
        one.closed + other.closed,
        min(moments, default=None),
        one.more or other.more,
    )
