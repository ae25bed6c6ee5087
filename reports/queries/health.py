"""How the definitions are doing: one row of facts for each, in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from reports.queries.journeys import WITH_FOLLOWED
from reports.queries.wide import fetch
from scoring.models import Definition, Level, Version

REASONS_SHOWN = 3


@dataclass(frozen=True)
class Scored:
    """Subjects scored by a live version, how many of them qualify now, and when one was last computed."""

    total: int
    qualified: int
    last: datetime | None


@dataclass(frozen=True)
class Answers:
    """What reps said about the leads of a period: `leads` of them, with the reasons of the rejected ones."""

    leads: int
    answered: int
    accepted: int
    reasons: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Outcomes:
    """First PQLs of a period that did not reach the goal before; mature ones, and how many of those reached it."""

    total: int
    mature: int
    reached: int


_SCORED = """
SELECT v.definition_id, count(*), count(*) FILTER (WHERE s.is_qualified), max(s.computed_at)
FROM scoring_score AS s
JOIN scoring_version AS v ON v.tenant_id = s.tenant_id AND v.id = s.version_id
WHERE s.tenant_id = %(tenant_id)s AND v.state = 'live' AND v.definition_id = ANY(%(definitions)s::uuid[])
GROUP BY v.definition_id
"""

_ANSWERS = """
SELECT q.definition_id, count(*), count(*) FILTER (WHERE l.disposition <> ''),
    count(*) FILTER (WHERE l.disposition IN ('accepted', 'sql', 'opportunity', 'won', 'lost')),
    CASE WHEN l.disposition = 'rejected' THEN lower(trim(l.rejection_reason)) ELSE '' END AS reason
FROM routing_lead AS l
JOIN scoring_qualification AS q ON q.tenant_id = l.tenant_id AND q.id = l.qualification_id
WHERE l.tenant_id = %(tenant_id)s AND q.definition_id = ANY(%(definitions)s::uuid[]) AND l.state <> 'held_out'
    AND l.created_at >= %(start)s AND l.created_at < %(end)s
GROUP BY q.definition_id, reason
"""

_OUTCOMES = f"""{WITH_FOLLOWED}
SELECT definition_id, count(*), count(*) FILTER (WHERE is_mature), count(*) FILTER (WHERE is_mature AND has_reached)
FROM followed WHERE NOT was_before GROUP BY definition_id
"""


def live_versions(definition_ids: Sequence[UUID]) -> dict[UUID, Version]:
    """The live version of each definition that has one."""
    rows = Version.objects.filter(definition_id__in=definition_ids, state=Version.State.LIVE)
    return {row.definition_id: row for row in rows}


def scored_now(definition_ids: Sequence[UUID]) -> dict[UUID, Scored]:
    """What the live version of each definition says at present."""
    rows = fetch(_SCORED, definitions=list(definition_ids))
    return {definition: Scored(*facts) for definition, *facts in rows}


def answers(definition_ids: Sequence[UUID], *, start: datetime, end: datetime) -> dict[UUID, Answers]:
    """What came of the leads created in a period. Held-out leads are nobody's and never answered."""
    totals: dict[UUID, list[int]] = defaultdict(lambda: [0, 0, 0])
    reasons: dict[UUID, list[tuple[str, int]]] = defaultdict(list)
    for definition, leads, answered, accepted, reason in fetch(
        _ANSWERS, definitions=list(definition_ids), start=start, end=end
    ):
        totals[definition] = [
            sum(pair) for pair in zip(totals[definition], (leads, answered, accepted), strict=True)
        ]
        if reason:
            reasons[definition].append((reason, leads))
    found = {}
    for definition, (leads, answered, accepted) in totals.items():
        ranked = sorted(reasons[definition], key=lambda item: (-item[1], item[0]))
        found[definition] = Answers(leads, answered, accepted, tuple(ranked[:REASONS_SHOWN]))
    return found


def goal_outcomes(
    definitions: Sequence[Definition], *, start: datetime, end: datetime, sees_held_out: bool, now: datetime
) -> dict[UUID, Outcomes]:
    """Conversion of the first PQLs of a period, each within the window of its definition's motion."""
    rows = fetch(
        _OUTCOMES,
        definitions=[row.pk for row in definitions],
        motions=list({row.motion_id for row in definitions}),
        has_persons=any(row.level == Level.PERSON for row in definitions),
        start=start,
        end=end,
        band="",
        sees_held_out=sees_held_out,
        now=now,
    )
    return {definition: Outcomes(*numbers) for definition, *numbers in rows}
