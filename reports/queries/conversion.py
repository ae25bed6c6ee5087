"""From first PQL to the goal of its motion."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from reports.queries.journeys import WITH_FOLLOWED
from reports.queries.wide import fetch
from scoring.models import Definition, Level


@dataclass(frozen=True)
class Followed:
    """`number` first PQLs of one definition that had the same course.

    was_before: the goal came before the PQL. is_mature: the goal window has passed by now. A goal at or after the end
    of the window has not reached. More is known only of the definition that is looked at closely. cohort: from 0.
    band: the one it entered in. arm: "held out" or "worked" for those assigned by a holdout, "" for
    others and where nobody asked (by_arm) or who asks may not see held-out leads. days: with
    has_reached, the day of the window (from 0) on which the goal came; else how many whole days it was watched, at most
    the window's length.
    """

    definition_id: UUID
    was_before: bool
    is_mature: bool
    has_reached: bool
    cohort: int
    band: str
    arm: str
    days: int
    number: int


# Arms are as randomised: who was released from the holdout stays in its arm, who was in two is in none. A lead and its
# exposure are never older than its PQL.
_FOLLOWED = f"""{WITH_FOLLOWED},
arm AS (
    SELECT f.pql_id, bool_or(arm.is_control) AS is_control
    FROM followed AS f
    JOIN routing_lead AS l ON l.tenant_id = %(tenant_id)s AND l.qualification_id = f.pql_id
    JOIN experiments_exposure AS x ON x.tenant_id = l.tenant_id AND x.action_ref = l.id::text
    JOIN experiments_assignment AS a ON a.tenant_id = x.tenant_id AND a.id = x.assignment_id
    JOIN experiments_arm AS arm ON arm.tenant_id = a.tenant_id AND arm.id = a.arm_id
    WHERE %(by_arm)s AND f.definition_id = %(closely)s::uuid AND a.mixed_at IS NULL
        AND l.created_at >= %(start)s AND x.exposed_at >= %(start)s
    GROUP BY f.pql_id
)
SELECT definition_id, was_before, is_mature, has_reached,
    CASE WHEN is_close THEN width_bucket(opened_at, %(edges)s::timestamptz[]) - 1 ELSE 0 END,
    CASE WHEN is_close THEN band ELSE '' END,
    CASE WHEN is_control THEN 'held out' WHEN is_control IS NULL THEN '' ELSE 'worked' END,
    CASE WHEN is_close
        THEN floor(extract(epoch FROM least(reached_at, window_end, %(now)s) - opened_at) / 86400)::int ELSE 0 END,
    count(*)
FROM (
    SELECT f.*, arm.is_control, f.definition_id IS NOT DISTINCT FROM %(closely)s::uuid AS is_close
    FROM followed AS f LEFT JOIN arm ON arm.pql_id = f.pql_id
) AS followed
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 ORDER BY 5, 6
"""


def followed_pqls(
    definitions: Sequence[Definition],
    *,
    closely: Definition | None,
    edges: Sequence[datetime],
    by_arm: bool,
    sees_held_out: bool,
    now: datetime,
) -> list[Followed]:
    """First PQLs per subject between the first and the last edge, the moments we noticed them, with what became of them
    within the window of their motion. A subject's goals are those of any of the persons merged into it. One query."""
    rows = fetch(
        _FOLLOWED,
        definitions=[row.pk for row in definitions],
        motions=list({row.motion_id for row in definitions}),
        has_persons=any(row.level == Level.PERSON for row in definitions),
        closely=closely.pk if closely else None,
        start=edges[0],
        end=edges[-1],
        edges=list(edges),
        by_arm=by_arm and sees_held_out,
        sees_held_out=sees_held_out,
        now=now,
    )
    return [Followed(*row) for row in rows]
