"""New PQLs over time, over any number of definitions."""

from collections import Counter
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


_SEEN = "(%(sees_held_out)s OR NOT q.is_held_out)"

# Places count the episodes that are not seen, too.
_NEW = f"""
SELECT width_bucket(q.opened_at, %(edges)s::timestamptz[]) - 1, q.definition_id, coalesce(entered.band, q.band),
    q.place > 1, coalesce(q.is_held_out, false), count(*)
FROM (
    SELECT tenant_id, id, definition_id, opened_at, band, is_held_out,
        row_number() OVER (PARTITION BY subject_id, definition_id ORDER BY opened_at, id) AS place
    FROM scoring_qualification
    WHERE tenant_id = %(tenant_id)s AND definition_id = ANY(%(definitions)s::uuid[]) AND state <> 'merged'
        AND opened_at < %(end)s AND opened_at <= %(now)s
) AS q
LEFT JOIN scoring_qualificationevent AS entered ON entered.tenant_id = q.tenant_id
    AND entered.qualification_id = q.id AND entered.kind = 'entered'
WHERE q.opened_at >= %(start)s AND {_SEEN}
    AND (%(band)s = '' OR coalesce(entered.band, q.band) = %(band)s)
GROUP BY 1, 2, 3, 4, 5 ORDER BY 1
"""

_PER_SPAN = f"""
SELECT q.definition_id, width_bucket(q.opened_at, %(edges)s::timestamptz[]) - 1, count(*)
FROM scoring_qualification AS q
WHERE q.tenant_id = %(tenant_id)s AND q.definition_id = ANY(%(definitions)s::uuid[]) AND q.state <> 'merged'
    AND q.opened_at >= %(start)s AND q.opened_at < %(end)s AND q.opened_at <= %(now)s AND {_SEEN}
GROUP BY 1, 2
"""

_OPEN = f"""
SELECT q.definition_id, count(*) FROM scoring_qualification AS q
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


def pqls_per_span(
    definition_ids: Sequence[UUID], *, edges: Sequence[datetime], sees_held_out: bool, now: datetime
) -> dict[UUID, Counter[int]]:
    """How many PQLs of each definition opened between one edge and the next (from 0). One query."""
    found: dict[UUID, Counter[int]] = {key: Counter() for key in definition_ids}
    rows = fetch(
        _PER_SPAN,
        definitions=list(definition_ids),
        edges=list(edges),
        start=edges[0],
        end=edges[-1],
        sees_held_out=sees_held_out,
        now=now,
    )
    for definition_id, span, number in rows:
        found[definition_id][span] = number
    return found


def open_pqls(definition_ids: Sequence[UUID], *, band: str, sees_held_out: bool) -> dict[UUID, int]:
    """PQLs that are open now, by definition; here `band` is the band they are in now."""
    rows = fetch(_OPEN, definitions=list(definition_ids), band=band, sees_held_out=sees_held_out)
    return dict(rows)
