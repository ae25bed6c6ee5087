"""Goals of motions: what happened and what it was worth, recorded as outcomes for everybody, PQL or not."""

from collections.abc import Sequence
from datetime import datetime

from ingestion.operations import Fact, record_outcomes
from ingestion.queries.sql import fetch
from scoring.models import Version
from scoring.queries.specs import LEVELS, newest_action_versions
from scoring.rules.spec import Level

# The goal's events of these subjects, and whether the outcome is written already. The order is for the planner: only
# the index by identity has it, and without it statistics that do not know a new action make the index by action look as
# good, which reads all that everybody did, for each subject anew.
_GOALS = {
    Level.PERSON: """
SELECT i.person_id, a.event_id, a.ts, a.received_at, a.number, a.currency, o.id IS NOT NULL
FROM ingestion_identity AS i
CROSS JOIN LATERAL (
    SELECT tenant_id, event_id, ts, received_at, number, currency FROM ingestion_activity
    WHERE tenant_id = %(tenant_id)s AND identity_id = i.id AND action_version_id = %(action)s AND exclusion = 0
    ORDER BY ts OFFSET 0
) AS a
LEFT JOIN ingestion_outcome AS o ON o.tenant_id = a.tenant_id AND o.goal = %(goal)s
    AND o.fact_key = 'person:' || a.event_id
WHERE i.tenant_id = %(tenant_id)s AND i.person_id = ANY(%(subjects)s::bigint[])
""",
    Level.ACCOUNT: """
SELECT a.account_id, a.event_id, a.ts, a.received_at, a.number, a.currency, o.id IS NOT NULL
FROM ingestion_activity AS a
LEFT JOIN ingestion_outcome AS o ON o.tenant_id = a.tenant_id AND o.goal = %(goal)s
    AND o.fact_key = 'account:' || a.event_id
WHERE a.tenant_id = %(tenant_id)s AND a.account_id = ANY(%(subjects)s::bigint[])
    AND a.action_version_id = %(action)s AND a.exclusion = 0
""",
}


def goals_reached(*, version: Version, subjects: Sequence[int]) -> dict[int, datetime]:
    """Record the goals that these subjects reached and that are not recorded yet, at the definition's level.

    Returns per subject the event time of its latest goal, also of those recorded before.
    """
    motion = version.definition.motion
    level = LEVELS[version.definition.level]
    action = newest_action_versions([motion.goal_action_id]).get(motion.goal_action_id)
    if action is None or not subjects:
        return {}
    rows = fetch(_GOALS[level], goal=motion.pk, subjects=list(subjects), action=action.pk)
    kind = version.definition.level
    record_outcomes(
        Fact(kind, subject_id, motion.pk, ts, received_at, f"{level}:{event_id}", number, currency or "")
        for subject_id, event_id, ts, received_at, number, currency, is_recorded in rows
        if not is_recorded
    )
    latest: dict[int, datetime] = {}
    for subject_id, _event, ts, *_rest in rows:
        latest[subject_id] = max(ts, latest.get(subject_id, ts))
    return latest
