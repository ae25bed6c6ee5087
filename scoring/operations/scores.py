"""Computes the scores of some subjects and writes what changed, in one statement."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from scoring.compiler import compile_version
from scoring.models import Version
from scoring.queries.evaluation import roomy_plans
from scoring.queries.specs import frozen_spec
from scoring.rules.spec import Spec
from tenants.context import current_tenant_id

# Compute, compare with the stored score and the open episode, write. `is_qualified` has hysteresis: who is in stays in
# down to the exit threshold. A score that is nothing (no value, nothing to wait for) gets no row. ScoreChange has what
# a person would call a change: points, band, PQL or not, or which signals gave the points. What is stored is read by
# one list of subjects (bigint as the column is, or it is not hashed) and joined: looked up one subject after the other,
# a planner that does not know the version yet may take an index of the version alone, and that takes minutes.
_WRITE = """
WITH computed AS MATERIALIZED ({computed}
),
stored AS MATERIALIZED (
    SELECT subject_id, points, band, is_qualified, contributions, next_due_at FROM scoring_score
    WHERE tenant_id = %(tenant_id)s AND version_id = %(version_id)s AND subject_id = ANY(%(subjects)s::bigint[])
),
open_ones AS MATERIALIZED (
    SELECT id, subject_id, band FROM scoring_qualification
    WHERE tenant_id = %(tenant_id)s AND definition_id = %(definition_id)s AND subject_id = ANY(%(subjects)s::bigint[])
      AND state = 'open' AND %(is_live)s
),
judged AS MATERIALIZED (
    SELECT c.*, q.id AS open_id, q.band AS open_band, {band} AS band,
        c.has_required AND c.points >= %(enter)s AS may_enter,
        c.has_required AND c.points >= CASE WHEN q.id IS NOT NULL OR s.is_qualified THEN %(exit)s ELSE %(enter)s END
            AS is_qualified,
        s.points IS NULL AS is_new, s.points AS old_points, s.band AS old_band, s.is_qualified AS old_is_qualified,
        s.contributions AS old_contributions, s.next_due_at AS old_next_due_at
    FROM computed AS c
    LEFT JOIN stored AS s USING (subject_id)
    LEFT JOIN open_ones AS q USING (subject_id)
),
written AS (
    INSERT INTO scoring_score (tenant_id, version_id, subject_kind, subject_id, points, band, is_qualified,
        contributions, computed_at, next_due_at)
    SELECT %(tenant_id)s, %(version_id)s, %(kind)s, subject_id, points, band, is_qualified,
        contributions, %(as_of)s, next_due_at
    FROM judged
    WHERE CASE WHEN is_new THEN contributions <> '[]' OR next_due_at IS NOT NULL
        ELSE points <> old_points OR band <> old_band OR is_qualified <> old_is_qualified
            OR contributions <> old_contributions OR next_due_at IS DISTINCT FROM old_next_due_at END
    ON CONFLICT (tenant_id, version_id, subject_id) DO UPDATE SET
        points = EXCLUDED.points, band = EXCLUDED.band, is_qualified = EXCLUDED.is_qualified,
        contributions = EXCLUDED.contributions, computed_at = EXCLUDED.computed_at, next_due_at = EXCLUDED.next_due_at
),
changes AS (
    INSERT INTO scoring_scorechange (tenant_id, version_id, subject_kind, subject_id, at, points, band, is_qualified,
        contributions)
    SELECT %(tenant_id)s, %(version_id)s, %(kind)s, subject_id, %(as_of)s, points, band, is_qualified, contributions
    FROM judged
    WHERE CASE WHEN is_new THEN points <> 0 OR is_qualified
        ELSE points <> old_points OR band <> old_band OR is_qualified <> old_is_qualified
            OR contributions <> old_contributions AND {lines_old} <> {lines_new} END
    RETURNING 1
),
totals AS (SELECT (SELECT count(*) FROM judged) AS scored, (SELECT count(*) FROM changes) AS changed)
SELECT totals.scored, totals.changed, j.subject_id, j.points, j.band, j.contributions, j.is_qualified, j.may_enter,
    j.open_id, j.open_band
FROM totals LEFT JOIN judged AS j ON CASE WHEN j.open_id IS NULL THEN j.may_enter
    ELSE NOT j.is_qualified OR j.band <> j.open_band END
"""
_LINES = """jsonb_path_query_array({column},
    '$[*] ? (@.points != 0).keyvalue() ? (@.key != "value" && @.key != "raw").value')"""


@dataclass(frozen=True)
class Standing:
    """A subject whose score asks for something to happen to its episode."""

    subject_id: int
    points: int
    band: str
    contributions: list[dict[str, Any]]
    is_qualified: bool
    may_enter: bool
    open_id: UUID | None
    open_band: str | None


@dataclass(frozen=True)
class Written:
    """What one pass over some subjects did."""

    scored: int
    changed: int
    standings: list[Standing]


def write_scores(*, version: Version, subjects: Sequence[int], now: datetime) -> Written:
    """Score these subjects as of now with all that is known, and store what changed. Call it under locks.lock_scoring,
    in the caller's transaction, with no more subjects than compiler.FEW. One statement.

    Everything received counts as known, also what arrived after `now` was read from the clock: its touch may be the one
    we are working off.
    """
    spec = frozen_spec(version)
    compiled = compile_version(spec, few=True)
    values = compiled.parameters(tenant_id=current_tenant_id(), subjects=subjects, as_of=now) | {
        "version_id": version.pk,
        "definition_id": version.definition_id,
        "kind": version.definition.level,
        "enter": spec.enter_threshold,
        "exit": spec.exit_threshold,
        "is_live": version.state == Version.State.LIVE,
        **{f"band_{n}": band.name for n, band in enumerate(spec.bands)},
    }
    statement = _WRITE.format(
        computed=compiled.sql,
        band=_band_case(spec),
        lines_old=_LINES.format(column="old_contributions"),
        lines_new=_LINES.format(column="contributions"),
    )
    with roomy_plans(), connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows = cursor.fetchall()
    standings = [
        Standing(row[2], row[3], row[4], json.loads(row[5]), *row[6:]) for row in rows if row[2] is not None
    ]
    return Written(scored=rows[0][0], changed=rows[0][1], standings=standings)


def _band_case(spec: Spec) -> str:
    cases = " ".join(
        f"WHEN c.points >= {int(band.minimum)} THEN %(band_{n})s" for n, band in enumerate(spec.bands)
    )
    return f"(CASE {cases} ELSE '' END)::text" if cases else "''::text"
