"""New PQLs over time, over any number of definitions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from reports.queries.wide import fetch


@dataclass(frozen=True)
class NewPqls:
    """PQLs that opened in one cohort of days (from 0): by definition and the band they entered in. again: the subject
    had been a PQL of this definition before."""

    cohort: int
    definition_id: UUID
    band: str
    again: bool
    held_out: bool
    number: int


_SEEN = "(%(sees_held_out)s OR l.state <> 'held_out')"

_NEW = f"""
SELECT width_bucket(q.opened_at, %(edges)s::timestamptz[]) - 1, q.definition_id, coalesce(entered.band, q.band),
    q.place > 1,
    coalesce(l.state = 'held_out', false), count(*)
FROM (
    SELECT tenant_id, id, definition_id, opened_at, band,
        row_number() OVER (PARTITION BY definition_id, subject_id ORDER BY opened_at, id) AS place
    FROM scoring_qualification
    WHERE tenant_id = %(tenant_id)s AND definition_id = ANY(%(definitions)s::uuid[]) AND state <> 'merged'
        AND opened_at < %(end)s AND opened_at <= %(now)s
) AS q
LEFT JOIN scoring_qualificationevent AS entered ON entered.tenant_id = q.tenant_id
    AND entered.qualification_id = q.id AND entered.kind = 'entered'
LEFT JOIN routing_lead AS l ON l.tenant_id = q.tenant_id AND l.qualification_id = q.id
WHERE q.opened_at >= %(start)s AND {_SEEN}
    AND (%(band)s = '' OR coalesce(entered.band, q.band) = %(band)s)
GROUP BY 1, 2, 3, 4, 5 ORDER BY 1
"""

_OPEN = f"""
SELECT q.definition_id, count(*) FROM scoring_qualification AS q
LEFT JOIN routing_lead AS l ON l.tenant_id = q.tenant_id AND l.qualification_id = q.id
WHERE q.tenant_id = %(tenant_id)s AND q.definition_id = ANY(%(definitions)s::uuid[]) AND q.state = 'open'
    AND {_SEEN} AND (%(band)s = '' OR q.band = %(band)s)
GROUP BY 1
"""


def new_pqls(
    definition_ids: Sequence[UUID],
    *,
    edges: Sequence[datetime],
    band: str,
    sees_held_out: bool,
    now: datetime,
) -> list[NewPqls]:
    """PQLs by the moment we noticed them. One query."""
    rows = fetch(
        _NEW,
        definitions=list(definition_ids),
        edges=list(edges),
        start=edges[0],
        end=edges[-1],
        band=band,
        sees_held_out=sees_held_out,
        now=now,
    )
    return [NewPqls(*row) for row in rows]


def open_pqls(definition_ids: Sequence[UUID], *, band: str, sees_held_out: bool) -> dict[UUID, int]:
    """PQLs that are open now, by definition; here `band` is the band they are in now."""
    rows = fetch(_OPEN, definitions=list(definition_ids), band=band, sees_held_out=sees_held_out)
    return dict(rows)
