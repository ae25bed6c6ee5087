"""Facts about what came of it. Scoring, routing and delivery write them here; experiments and reports read them."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from ingestion.queries.sql import as_json, execute
from ingestion.rules.money import minor_units

_RECORD = """
INSERT INTO ingestion_outcome
    (tenant_id, subject_kind, subject_id, goal, at, received_at, number, amount_minor, currency, fact_key)
SELECT %(tenant_id)s, r.subject_kind, r.subject_id, r.goal, r.at, r.received_at, r.number, r.amount_minor, r.currency,
    r.fact_key
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r(subject_kind smallint, subject_id bigint, goal uuid, at timestamptz,
    received_at timestamptz, number numeric, amount_minor bigint, currency text, fact_key text)
ON CONFLICT (tenant_id, goal, fact_key) DO NOTHING
"""


@dataclass(frozen=True)
class Fact:
    """A goal reached by an event. number: that of the goal's action; an amount of money when it has a currency (ISO
    code). `fact_key` (64 characters at most) says which fact of this goal it is, so that it is written once."""

    subject_kind: int
    subject_id: int
    goal: UUID
    at: datetime
    received_at: datetime
    fact_key: str
    number: Decimal | None = None
    currency: str = ""


def record_outcomes(facts: Iterable[Fact]) -> int:
    """Write facts by the thousand, each once. Returns how many were new. An amount of money is written in its minor
    units too."""
    rows = [_row(fact) for fact in facts]
    return execute(_RECORD, rows=as_json(rows)) if rows else 0


def _row(fact: Fact) -> dict[str, Any]:
    amount = minor_units(fact.number, fact.currency) if fact.number is not None and fact.currency else None
    return asdict(fact) | {
        "number": None if fact.number is None else str(fact.number),
        "amount_minor": amount,
        "currency": "" if amount is None else fact.currency,
    }
