"""Opens, moves and closes episodes of being a PQL. Everything here runs under locks.lock_scoring, in one transaction
with the scores it follows from."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import F
from django.db.models.functions import Least

from ingestion.queries.sql import execute, fetch
from scoring.models import Definition, Level, Qualification, QualificationEvent, Score, Version
from scoring.operations.past import Causes, brought_by_the_past, release_active
from scoring.operations.scores import Standing
from scoring.queries.counting import counting_subjects
from scoring.queries.evaluation import tipping_moments
from scoring.queries.specs import LEVELS, frozen_spec
from tenants.context import current_tenant_id

State = Qualification.State
Kind = QualificationEvent.Kind

# By hand, because they run for each slice of subjects: the ORM writes out thousands of ids one by one.
_COOLED_DOWN = """
UPDATE scoring_qualification AS q SET reset_at = %(now)s
WHERE q.tenant_id = %(tenant_id)s AND q.definition_id = %(definition)s AND q.subject_kind = %(level)s
  AND (%(subjects)s::bigint[] IS NULL OR q.subject_id = ANY(%(subjects)s::bigint[]))
  AND q.state = 'converted' AND q.reset_at IS NULL
  AND NOT EXISTS (
    SELECT FROM scoring_score AS s
    WHERE s.tenant_id = %(tenant_id)s AND s.version_id = %(version)s AND s.subject_id = q.subject_id AND s.is_qualified)
