"""The queue between history and scores: whose history changed since they were last scored, and by what."""

from collections.abc import Iterable
from datetime import datetime

from ingestion.models import Touched
from ingestion.queries.sql import by_column, execute, fetch
from tenants.context import current_tenant_id
from tenants.work import wake

PERSON, ACCOUNT = int(Touched.Kind.PERSON), int(Touched.Kind.ACCOUNT)
Cause = Touched.Cause
Subject = tuple[int, int]  # kind, id

_TOUCH = """
INSERT INTO ingestion_touched (tenant_id, subject_kind, subject_id, cause)
SELECT %(tenant_id)s, r.kind, r.id, %(cause)s FROM unnest(%(kind)b::smallint[], %(id)b::bigint[]) AS r(kind, id)
"""
_PERSONS_OF = """
SELECT DISTINCT person_id FROM ingestion_identity WHERE tenant_id = %(tenant_id)s AND id = ANY(%(ids)s::bigint[])
"""
_TAKE = """
DELETE FROM ingestion_touched WHERE tenant_id = %(tenant_id)s AND id IN (
    SELECT id FROM ingestion_touched WHERE tenant_id = %(tenant_id)s
    ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
) RETURNING subject_kind, subject_id, cause
"""


def touch(subjects: Iterable[Subject], *, at: datetime, cause: Cause = Cause.RECOUNT) -> None:
    """Say that these subjects need a new score, and wake scoring at that moment."""
    rows = sorted(set(subjects))
    if rows:
        execute(_TOUCH, **by_column("kind id", rows), cause=int(cause))
        wake(tenant_id=current_tenant_id(), kind="score", at=at)


def touch_holders(identities: Iterable[int], accounts: Iterable[int | None], *, at: datetime) -> None:
    """Touch those whose activity changed: the persons of these identities, and these accounts."""
    persons = fetch(_PERSONS_OF, ids=list(set(identities)))
    touch({(PERSON, row[0]) for row in persons} | {(ACCOUNT, id) for id in accounts if id is not None}, at=at)


def take_touched(*, limit: int) -> dict[Subject, frozenset[Cause]]:
    """Take up to `limit` touches off the queue, oldest first: the distinct (kind, id) among them in order, each with
    its causes. Score them in the same transaction: if it fails they are back. A subject may be a person merged into
    another since."""
    causes: dict[Subject, set[Cause]] = {}
    for kind, id, cause in fetch(_TAKE, limit=limit):
        causes.setdefault((kind, id), set()).add(Cause(cause))
    return {subject: frozenset(causes[subject]) for subject in sorted(causes)}
