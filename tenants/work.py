"""Claims of due work across tenants. Rows in `tenants_work` are the queue; the broker only wakes somebody up.

A claim consumes the wake-up: it moves next_at into the far future, so whoever adds work meanwhile sees a row that is
not due and makes it due again. That keeps the check on the hot path to one read (ADR 0004).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import connection, transaction

FAR_FUTURE = datetime(9999, 1, 1, tzinfo=UTC)
LEASE = timedelta(seconds=30)  # slices are shorter; and if one is not, row locks keep two workers apart

# One statement, also to put behind a writing CTE. It looks before it writes: under load the row is due already, and
# an ON CONFLICT alone would make every request queue for its lock.
WAKE = """
INSERT INTO tenants_work (tenant_id, kind, ref, next_at, attempts)
SELECT due.tenant_id, due.kind, due.ref, due.at, 0
FROM (VALUES (%(tenant_id)s::bigint, %(kind)s::varchar, %(ref)s::varchar, %(at)s::timestamptz))
    AS due(tenant_id, kind, ref, at)
WHERE NOT EXISTS (
    SELECT 1 FROM tenants_work AS work
    WHERE work.tenant_id = due.tenant_id AND work.kind = due.kind AND work.ref = due.ref AND work.next_at <= due.at
)
ON CONFLICT (tenant_id, kind, ref) DO UPDATE SET next_at = EXCLUDED.next_at
WHERE tenants_work.next_at > EXCLUDED.next_at
"""
# What is asked for from outside also runs while the tenant is suspended, being filled or deleted; all else waits.
OPERATOR_KINDS = ["export", "erase", "sample"]
_CLAIM = """
UPDATE tenants_work
SET lease_until = %(lease_until)s, lease_token = %(token)s, next_at = %(far)s, attempts = attempts + 1
WHERE id = (
    SELECT id FROM tenants_work
    WHERE kind = ANY(%(kinds)s::text[]) AND next_at <= %(now)s AND (lease_until IS NULL OR lease_until < %(now)s)
        AND (kind = ANY(%(operators)s::text[]) OR EXISTS (
            SELECT 1 FROM tenants_tenant AS tenant WHERE tenant.id = tenant_id AND tenant.status = 'active'
        ))
    ORDER BY next_at LIMIT 1 FOR UPDATE SKIP LOCKED
) RETURNING tenant_id, kind, ref, attempts
"""
# A crashed worker's claim had consumed the wake-up: when its lease runs out the row is due again.
_REVIVE = """
UPDATE tenants_work SET next_at = %(now)s, lease_until = NULL, lease_token = NULL
WHERE lease_until < %(now)s AND kind = ANY(%(kinds)s::text[])
"""
_RELEASE = """
UPDATE tenants_work SET lease_until = NULL, lease_token = NULL, next_at = LEAST(next_at, %(next_at)s),
    attempts = CASE WHEN %(worked)s THEN 0 ELSE attempts END
WHERE tenant_id = %(tenant_id)s AND kind = %(kind)s AND ref = %(ref)s AND lease_token = %(token)s
"""


@dataclass(frozen=True)
class Claim:
    """Work that is ours until the lease runs out. `attempts` counts claims since one last found something to do."""

    tenant_id: int
    kind: str
    ref: str
    token: UUID
    attempts: int


def wake(*, tenant_id: int, kind: str, at: datetime, ref: str = "") -> None:
    """Make work due at `at`, or earlier if it already was. Call it in the transaction that adds the work."""
    with connection.cursor() as cursor:
        cursor.execute(WAKE, {"tenant_id": tenant_id, "kind": kind, "ref": ref, "at": at})


def claim_next(*, kinds: Iterable[str], now: datetime) -> Claim | None:
    """Take the most overdue work of these kinds, of any tenant, or None. Commits before it returns."""
    token = uuid4()
    values: dict[str, Any] = {
        "operators": OPERATOR_KINDS,
        "kinds": list(kinds),
        "now": now,
        "lease_until": now + LEASE,
        "token": token,
        "far": FAR_FUTURE,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_CLAIM, values)
        row = cursor.fetchone()
    return Claim(row[0], row[1], row[2], token, row[3]) if row else None


def recheck_at(claim: Claim, *, worked: bool, now: datetime) -> datetime | None:
    """When to look again at a queue that is empty now. A request that saw the row due just before our claim may commit
    just after our last look, so we look once more soon, once more later, and only then wait to be woken."""
    if worked:
        return now + timedelta(seconds=1)
    return now + timedelta(seconds=60) if claim.attempts <= 1 else None


def release(claim: Claim, *, next_at: datetime | None, worked: bool) -> None:
    """Give the work back: due at next_at, or only when somebody wakes it. A lease lost to another changes nothing."""
    values: dict[str, Any] = {
        "tenant_id": claim.tenant_id,
        "kind": claim.kind,
        "ref": claim.ref,
        "token": claim.token,
        "next_at": next_at or FAR_FUTURE,
        "worked": worked,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_RELEASE, values)


def revive_abandoned(*, kinds: Iterable[str], now: datetime) -> int:
    """Make the work of crashed workers due again. Returns how many rows. Run by every tick."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_REVIVE, {"now": now, "kinds": list(kinds)})
        return cursor.rowcount
