"""From sign-up to first PQL."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
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
    """Sign-ups of the period that no figure counts."""

    too_early: int
    pql_before: int


@dataclass(frozen=True)
class Waits:
    """Hours from sign-up to first PQL, as counts for reports.stats.kaplan_meier."""

    reached: Counter[int]
    censored: Counter[int]


_COHORTS = {
    key: f"""{pieces}
SELECT part, width_bucket(signed_up_at, %(edges)s::timestamptz[]) - 1 AS cohort, count(*),
    count(*) FILTER (WHERE signed_up_at + %(window)s <= %(now)s),
    count(*) FILTER (WHERE signed_up_at + %(window)s <= %(now)s AND pql_at < signed_up_at + %(window)s)
FROM arrival GROUP BY 1, 2 ORDER BY 1, 2
"""
    for key, pieces in WITH_ARRIVALS.items()
}

# Whole hours: somebody who got there within the first hour has 1, somebody watched for 90 minutes has 1 in vain.
_WAITS = {
    key: f"""{pieces}
SELECT part, pql_at IS NOT NULL,
    CASE WHEN pql_at IS NOT NULL THEN floor(extract(epoch FROM pql_at - signed_up_at) / 3600)::int + 1
         ELSE floor(extract(epoch FROM %(now)s - signed_up_at) / 3600)::int END AS hours,
    count(*)
FROM arrival GROUP BY 1, 2, 3
"""
    for key, pieces in WITH_ARRIVALS.items()
}


def sign_up_cohorts(
    lens: Lens, *, edges: Sequence[datetime], window: timedelta
) -> tuple[list[SignUps], LeftOut]:
    """Sign-ups per cohort of sign-up time, and what was left out. Mature: the window has passed by now."""
    rows = _run(_COHORTS, lens, edges[0], edges[-1], edges=list(edges), window=window)
    counted = [SignUps(*numbers) for part, *numbers in rows if part == "counted"]
    return counted, _left_out((part, total) for part, _cohort, total, *_rest in rows)


def waits_for_pql(lens: Lens, *, start: datetime, end: datetime) -> tuple[Waits, LeftOut]:
    """How long sign-ups of the period took to their first PQL, or have waited until now without one."""
    waits = Waits(Counter(), Counter())
    rows = _run(_WAITS, lens, start, end)
    for part, has_pql, hours, number in rows:
        if part == "counted":
            (waits.reached if has_pql else waits.censored)[hours] += number
    return waits, _left_out((part, number) for part, _has_pql, _hours, number in rows)


def _left_out(parts: Iterable[tuple[str, int]]) -> LeftOut:
    out: Counter[str] = Counter()
    for part, number in parts:
        out[part] += number
    return LeftOut(out["too_early"], out["pql_before"])


def _run(
    statements: dict[tuple[int, bool], str], lens: Lens, start: datetime, end: datetime, **more: object
) -> list[tuple]:
    statement = statements[lens.level, lens.start_version_id is not None]
    return fetch(statement, **lens.parameters(), start=start, end=end, **more)
