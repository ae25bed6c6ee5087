"""How the definitions are doing: one row of facts for each, in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from reports.queries.wide import fetch
from scoring.models import Version

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


_SCORED = """
SELECT s.version_id, count(*), count(*) FILTER (WHERE s.is_qualified), max(s.computed_at)
FROM scoring_score AS s
WHERE s.tenant_id = %(tenant_id)s AND s.version_id = ANY(%(versions)s::uuid[])
GROUP BY s.version_id
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


def live_versions(definition_ids: Sequence[UUID]) -> dict[UUID, Version]:
    """The live version of each definition that has one."""
    rows = Version.objects.filter(definition_id__in=definition_ids, state=Version.State.LIVE)
    return {row.definition_id: row for row in rows}


def scored_now(versions: Mapping[UUID, Version]) -> dict[UUID, Scored]:
    """What the live version of each definition says at present, by definition."""
    definitions = {version.pk: definition for definition, version in versions.items()}
    rows = fetch(_SCORED, versions=list(definitions))
    return {definitions[version]: Scored(*facts) for version, *facts in rows}


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