"""
_MERGED = """
SELECT id, merged_into_id FROM ingestion_person
WHERE tenant_id = %(tenant_id)s AND id = ANY(%(persons)s::bigint[]) AND merged_into_id IS NOT NULL
"""


def follow_scores(
    *,
    version: Version,
    standings: Iterable[Standing],
    goals: dict[int, datetime],
    causes: Mapping[int, Causes],
    now: datetime,
) -> tuple[int, int]:
    """Bring the episodes of a live version in line with its scores. Returns how many were opened and closed.

    goals: per subject, the event time of the latest goal. An open episode whose goal came at or after the moment that
    tipped it is converted. A subject whose goal came at or after that moment gets no new episode: it has happened.
    causes: per subject, why it is scored (none: time has passed). What only the past has brought is marked as such.
    """
    standings = list(standings)
    leaving = [s for s in standings if s.open_id and not s.is_qualified]
    moving = [s for s in standings if s.open_id and s.is_qualified and s.band and s.band != s.open_band]
    entering = [s for s in standings if not s.open_id and s.may_enter]
    converted = _convert(version, goals, now)
    left = _leave([s for s in leaving if s.open_id not in converted], now)
    _move([s for s in moving if s.open_id not in converted], now)
    release_active(version=version, causes=causes, now=now)
    return _open(version, entering, goals, causes, now), len(converted) + left


def note_cooled_down(*, version: Version, subjects: Sequence[int] | None, now: datetime) -> None:
    """Remember of converted episodes that the score has dropped since: only then may the subject qualify again."""
    execute(
        _COOLED_DOWN,
        definition=version.definition_id,
        level=version.definition.level,
        version=version.pk,
        subjects=None if subjects is None else list(subjects),
        now=now,
    )


def close_all_open(*, definition: Definition, now: datetime) -> int:
    """Close every open episode as cooled down: the definition no longer scores."""
    rows = list(Qualification.objects.filter(definition=definition, state=State.OPEN))
    return _close(rows, State.LEFT, Kind.LEFT, now)


def follow_merges(*, touched_persons: Sequence[int], now: datetime) -> int:
    """Episodes of persons that were merged into another go over to that person, without a new lead. Where both have
    one, the earlier stays and the other closes as merged; one of the past that nobody released gives way to one that
    routing knows. Returns how many were closed."""
    merged: dict[int, int] = dict(fetch(_MERGED, persons=list(touched_persons)))
    if not merged:
        return 0
    survivors = _survivors(merged)
    rows = Qualification.objects.filter(
        subject_kind=Level.PERSON, subject_id__in=[*survivors, *survivors.values()], state=State.OPEN
    )
    rivals: dict[tuple[Any, int], list[Qualification]] = defaultdict(list)
    for row in rows.select_for_update().order_by("opened_at", "id"):
        rivals[row.definition_id, survivors.get(row.subject_id, row.subject_id)].append(row)
    for episodes in rivals.values():  # the order within stays
        episodes.sort(key=lambda row: row.is_historical and row.released_at is None)
    late = [row for episodes in rivals.values() for row in episodes[1:]]
    closed = _close(late, State.MERGED, Kind.MERGED, now)
    for (_definition, survivor), episodes in rivals.items():
        if episodes[0].subject_id != survivor:
            Qualification.objects.filter(pk=episodes[0].pk).update(subject_id=survivor)
    return closed


def _survivors(merged: dict[int, int]) -> dict[int, int]:
    """Follow chains of merges to their end."""
    found = dict(merged)
    while True:
        further: dict[int, int] = dict(fetch(_MERGED, persons=list(set(found.values()))))
        if not further:
            return found
        found = {person: further.get(survivor, survivor) for person, survivor in found.items()}


def _convert(version: Version, goals: dict[int, datetime], now: datetime) -> set[UUID]:
    rows = Qualification.objects.filter(
        definition_id=version.definition_id, subject_id__in=list(goals), state=State.OPEN
    )
    reached = [row for row in rows if goals[row.subject_id] >= row.triggered_at]
    _close(reached, State.CONVERTED, Kind.CONVERTED, now)
    return {row.pk for row in reached}


def _leave(standings: list[Standing], now: datetime) -> int:
    points = {standing.open_id: standing for standing in standings}
    rows = list(Qualification.objects.filter(pk__in=list(points), state=State.OPEN))
    for row in rows:  # the history says with which score they left
        row.points, row.band = points[row.pk].points, points[row.pk].band
    return _close(rows, State.LEFT, Kind.LEFT, now)


def _close(rows: list[Qualification], state: str, kind: str, now: datetime) -> int:
    """`points` and `band` on the instances go into the event; the row keeps those it had."""
    Qualification.objects.filter(pk__in=[row.pk for row in rows]).update(state=state, closed_at=now)
    QualificationEvent.objects.bulk_create(
        [
            QualificationEvent(qualification=row, at=now, kind=kind, points=row.points, band=row.band)
            for row in rows
        ]
    )
    return len(rows)


def _move(standings: list[Standing], now: datetime) -> None:
    rows = [
        Qualification(pk=s.open_id, points=s.points, band=s.band, contributions=s.contributions)
        for s in standings
        if s.open_id
    ]
    Qualification.objects.bulk_update(rows, ["points", "band", "contributions"], batch_size=500)
    QualificationEvent.objects.bulk_create(
        [
            QualificationEvent(qualification=row, at=now, kind=Kind.BAND, points=row.points, band=row.band)
            for row in rows
        ]
    )


def _open(
    version: Version,
    standings: list[Standing],
    goals: dict[int, datetime],
    causes: Mapping[int, Causes],
    now: datetime,
) -> int:
    """Open an episode for those who may have one now. opened_at is now, whatever the dates of the events."""
    allowed = _allowed(version, standings, now)
    moments = tipping_moments(frozen_spec(version), [s.subject_id for s in allowed], now)
    past = brought_by_the_past(version.definition.level, [s.subject_id for s in allowed], causes)
    rows = [
        Qualification(
            tenant_id=current_tenant_id(),
            definition_id=version.definition_id,
            version=version,
            subject_kind=version.definition.level,
            subject_id=s.subject_id,
            triggered_at=moments[s.subject_id],
            opened_at=now,
            points=s.points,
            band=s.band,
            contributions=s.contributions,
            is_historical=s.subject_id in past,
        )
        for s in allowed
        if s.subject_id not in goals or goals[s.subject_id] < moments[s.subject_id]
    ]
    Qualification.objects.bulk_create(rows, batch_size=1000)
    QualificationEvent.objects.bulk_create(
        [
            QualificationEvent(qualification=row, at=now, kind=Kind.ENTERED, points=row.points, band=row.band)
            for row in rows
        ],
        batch_size=1000,
    )
    return len(rows)


def _allowed(version: Version, standings: list[Standing], now: datetime) -> list[Standing]:
    """Without those who are merged or excluded (bots, internal), in their pause after the last episode, or converted
    and not cooled down since. Who is in the pause becomes due at its end."""
    ids = [s.subject_id for s in standings]
    if not ids:
        return []
    pause = timedelta(days=frozen_spec(version).requalify_after_days)
    counting = counting_subjects(LEVELS[version.definition.level], ids)
    waiting, blocked = [], set()
    last = Qualification.objects.filter(
        definition_id=version.definition_id, subject_id__in=ids, state__in=[State.LEFT, State.CONVERTED]
    )
    for row in last.order_by("subject_id", "-closed_at").distinct("subject_id"):
        if row.state == State.CONVERTED and row.reset_at is None:
            blocked.add(row.subject_id)
        elif row.closed_at + pause > now:
            waiting.append((row.subject_id, row.closed_at + pause))
    for subject_id, until in waiting:
        blocked.add(subject_id)
        Score.objects.filter(version=version, subject_id=subject_id).update(
            next_due_at=Least(F("next_due_at"), until)
        )
    return [s for s in standings if s.subject_id in counting and s.subject_id not in blocked]
