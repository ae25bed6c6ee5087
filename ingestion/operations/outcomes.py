"""Facts about what came of it. Scoring, routing and delivery write them here; experiments and reports read them."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from ingestion.queries.sql import as_json, execute

_RECORD = """
INSERT INTO ingestion_outcome
    (tenant_id, subject_kind, subject_id, goal, at, received_at, amount_minor, currency, fact_key)
VALUES (%(tenant_id)s, %(kind)s, %(id)s, %(goal)s, %(at)s, %(received_at)s, %(amount)s, %(currency)s, %(fact_key)s)
ON CONFLICT (tenant_id, goal, fact_key) DO NOTHING
"""
_RECORD_ALL = """
INSERT INTO ingestion_outcome (tenant_id, subject_kind, subject_id, goal, at, received_at, currency, fact_key)
SELECT %(tenant_id)s, r.subject_kind, r.subject_id, r.goal, r.at, r.received_at, '', r.fact_key
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r(subject_kind smallint, subject_id bigint, goal uuid, at timestamptz,
    received_at timestamptz, fact_key text)
ON CONFLICT (tenant_id, goal, fact_key) DO NOTHING
"""


@dataclass(frozen=True)
class Fact:
    """A goal reached, without an amount. `fact_key` as in record_outcome."""

    subject_kind: int
    subject_id: int
    goal: UUID
    at: datetime
    received_at: datetime
    fact_key: str


def record_outcomes(facts: Iterable[Fact]) -> int:
    """Write facts by the thousand, each once. Returns how many were new."""
    rows = [asdict(fact) for fact in facts]
    return execute(_RECORD_ALL, rows=as_json(rows)) if rows else 0


def record_outcome(
    *,
    subject_kind: int,
    subject_id: int,
    goal: UUID,
    at: datetime,
    received_at: datetime,
    amount_minor: int | None,
    currency: str,
    fact_key: str,
) -> bool:
    """Write a fact once. `fact_key` (64 characters at most) says which fact of this goal it is; True when it is new.

    `amount_minor` is in minor units of `currency` (ISO code), which must be given with it. Raises ValueError."""
    if (amount_minor is not None) != bool(currency):
        raise ValueError("An amount needs its currency, and a currency its amount.")
    changed = execute(
        _RECORD,
        kind=subject_kind,
        id=subject_id,
        goal=goal,
        at=at,
        received_at=received_at,
        amount=amount_minor,
        currency=currency,
        fact_key=fact_key,
    )
    return changed == 1
