"""From sign-up to first PQL, and how far sign-ups came."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta

from reports.queries.journeys import WITH_ARRIVALS
from reports.queries.lens import Lens
from reports.queries.wide import fetch


@dataclass(frozen=True)
class SignUps:
    """Sign-ups of one cohort (numbered from 0). reached: mature ones whose first PQL came within the window."""

    cohort: int
    total: int
    mature: int
    reached: int


@dataclass(frozen=True)
class LeftOut:
    """Sign-ups of the period that no cohort and no wait counts."""

    too_early: int
    pql_before: int


@dataclass(frozen=True)
class Waits:
    """Hours from sign-up to first PQL, as counts for reports.stats.kaplan_meier. Whole hours: somebody who got there
    within the first hour has 1, somebody watched for 90 minutes has 1 in vain."""

    reached: Counter[int]
    censored: Counter[int]


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


@dataclass(frozen=True)
class Arrivals:
    """Everybody who signed up in a period. `stages` counts all of them, whether or not the definition was live then;
    cohorts and waits only those who are not left out."""

    cohorts: list[SignUps]
    waits: Waits
    stages: Reached
    left_out: LeftOut


# Three tallies of the same rows, told apart by what each was not grouped by.
_TALLIES = {
    key: f"""{pieces}
SELECT grouping(cohort), grouping(hours), part, cohort, is_pql, hours, count(*), count(*) FILTER (WHERE is_mature),
    count(*) FILTER (WHERE is_mature AND is_in_time), count(*) FILTER (WHERE is_scored),
    count(*) FILTER (WHERE is_pql), count(*) FILTER (WHERE is_routed), count(*) FILTER (WHERE is_accepted),
    count(*) FILTER (WHERE is_won), count(*) FILTER (WHERE is_held_out)
FROM (
    SELECT *, width_bucket(signed_up_at, %(edges)s::timestamptz[]) - 1 AS cohort,
        CASE WHEN is_pql THEN floor(extract(epoch FROM pql_at - signed_up_at) / 3600)::int + 1
             ELSE floor(extract(epoch FROM %(now)s - signed_up_at) / 3600)::int END AS hours
    FROM arrival
) AS arrival
GROUP BY GROUPING SETS ((part, cohort), (part, is_pql, hours), ()) ORDER BY cohort
"""
    for key, pieces in WITH_ARRIVALS.items()
}


def arrivals_of(lens: Lens, *, edges: Sequence[datetime], window: timedelta) -> Arrivals:
    """The sign-ups between the first and the last edge: by cohort of sign-up time, by hours until the first PQL (or
    until now without one), and by stage. Mature: the window has passed by now. One query."""
    rows = fetch(
        _TALLIES[lens.arrivals_key],
        **lens.parameters(),
        start=edges[0],
        end=edges[-1],
        edges=list(edges),
        window=window,
    )
    cohorts, left_out, waits = [], Counter[str](), Waits(Counter(), Counter())
    stages = Reached(0, 0, 0, 0, 0, 0, 0)
    for no_cohort, no_hours, part, cohort, is_pql, hours, total, mature, in_time, *reached in rows:
        if no_cohort and no_hours:
            stages = Reached(total, *reached)
        elif no_hours and part == "counted":
            cohorts.append(SignUps(cohort, total, mature, in_time))
        elif no_hours:
            left_out[part] += total
        elif part == "counted":
            (waits.reached if is_pql else waits.censored)[hours] += total
    return Arrivals(cohorts, waits, stages, LeftOut(left_out["too_early"], left_out["pql_before"]))
