"""The rows behind a number: who exactly is counted there."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from ingestion.models import Account, Person
from reports.queries.funnel import STAGES
from reports.queries.journeys import WITH_ARRIVALS, WITH_FOLLOWED, WITH_PQLS
from reports.queries.lens import Lens
from reports.queries.wide import fetch
from scoring.models import Level


@dataclass(frozen=True)
class SubjectRow:
    """One subject of a figure. at: the moment that put it into its cohort. What does not apply is None."""

    subject_id: int
    at: datetime
    signed_up_at: datetime | None
    pql_at: datetime | None
    pql_id: UUID | None
    band: str
    reached_at: datetime | None
    lead_id: UUID | None


# What a number counts -> its condition. Of sign-ups:
SIGN_UP_PARTS: Mapping[str, str] = {
    "signed_up": "true",
    "scored": "is_scored",
    "pql": "is_pql",
    "routed": "is_routed",
    "accepted": "is_accepted",
    "won": "is_won",
    "mature": "part = 'counted' AND signed_up_at + %(window)s <= %(now)s",
    "reached": "part = 'counted' AND signed_up_at + %(window)s <= %(now)s AND pql_at < signed_up_at + %(window)s",
}
# Of first PQLs:
PQL_PARTS: Mapping[str, str] = {
    "first": "NOT was_before",
    "mature_pql": "NOT was_before AND is_mature",
    "converted": "NOT was_before AND is_mature AND has_reached",
    "before": "was_before",
}

_SIGN_UP_ROWS = {
    (*key, part): f"""{pieces}{STAGES}
SELECT s.subject_id, s.signed_up_at, s.signed_up_at, s.pql_at, s.pql_id, coalesce(e.band, ''), NULL, e.lead_id
FROM stage AS s LEFT JOIN episode AS e ON e.id = s.pql_id
WHERE {condition} ORDER BY s.signed_up_at DESC, s.subject_id DESC LIMIT %(limit)s
"""
    for key, pieces in WITH_ARRIVALS.items()
    for part, condition in SIGN_UP_PARTS.items()
}
_PQL_ROWS = {
    part: f"""{WITH_FOLLOWED}
SELECT subject_id, opened_at, NULL, opened_at, pql_id, band,
    CASE WHEN was_before THEN NULL ELSE reached_at END, lead_id
FROM followed WHERE {condition} ORDER BY opened_at DESC, pql_id DESC LIMIT %(limit)s
"""
    for part, condition in PQL_PARTS.items()
}
# Every episode, not only the first of each subject:
OPENED = "opened"
_OPENED_ROWS = f"""{WITH_PQLS}
SELECT subject_id, opened_at, NULL, opened_at, id, band, NULL, lead_id FROM episode
WHERE opened_at >= %(start)s AND opened_at < %(end)s AND (%(band)s = '' OR band = %(band)s)
ORDER BY opened_at DESC, id DESC LIMIT %(limit)s
"""


def subject_rows(
    lens: Lens, *, part: str, start: datetime, end: datetime, window: timedelta, limit: int
) -> list[SubjectRow]:
    """Who is counted in `part` of the cohort from start to end, the newest first; at most `limit`."""
    values = {**lens.parameters(), "start": start, "end": end, "window": window, "limit": limit}
    if part == OPENED:
        return [SubjectRow(*row) for row in fetch(_OPENED_ROWS, **values)]
    if part in PQL_PARTS:
        return [SubjectRow(*row) for row in fetch(_PQL_ROWS[part], **values)]
    statement = _SIGN_UP_ROWS[lens.level, lens.start_version_id is not None, part]
    return [SubjectRow(*row) for row in fetch(statement, **values)]


def labels(level: int, subject_ids: list[int]) -> dict[int, str]:
    """Names of subjects. One query."""
    rows = (Account if level == Level.ACCOUNT else Person).objects.filter(pk__in=subject_ids)
    return {row.pk: str(row) for row in rows}
