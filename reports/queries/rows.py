"""The rows behind a number: who exactly is counted there."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from ingestion.models import Account, Person
from reports.queries.journeys import BAND, ENTERED, WITH_ARRIVALS, WITH_EPISODES, WITH_FOLLOWED
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
    "mature": "part = 'counted' AND is_mature",
    "reached": "part = 'counted' AND is_mature AND is_in_time",
}
# Of first PQLs:
PQL_PARTS: Mapping[str, str] = {
    "first": "NOT was_before",
    "mature_pql": "NOT was_before AND is_mature",
    "converted": "NOT was_before AND is_mature AND has_reached",
    "before": "was_before",
}

_LEAD = "LEFT JOIN routing_lead AS l ON l.tenant_id = %(tenant_id)s AND l.qualification_id = p.id"
_SIGN_UP_ROWS = {
    (*key, part): f"""{pieces},
shown AS (
    SELECT subject_id, signed_up_at, pql_at FROM arrival
    WHERE {condition} ORDER BY signed_up_at DESC, subject_id DESC LIMIT %(limit)s
)
SELECT s.subject_id, s.signed_up_at, s.signed_up_at, s.pql_at, p.id, coalesce(p.band, ''), NULL, l.id
FROM shown AS s
LEFT JOIN (
    SELECT DISTINCT ON (e.subject_id) e.subject_id, e.id, {BAND} AS band FROM asked AS e
    {ENTERED}
    ORDER BY e.subject_id, e.triggered_at, e.id
) AS p ON p.subject_id = s.subject_id
{_LEAD}
ORDER BY s.signed_up_at DESC, s.subject_id DESC
"""
    for key, pieces in WITH_ARRIVALS.items()
    for part, condition in SIGN_UP_PARTS.items()
}
_PQL_ROWS = {
    part: f"""{WITH_FOLLOWED}
SELECT p.subject_id, p.opened_at, NULL, p.opened_at, p.id, p.band, p.reached_at, l.id
FROM (
    SELECT subject_id, opened_at, pql_id AS id, band, CASE WHEN was_before THEN NULL ELSE reached_at END AS reached_at
    FROM followed WHERE {condition} AND (%(band)s = '' OR band = %(band)s)
    ORDER BY opened_at DESC, pql_id DESC LIMIT %(limit)s
) AS p
{_LEAD}
ORDER BY p.opened_at DESC, p.id DESC
"""
    for part, condition in PQL_PARTS.items()
}
# Every episode, not only the first of each subject:
OPENED = "opened"
_OPENED_ROWS = f"""{WITH_EPISODES}
SELECT p.subject_id, p.opened_at, NULL, p.opened_at, p.id, p.band, NULL, l.id
FROM (
    SELECT e.subject_id, e.opened_at, e.id, {BAND} AS band FROM episode AS e
    {ENTERED}
    WHERE e.opened_at >= %(start)s AND e.opened_at < %(end)s AND (%(band)s = '' OR {BAND} = %(band)s)
    ORDER BY e.opened_at DESC, e.id DESC LIMIT %(limit)s
) AS p
{_LEAD}
ORDER BY p.opened_at DESC, p.id DESC
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
    return [SubjectRow(*row) for row in fetch(_SIGN_UP_ROWS[*lens.arrivals_key, part], **values)]


def labels(level: int, subject_ids: list[int]) -> dict[int, str]:
    """Names of subjects. One query."""
    rows = (Account if level == Level.ACCOUNT else Person).objects.filter(pk__in=subject_ids)
    return {row.pk: str(row) for row in rows}
