"""Runs compiled specs and reads what comes out. Nothing is stored."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from scoring.compiler import Compiled, are_few, compile_active_days, compile_happenings, compile_version
from scoring.rules.spec import Spec
from scoring.rules.tipping import Happening, tipped_at
from tenants.context import current_tenant_id


@dataclass(frozen=True)
class Evaluation:
    """The score of one subject at a moment. `contributions` as in Score: one dict per signal whose value is not 0."""

    points: int
    has_required: bool
    contributions: list[dict[str, Any]]
    next_due_at: datetime | None


def evaluate(
    spec: Spec,
    *,
    subjects: Sequence[int] | None,
    as_of: datetime,
    known_at: datetime | None = None,
    until: datetime | None = None,
) -> dict[int, Evaluation]:
    """Scores by subject id. subjects: None for everybody who has anything to show; who is missing has 0 points and
    nothing to wait for. The moments are those of Compiled.parameters. One query."""
    compiled = compile_version(spec, few=are_few(subjects))
    with _cursor(compiled, subjects, as_of, known_at, until) as cursor:
        return {
            subject: Evaluation(points, has_required, json.loads(lines, parse_float=Decimal), due)
            for subject, points, has_required, lines, due in cursor.fetchall()
        }


def evaluate_points(
    spec: Spec, *, subjects: Sequence[int] | None, as_of: datetime
) -> list[tuple[int, int, bool, datetime | None]]:
    """(subject id, points, has_required, next_due_at) as of a past moment, with all that is known now. next_due_at only
    knows what happened before as_of. Spares the reasons, which are most of the work for many subjects."""
    compiled = compile_version(spec, few=are_few(subjects))
    lean = f"SELECT subject_id, points, has_required, next_due_at FROM ({compiled.sql}) AS computed"
    with _cursor(replace(compiled, sql=lean), subjects, as_of, None, as_of) as cursor:
        rows: list[tuple[int, int, bool, datetime | None]] = cursor.fetchall()
        return rows


def active_subjects(spec: Spec, ends: Sequence[datetime]) -> list[list[int]]:
    """For each span between consecutive `ends` (the first reaches back without limit): the subjects that did anything
    the spec looks at. One query that reads everything once."""
    compiled = compile_active_days(spec)
    values = compiled.parameters(tenant_id=current_tenant_id(), subjects=None, as_of=ends[0], until=ends[-1])
    found: list[list[int]] = [[] for _ in ends]
    with wide_plans(), connection.cursor() as cursor:
        cursor.execute(compiled.sql, values | {"ends": list(ends)})
        for place, subjects in cursor.fetchall():
            found[place] = subjects
    return found


def happenings(
    spec: Spec, *, subjects: Sequence[int], as_of: datetime, known_at: datetime | None = None
) -> dict[int, list[Happening]]:
    """By subject id: the events that count at a moment and the traits that hold, each with the signals they count for.
    One query."""
    found: dict[int, list[Happening]] = defaultdict(list)
    with _cursor(compile_happenings(spec), subjects, as_of, known_at, as_of) as cursor:
        for subject, ts, local_day, number, places in cursor.fetchall():
            found[subject].append(Happening(ts, tuple(places), local_day, number))
    return found


def tipping_moments(spec: Spec, subjects: Sequence[int], as_of: datetime) -> dict[int, datetime]:
    """For subjects that qualify as of a moment: the event time of what tipped them over. At most 1 query."""
    if not subjects:
        return {}
    found = happenings(spec, subjects=subjects, as_of=as_of)
    return {subject: tipped_at(spec, found[subject]) or as_of for subject in subjects}


@contextmanager
def roomy_plans() -> Iterator[None]:
    """For statements over thousands of subjects: memory to sort and hash without files."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '64MB'")
        yield
        cursor.execute("SET LOCAL work_mem TO DEFAULT")


@contextmanager
def wide_plans() -> Iterator[None]:
    """For statements over everybody: roomy, and no nested loops, which the planner would choose for a tenant that its
    statistics do not know yet, and which would then take hours."""
    with roomy_plans(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_nestloop = off")
        yield
        cursor.execute("SET LOCAL enable_nestloop TO DEFAULT")


@contextmanager
def _cursor(
    compiled: Compiled,
    subjects: Sequence[int] | None,
    as_of: datetime,
    known_at: datetime | None,
    until: datetime | None,
) -> Iterator[Any]:
    values = compiled.parameters(
        tenant_id=current_tenant_id(), subjects=subjects, as_of=as_of, known_at=known_at, until=until
    )
    with nullcontext() if are_few(subjects) else wide_plans(), connection.cursor() as cursor:
        cursor.execute(compiled.sql, values)
        yield cursor
