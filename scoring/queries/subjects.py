"""What the definitions say about persons and accounts: now, over time, and their episodes of being a PQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from uuid import UUID

from ingestion.models import Account, Person
from scoring.models import Definition, Level, Qualification, QualificationEvent, Score, ScoreChange, Version
from scoring.queries.held_out import hidden_scores, visible_pqls
from scoring.queries.specs import frozen_spec
from scoring.rules.spec import Spec
from tenants.access import Access, Area

MOST_CHANGES = 400


@dataclass(frozen=True)
class Tag:
    """A score as a list shows it, in hundredths."""

    definition: str
    definition_id: UUID
    points: int
    band: str
    is_qualified: bool


@dataclass(frozen=True)
class ScoreNow:
    """The score under the live version of one definition; None while there is none to show."""

    definition: Definition
    version: Version
    spec: Spec
    score: Score | None


@dataclass(frozen=True)
class Change:
    """From `at` on the score was `points` hundredths; version: the number that computed it."""

    at: datetime
    points: int
    band: str
    is_qualified: bool
    version: int


def live_for(access: Access, level: int) -> list[Version]:
    """Live versions at this level whose definition this user may see. 1 query."""
    visible = access.visible(Area.DEFINITIONS, "definition__business_unit__path")
    rows = Version.objects.filter(
        visible, state=Version.State.LIVE, definition__level=level, definition__archived_at=None
    )
    return list(rows.select_related("definition__business_unit").order_by("definition__name"))


def score_tags(access: Access, level: int, subject_ids: Sequence[int]) -> dict[int, list[Tag]]:
    """Per subject its live scores that this user may see and that are not nothing, the highest first. 5 queries."""
    by_key = {version.pk: version.definition for version in live_for(access, level)}
    hidden = hidden_scores(access, level, subject_ids)
    rows = Score.objects.filter(version_id__in=by_key, subject_id__in=subject_ids).order_by("-points")
    found: dict[int, list[Tag]] = {}
    for row in rows.defer("contributions"):
        definition = by_key[row.version_id]
        if (definition.pk, row.subject_id) in hidden or not (row.points or row.is_qualified):
            continue
        tag = Tag(definition.name, definition.pk, row.points, row.band, row.is_qualified)
        found.setdefault(row.subject_id, []).append(tag)
    return found


def scores_now(access: Access, level: int, subject_id: int) -> list[ScoreNow]:
    """What this user may see of one subject under each live version: PQLs first, then the nearest to its threshold. A
    score they must not see is None, as if there were none. 5 queries."""
    versions = live_for(access, level)
    hidden = hidden_scores(access, level, [subject_id])
    rows = Score.objects.filter(version__in=[version.pk for version in versions], subject_id=subject_id)
    by_version = {row.version_id: row for row in rows}
    found = [
        ScoreNow(
            version.definition,
            version,
            frozen_spec(version),
            None if (version.definition_id, subject_id) in hidden else by_version.get(version.pk),
        )
        for version in versions
    ]
    return sorted(found, key=_nearness, reverse=True)


def _nearness(now: ScoreNow) -> tuple[bool, Fraction]:
    if now.score is None:
        return (False, Fraction(-1_000_000))
    return (now.score.is_qualified, Fraction(now.score.points, now.spec.enter_threshold))


def score_history(definition: Definition, subject_id: int) -> list[Change]:
    """Every stored change of a subject's score under the versions that were live, oldest first. 2 queries."""
    numbers = dict(
        Version.objects.filter(definition=definition)
        .exclude(state__in=[Version.State.DRAFT, Version.State.TESTING])
        .values_list("pk", "number")
    )
    rows = ScoreChange.objects.filter(
        version_id__in=numbers, subject_kind=definition.level, subject_id=subject_id
    ).order_by("-at", "-id")[:MOST_CHANGES]
    return [
        Change(row.at, row.points, row.band, row.is_qualified, numbers[row.version_id]) for row in rows[::-1]
    ]


def shown_at(definition: Definition, subject_id: int, moment: datetime) -> Change | None:
    """The score as we showed it and acted on it at a moment; None when there was none yet. 2 queries."""
    numbers = dict(Version.objects.filter(definition=definition).values_list("pk", "number"))
    rows = ScoreChange.objects.filter(
        version_id__in=numbers, subject_kind=definition.level, subject_id=subject_id, at__lt=moment
    ).order_by("-at", "-id")
    row = rows.first()
    if row is None:
        return None
    return Change(row.at, row.points, row.band, row.is_qualified, numbers[row.version_id])


def pqls_of(access: Access, level: int, subject_id: int) -> list[Qualification]:
    """The episodes of one subject that this user may see, newest first."""
    rows = visible_pqls(access).filter(subject_kind=level, subject_id=subject_id)
    return list(rows.select_related("definition").order_by("-opened_at")[:50])


def episode_events(qualification: Qualification) -> list[QualificationEvent]:
    """What happened in an episode, oldest first."""
    return list(QualificationEvent.objects.filter(qualification=qualification).order_by("at", "pk"))


def subject(level: int, key: int) -> Person | Account | None:
    """A person (or whom they were merged into) or an account."""
    if level == Level.ACCOUNT:
        return Account.objects.filter(pk=key).first()
    person = Person.objects.filter(pk=key).first()
    for _step in range(20):
        if person is None or person.merged_into_id is None:
            break
        person = Person.objects.filter(pk=person.merged_into_id).first()
    return person
