"""Events as rows, and the narrow activity rows that scoring reads: one for each event and action version it matches."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from ingestion.operations.arrivals import Arrival
from ingestion.queries.sql import Row, as_json, execute, fetch
from ingestion.rules.filters import Matcher
from ingestion.rules.types import Kind

Index = Mapping[tuple[int, str], Sequence[Matcher]]

_STORE = """
INSERT INTO ingestion_event (tenant_id, received_at, source_id, message_id, kind, name, ts, identity_id, account_id,
    exclusion, clock_skew_ms, properties, context)
SELECT %(tenant_id)s, r.received, r.source, r.mid, r.kind, r.name, r.ts, r.identity, r.account, r.exclusion, r.skew,
    r.properties, r.context
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r(ord bigint, received timestamptz, source uuid, mid text, kind smallint,
    name text, ts timestamptz, identity bigint, account bigint, exclusion smallint, skew bigint, properties jsonb,
    context jsonb)
ORDER BY r.ord RETURNING id
"""
_MATCHERS = """
SELECT id, event_kind, event_name, filters, number_property FROM ingestion_actionversion
WHERE tenant_id = %(tenant_id)s
"""
# Who is excluded is asked here and not remembered, so that it is true whatever was learned in the same transaction.
_COUNT = """
INSERT INTO ingestion_activity (tenant_id, event_id, action_version_id, identity_id, account_id, ts, received_at,
    local_day, number, exclusion)
SELECT %(tenant_id)s, r.event, r.version, r.identity, r.account, r.ts, r.received, r.day, r.number,
    COALESCE(NULLIF(r.exclusion, 0), NULLIF(p.exclusion, 0), a.exclusion, 0)
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r(event bigint, version bigint, identity bigint, account bigint,
    ts timestamptz, received timestamptz, day date, number numeric, exclusion smallint)
JOIN ingestion_identity i ON i.tenant_id = %(tenant_id)s AND i.id = r.identity
JOIN ingestion_person p ON p.tenant_id = %(tenant_id)s AND p.id = i.person_id
LEFT JOIN ingestion_account a ON a.tenant_id = %(tenant_id)s AND a.id = r.account
ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Stored:
    """An event that has its row."""

    id: int
    kind: int
    name: str
    identity_id: int
    account_id: int | None
    ts: datetime
    received_at: datetime
    exclusion: int
    properties: dict[str, Any]


def store_events(arrivals: Sequence[Arrival], places: Sequence[tuple[int, int | None]]) -> list[Stored]:
    """Write one event for each arrival; `places` are its identity and account. Identify and group calls keep
    their traits as properties."""
    rows = [
        _event_row(order, arrival, place)
        for order, (arrival, place) in enumerate(zip(arrivals, places, strict=True))
    ]
    # Keys are drawn in the order of the rows, whatever order they are returned in.
    ids = sorted(row[0] for row in fetch(_STORE, rows=as_json(rows)))
    return [
        Stored(
            id,
            row["kind"],
            row["name"],
            row["identity"],
            row["account"],
            row["ts"],
            row["received"],
            row["exclusion"],
            row["properties"],
        )
        for id, row in zip(ids, rows, strict=True)
    ]


def _event_row(order: int, arrival: Arrival, place: tuple[int, int | None]) -> dict[str, Any]:
    message = arrival.message
    says_traits = message.kind in (Kind.IDENTIFY, Kind.GROUP)
    return {
        "ord": order,
        "received": arrival.request.received_at,
        "source": arrival.request.source_id,
        "mid": message.message_id,
        "kind": int(message.kind),
        "name": message.name,
        "ts": message.ts,
        "identity": place[0],
        "account": place[1],
        "exclusion": arrival.exclusion,
        "skew": message.clock_skew_ms,
        "properties": message.traits if says_traits else message.properties,
        "context": message.context,
    }


def load_matchers() -> Index:
    """All action versions by kind and name of event. Old versions too: a live definition goes on counting the version
    it was published with."""
    return index_of((*row[:3], orjson.loads(row[3]), row[4]) for row in fetch(_MATCHERS))


def index_of(rows: Iterable[Row]) -> Index:
    """Matchers by kind and name, from (version id, kind, name, filters, number property)."""
    index: dict[tuple[int, str], list[Matcher]] = {}
    for id, kind, name, filters, number_property in rows:
        matcher = Matcher(id, kind, name, filters, number_property)
        index.setdefault((kind, name), []).append(matcher)
    return index


def count_events(events: Iterable[Stored], index: Index, zone: ZoneInfo) -> tuple[list[Stored], int]:
    """Write activity for every event and version that match. Returns the matched events and the rows added."""
    rows: list[dict[str, Any]] = []
    matched = []
    for event in events:
        hits = [each for each in index.get((event.kind, event.name), ()) if each.matches(event.properties)]
        if hits:
            matched.append(event)
            day = event.ts.astimezone(zone).date()
            rows += [_activity_row(event, hit.version_id, hit.number(event.properties), day) for hit in hits]
    return matched, execute(_COUNT, rows=as_json(rows)) if rows else 0


def _activity_row(event: Stored, version_id: int, number: Decimal | None, day: Any) -> dict[str, Any]:
    return {
        "event": event.id,
        "version": version_id,
        "identity": event.identity_id,
        "account": event.account_id,
        "ts": event.ts,
        "received": event.received_at,
        "day": day,
        "number": None if number is None else str(number),
        "exclusion": event.exclusion,
    }
