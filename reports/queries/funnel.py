"""How far the sign-ups of a period came."""

from dataclasses import astuple, dataclass
from datetime import datetime

from reports.queries.journeys import WITH_ARRIVALS
from reports.queries.lens import Lens
from reports.queries.wide import fetch


@dataclass(frozen=True)
class Reached:
    """Subjects per stage; each stage counts only those of the one before. held_out: PQLs that nobody was told about."""

    signed_up: int
    scored: int
    pql: int
    routed: int
    accepted: int
    won: int
    held_out: int

    def counts(self) -> tuple[int, ...]:
        return astuple(self)[:-1]


STAGES = """
, lead AS (
    SELECT e.subject_id, bool_or(e.lead_id IS NOT NULL AND NOT e.is_held_out) AS is_routed,
        bool_or(e.disposition IN ('accepted', 'sql', 'opportunity', 'won', 'lost')) AS is_accepted,
        bool_or(e.disposition = 'won') AS is_won, bool_and(e.is_held_out) AS is_held_out
    FROM episode AS e WHERE %(band)s = '' OR e.band = %(band)s GROUP BY e.subject_id
),
scored AS (
    SELECT DISTINCT s.subject_id FROM scoring_score AS s
    JOIN scoring_version AS v ON v.tenant_id = s.tenant_id AND v.id = s.version_id
    WHERE s.tenant_id = %(tenant_id)s AND v.definition_id = ANY(%(definitions)s::uuid[])
),
stage AS (
    SELECT a.subject_id, a.signed_up_at, a.pql_id, a.pql_at, a.part,
        a.pql_id IS NOT NULL OR s.subject_id IS NOT NULL AS is_scored,
        a.pql_id IS NOT NULL AS is_pql, coalesce(l.is_routed, false) AS is_routed,
        coalesce(l.is_routed AND l.is_accepted, false) AS is_accepted,
        coalesce(l.is_routed AND l.is_won, false) AS is_won, coalesce(l.is_held_out, false) AS is_held_out
    FROM arrival AS a
    LEFT JOIN lead AS l ON l.subject_id = a.subject_id
    LEFT JOIN scored AS s ON s.subject_id = a.subject_id
)"""

_FUNNEL = {
    key: f"""{pieces}{STAGES}
SELECT count(*), count(*) FILTER (WHERE is_scored), count(*) FILTER (WHERE is_pql),
    count(*) FILTER (WHERE is_routed), count(*) FILTER (WHERE is_accepted), count(*) FILTER (WHERE is_won),
    count(*) FILTER (WHERE is_held_out)
FROM stage
"""
    for key, pieces in WITH_ARRIVALS.items()
}


def funnel_counts(lens: Lens, *, start: datetime, end: datetime) -> Reached:
    """Everybody who signed up in the period, whether or not the definition was live then, and how far they came."""
    statement = _FUNNEL[lens.level, lens.start_version_id is not None]
    (row,) = fetch(statement, **lens.parameters(), start=start, end=end)
    return Reached(*row)
