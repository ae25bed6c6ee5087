"""What a draft would do if it were published now: who would be a PQL, against who is one today.

The draft's compiled SQL runs over all subjects inside one statement that only returns tallies and a few samples, so the
cost is the scoring itself and nothing is stored.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from django.db import connection

from ingestion.models import Account, Person
from ingestion.queries import subject_labels
from scoring.compiler import compile_version
from scoring.models import Score, Version
from scoring.queries.evaluation import tipping_moments, wide_plans
from scoring.queries.specs import LEVELS, newest_action_versions
from scoring.rules.spec import Level, Spec
from tenants.context import current_tenant_id

SAMPLE = 5
Found = tuple[str, int, int, Any]  # a row of _PREVIEW: what, key, number, why
LEVEL_KEYS = {level: key for key, level in LEVELS.items()}
MOST_BINS = 24
_NICE_WIDTHS = (
    100,
    200,
    500,
    1_000,
    2_000,
    5_000,
    10_000,
    20_000,
    50_000,
    100_000,
    200_000,
    500_000,
    1_000_000,
)

# A PQL for whom nothing is true any more has no row in computed: it stands at 0 points, which an exit of 0 lets stay.
# judged: everybody who counts and has anything to show or is a PQL of this definition now. What publishing would do
# (scoring.operations.episodes): a PQL stays one down to the exit threshold and until its goal; who left or converted
# lately may not come back yet; who reached the goal since the moment that tipped them over does not enter, and which
# moment that was is left to rules.tipping, for those few alone ('goal').
_PREVIEW = """
WITH computed AS MATERIALIZED (
{computed}
),
open_now AS (
    SELECT subject_id, triggered_at FROM scoring_qualification
    WHERE tenant_id = %(tenant_id)s AND definition_id = %(definition_id)s AND state = 'open'
),
paused AS (
    SELECT DISTINCT ON (subject_id) subject_id,
        state = 'converted' AND reset_at IS NULL OR closed_at + %(pause)s > %(as_of)s AS is_paused
    FROM scoring_qualification
    WHERE tenant_id = %(tenant_id)s AND definition_id = %(definition_id)s AND state IN ('left', 'converted')
    ORDER BY subject_id, closed_at DESC
),
standing AS (
    SELECT subject_id, COALESCE(c.points, 0) AS points, COALESCE(c.contributions, '[]') AS contributions,
        o.subject_id IS NOT NULL AS was_in, o.triggered_at,
        COALESCE(c.has_required, %(nothing_required)s) AND CASE WHEN o.subject_id IS NOT NULL
            THEN COALESCE(c.points, 0) >= %(exit)s
            ELSE c.points >= %(enter)s AND p.is_paused IS NOT true END AS may_be_in
    FROM computed AS c FULL JOIN open_now AS o USING (subject_id) LEFT JOIN paused AS p USING (subject_id)
    JOIN {subjects} AS who ON who.tenant_id = %(tenant_id)s AND who.id = subject_id
        AND (who.exclusion = 0 OR o.subject_id IS NOT NULL) {is_one}
    WHERE c.contributions <> '[]' OR o.subject_id IS NOT NULL
),
reached AS (
    SELECT *, CASE WHEN may_be_in THEN ({goal}) END AS reached_at FROM standing OFFSET 0
),
judged AS MATERIALIZED (
    SELECT subject_id, points, contributions, was_in, reached_at,
        may_be_in AND (was_in AND reached_at >= triggered_at) IS NOT true AS is_in
    FROM reached
)
SELECT 'points' AS what, points::bigint AS key, count(*) AS number, NULL::jsonb AS why FROM judged GROUP BY points
UNION ALL
SELECT 'standing', was_in::integer * 2 + is_in::integer, count(*), NULL FROM judged GROUP BY was_in, is_in
UNION ALL
SELECT 'signal', (line ->> 'signal')::bigint, count(*), NULL
FROM judged, jsonb_array_elements(contributions) AS line
JOIN unnest(%(keys)s::text[], %(amounts)s::numeric[], %(mosts)s::numeric[]) AS wanted (key, amount, most)
    ON wanted.key = line ->> 'signal' AND (line ->> 'value')::numeric >= wanted.amount
        AND ((line ->> 'value')::numeric <= wanted.most) IS NOT false
