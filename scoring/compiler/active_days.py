"""Who did something, day by day: the subjects whose score a replay has to look at again."""

from typing import Any

from scoring.compiler.compiled import Compiled, compiled
from scoring.compiler.sources import activity_rows, reads_activity, trait_moments
from scoring.compiler.traits import reads_traits, trait_constants
from scoring.rules.spec import Spec


def compile_active_days(spec: Spec) -> Compiled:
    """Rows (place, subject_ids): for each span that ends at an element of the parameter `ends` (instants, rising), the
    subjects with an event or a trait dated in it. place counts from 0; what is before all spans is in the first."""
    constants: dict[str, Any] = {}
    moments = []
    if reads_activity(spec):
        moments.append(f"SELECT subject_id, ts FROM ({activity_rows(spec, few=False)}\n    ) AS activity")
    if reads_traits(spec):
        constants = trait_constants(spec)
        moments.append(
            f"SELECT subject_id, valid_from AS ts FROM ({trait_moments(spec)}\n    ) AS trait_moments"
        )
    listed = "\n    UNION ALL ".join(moments)
    sql = f"""
SELECT place, array_agg(subject_id)
FROM (
    SELECT DISTINCT width_bucket(ts, %(ends)s::timestamptz[]) AS place, subject_id
    FROM (
    {listed}
    ) AS moments
) AS active
GROUP BY place
"""
    return compiled(spec, sql, constants)
