"""From first PQL to the goal of its motion."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from reports.queries.journeys import WITH_FOLLOWED
from reports.queries.lens import Lens
from reports.queries.wide import fetch


@dataclass(frozen=True)
class Followed:
    """`number` first PQLs of one cohort (from 0) that entered in one band and had the same course.

    arm: "held out" or "worked" for those assigned by a holdout, "" for others. was_before: the goal came before the
    PQL. is_mature: the goal window has passed by now. days: with has_reached, the day of the window (from 0) on which
    the goal came; else how many whole days it was watched, at most the window's length. A goal at or after the end of
    the window has not reached.
    """

    cohort: int
    band: str
    arm: str
    was_before: bool
    is_mature: bool
    has_reached: bool
    days: int
    number: int


_FOLLOWED = f"""{WITH_FOLLOWED},
arm AS (  -- as randomised: who was released from the holdout stays in its arm, who was in two is in none
    SELECT x.action_ref, bool_or(arm.is_control) AS is_control
    FROM experiments_exposure AS x
    JOIN experiments_assignment AS a ON a.tenant_id = x.tenant_id AND a.id = x.assignment_id
    JOIN experiments_arm AS arm ON arm.tenant_id = a.tenant_id AND arm.id = a.arm_id
    WHERE x.tenant_id = %(tenant_id)s AND %(sees_held_out)s AND a.mixed_at IS NULL
    GROUP BY x.action_ref
)
SELECT width_bucket(f.opened_at, %(edges)s::timestamptz[]) - 1, f.band,
    CASE WHEN arm.is_control THEN 'held out' WHEN arm.is_control IS NULL THEN '' ELSE 'worked' END,
    f.was_before, f.is_mature, f.has_reached,
    floor(extract(epoch FROM least(f.reached_at, f.window_end, %(now)s) - f.opened_at) / 86400)::int,
    count(*)
FROM followed AS f
LEFT JOIN arm ON arm.action_ref = f.lead_id::text
GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1, 2
"""


def followed_pqls(lens: Lens, *, edges: Sequence[datetime]) -> list[Followed]:
    """First PQLs per subject, by cohort of the moment we noticed them, with what became of them. A subject's goals are
    those of any of the persons merged into it."""
    rows = fetch(
        _FOLLOWED,
        **lens.parameters(),
        start=edges[0],
        end=edges[-1],
        edges=list(edges),
    )
    return [Followed(*row) for row in rows]