GROUP BY 2
UNION ALL
(SELECT 'enter', subject_id, points, contributions FROM judged
WHERE is_in AND NOT was_in AND reached_at IS NULL AND subject_id <> ALL(%(hidden)s::bigint[])
ORDER BY points DESC, subject_id LIMIT %(sample)s)
UNION ALL
SELECT 'goal', subject_id, points, jsonb_build_object('at', reached_at, 'why', contributions)
FROM judged WHERE is_in AND NOT was_in AND reached_at IS NOT NULL
UNION ALL
(SELECT 'leave', subject_id, points, contributions FROM judged
WHERE was_in AND NOT is_in AND subject_id <> ALL(%(hidden)s::bigint[])
ORDER BY points DESC, subject_id LIMIT %(sample)s)
"""
_SUBJECTS = {
    Level.PERSON: {
        "subjects": "ingestion_person",
        "is_one": "AND who.merged_into_id IS NULL",
        "goal": """
        SELECT max(a.ts) FROM ingestion_identity AS i CROSS JOIN LATERAL (
            SELECT ts FROM ingestion_activity WHERE tenant_id = %(tenant_id)s AND identity_id = i.id
                AND action_version_id = %(goal)s::bigint AND exclusion = 0 ORDER BY ts OFFSET 0
        ) AS a WHERE i.tenant_id = %(tenant_id)s AND i.person_id = subject_id""",
    },
    Level.ACCOUNT: {
        "subjects": "ingestion_account",
        "is_one": "",
        "goal": """
        SELECT max(ts) FROM ingestion_activity WHERE tenant_id = %(tenant_id)s AND account_id = subject_id
            AND action_version_id = %(goal)s::bigint AND exclusion = 0""",
    },
}


@dataclass(frozen=True)
class BandSize:
    """How many subjects have points in a band now; `minimum` is in hundredths."""

    name: str
    minimum: int
    number: int


@dataclass(frozen=True)
class Bin:
    """Subjects with `low` <= points < `high`, in hundredths."""

    low: int
    high: int
    number: int


@dataclass(frozen=True)
class SignalUse:
    """For how many subjects a signal is true now."""

    name: str
    number: int
    is_never: bool
    is_always: bool


@dataclass(frozen=True)
class Mover:
    """Somebody who would become or stop being a PQL, and why: (reason, hundredths) under the draft. `points_before` is
    the score under the live version, None when it has none."""

    subject_id: int
    label: str
    points: int
    points_before: int | None
    reasons: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Preview:
    """`population`: persons or accounts there are; `scored`: those with anything to show. Points in hundredths."""

    population: int
    scored: int
    qualified: int
    entering: int
    leaving: int
    staying: int
    bands: tuple[BandSize, ...]
    bins: tuple[Bin, ...]
    signals: tuple[SignalUse, ...]
    entering_sample: tuple[Mover, ...]
    leaving_sample: tuple[Mover, ...]

    @property
    def share(self) -> float:
        """Of everybody there is, how many would be PQLs."""
        return self.qualified / self.population if self.population else 0.0


def preview(version: Version, spec: Spec, *, hidden: Collection[int], now: datetime) -> Preview:
    """Run `spec` as `version` over everybody as of now. Raises ValueError for a spec without signals. 6 queries; the
    first costs what one full scoring computes. hidden: subjects that are counted and not named
    (scoring.queries.held_out)."""
    rows = _run(version, spec, hidden, now)
    done, late = _after_the_goal(spec, rows, now)
    late = [row for row in late if row[1] not in hidden]
    points = {row[1]: row[2] for row in rows if row[0] == "points"}
    standing = Counter({row[1]: row[2] for row in rows if row[0] == "standing"})
    population = _population(spec.level)
    return Preview(
        population=population,
        scored=sum(points.values()),
        qualified=standing[1] + standing[3] - done,
        entering=standing[1] - done,
        leaving=standing[2],
        staying=standing[3],
        bands=band_sizes(spec, points),
        bins=histogram_bins(points),
        signals=_signal_uses(spec, {row[1]: row[2] for row in rows if row[0] == "signal"}, population),
        entering_sample=_movers(
            version, spec, _highest([*late, *(row for row in rows if row[0] == "enter")])
        ),
        leaving_sample=_movers(version, spec, (row for row in rows if row[0] == "leave")),
    )


def band_sizes(spec: Spec, points: Mapping[int, int]) -> tuple[BandSize, ...]:
    """How many subjects each band holds; what is below all bands is in none."""
    sizes: Counter[str] = Counter()
    for value, number in points.items():
        sizes[spec.band_of(value)] += number
    return tuple(BandSize(band.name, band.minimum, sizes[band.name]) for band in spec.bands)


def histogram_bins(points: Mapping[int, int]) -> tuple[Bin, ...]:
    """At most MOST_BINS equal bins of a round width, from the lowest to the highest score; empty ones are kept."""
    if not points:
        return ()
    low, high = min(*points, 0), max(points)
    widths = [width for width in _NICE_WIDTHS if ceil((high - low + 1) / width) <= MOST_BINS - 1]
    width = widths[0] if widths else ceil((high - low + 1) / MOST_BINS)
    first = low // width
    numbers = [0] * (high // width - first + 1)
    for value, number in points.items():
        numbers[value // width - first] += number
    return tuple(
        Bin((first + place) * width, (first + place + 1) * width, number)
        for place, number in enumerate(numbers)
    )


def _run(version: Version, spec: Spec, hidden: Collection[int], now: datetime) -> list[Found]:
    compiled = compile_version(spec)
    values = compiled.parameters(tenant_id=current_tenant_id(), subjects=None, as_of=now, until=now) | {
        "definition_id": version.definition_id,
        "enter": spec.enter_threshold,
        "exit": spec.exit_threshold,
        "nothing_required": not any(signal.is_required for signal in spec.signals),
        "goal": _goal_version(version),
        "pause": timedelta(days=spec.requalify_after_days),
        "keys": [signal.key for signal in spec.signals],
        "amounts": [signal.enough for signal in spec.signals],
        "mosts": [signal.at_most for signal in spec.signals],
        "sample": SAMPLE,
        "hidden": list(hidden),
    }
    with wide_plans(), connection.cursor() as cursor:
        cursor.execute(_PREVIEW.format(computed=compiled.sql, **_SUBJECTS[spec.level]), values)
        return cursor.fetchall()


def _goal_version(version: Version) -> int | None:
    key = version.definition.motion.goal_action_id
    action = newest_action_versions([key]).get(key)
    return action.pk if action else None


def _after_the_goal(spec: Spec, rows: Iterable[Found], now: datetime) -> tuple[int, list[Found]]:
    """Of those who have the points and have reached the goal some time: for how many that was when or after they got
    them, so that there is nothing left to bring about, and the rows of the others, who enter."""
    candidates = [(what, key, points, json.loads(more)) for what, key, points, more in rows if what == "goal"]
    moments = tipping_moments(spec, [key for _what, key, _points, _more in candidates], now)
    entering = [
        (what, key, points, json.dumps(more["why"]))
        for what, key, points, more in candidates
        if datetime.fromisoformat(more["at"]) < moments[key]
    ]
    return len(candidates) - len(entering), entering


def _highest(rows: Iterable[Found]) -> list[Found]:
    return sorted(rows, key=lambda row: (-row[2], row[1]))[:SAMPLE]


def _population(level: Level) -> int:
    if level == Level.ACCOUNT:
        return Account.objects.filter(exclusion=0).count()
    return Person.objects.filter(exclusion=0, merged_into_id=None).count()


def _signal_uses(spec: Spec, numbers: Mapping[int, int], population: int) -> tuple[SignalUse, ...]:
    uses = []
    for signal in spec.signals:
        number = numbers.get(int(signal.key), 0)
        is_always = population > 1 and number >= population
        uses.append(SignalUse(signal.name, number, is_never=number == 0, is_always=is_always))
    return tuple(uses)


def _movers(version: Version, spec: Spec, rows: Iterable[Found]) -> tuple[Mover, ...]:
    found = [(subject_id, points, json.loads(why)) for _what, subject_id, points, why in rows]
    if not found:
        return ()
    ids = [subject_id for subject_id, _points, _why in found]
    labels = subject_labels(LEVEL_KEYS[spec.level], ids)
    live = Score.objects.filter(
        version__definition_id=version.definition_id, version__state=Version.State.LIVE, subject_id__in=ids
    )
    before = dict(live.values_list("subject_id", "points"))
    return tuple(
        Mover(
            subject_id, labels.get(subject_id, f"#{subject_id}"), points, before.get(subject_id), reasons(why)
        )
        for subject_id, points, why in found
    )


def reasons(contributions: list[dict[str, Any]]) -> tuple[tuple[str, int], ...]:
    """(name, hundredths) of each signal that gave or took points, the largest first."""
    lines = [(line["name"], int(line["points"])) for line in contributions if line["points"]]
    return tuple(sorted(lines, key=lambda line: -abs(line[1])))
