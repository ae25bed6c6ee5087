"""Facts about what came of it. Scoring, routing and delivery write them here; experiments and reports read them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

from ingestion.queries.sql import as_json, execute, fetch
from ingestion.rules.money import currency_code, minor_units

_RECORD = """
INSERT INTO ingestion_outcome
    (tenant_id, subject_kind, subject_id, goal, at, received_at, number, amount_minor, currency, fact_key)
SELECT %(tenant_id)s, r.subject_kind, r.subject_id, r.goal, r.at, r.received_at, r.number, r.amount_minor, r.currency,
    r.fact_key
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r(subject_kind smallint, subject_id bigint, goal uuid, at timestamptz,
    received_at timestamptz, number numeric, amount_minor bigint, currency text, fact_key text)
ON CONFLICT (tenant_id, goal, fact_key) DO NOTHING
"""
_CURRENCIES = """
SELECT id, properties -> 'currency' FROM ingestion_event
WHERE tenant_id = %(tenant_id)s AND id = ANY(%(events)s::bigint[])
    AND received_at BETWEEN %(first)s::timestamptz AND %(last)s::timestamptz AND properties ? 'currency'
"""


@dataclass(frozen=True)
class Fact:
    """A goal reached by an event. number: that of the goal's action. `fact_key` (64 characters at most)
    says which fact of this goal it is, so that it is written once."""

    subject_kind: int
    subject_id: int
    goal: UUID
    at: datetime
    received_at: datetime
    fact_key: str
    event_id: int
    number: Decimal | None = None


def record_outcomes(facts: Iterable[Fact]) -> int:
    """Write facts by the thousand, each once. Returns how many were new.

    A number whose event says a `currency` (ISO code) is an amount of money too, in its minor units."""
    facts = list(facts)
    currencies = _currencies([fact for fact in facts if fact.number is not None])
    rows = [_row(fact, currencies) for fact in facts]
    return execute(_RECORD, rows=as_json(rows)) if rows else 0


def _currencies(facts: Sequence[Fact]) -> dict[int, str]:
    """The currency that each of these events came with, by event."""
    if not facts:
        return {}
    received = [fact.received_at for fact in facts]
    rows = fetch(
        _CURRENCIES, events=[fact.event_id for fact in facts], first=min(received), last=max(received)
    )
    return {event: currency_code(orjson.loads(value)) for event, value in rows}


def _row(fact: Fact, currencies: Mapping[int, str]) -> dict[str, Any]:
    currency = currencies.get(fact.event_id, "") if fact.number is not None else ""
    amount = minor_units(fact.number, currency) if fact.number is not None and currency else None
    return asdict(fact) | {
        "number": None if fact.number is None else str(fact.number),
        "amount_minor": amount,
        "currency": "" if amount is None else currency,
    }
