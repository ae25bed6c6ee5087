"""Events as rows, and the narrow activity rows that scoring reads: one for each event and action version it matches."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson

from ingestion.models.events import Exclusion
from ingestion.operations.arrivals import Arrival
from ingestion.queries.sql import Row, by_column, execute, fetch
from ingestion.rules.filters import Matcher
from ingestion.rules.json_text import dump_json
from ingestion.rules.money import currency_code

Index = Mapping[tuple[int, str], Sequence[Matcher]]
NOT_PRODUCTION = int(Exclusion.NOT_PRODUCTION)
Place = tuple[int, int | None]  # identity, account

_STORE = """
INSERT INTO ingestion_event (tenant_id, received_at, source_id, message_id, kind, name, ts, identity_id, account_id,
    exclusion, clock_skew_ms, properties, context)
SELECT %(tenant_id)s, r.received, r.source, r.mid, r.kind, r.name, r.ts, r.identity, r.account, r.exclusion, r.skew,
    r.properties::jsonb, r.context::jsonb
FROM unnest(%(received)b::timestamptz[], %(source)b::uuid[], %(mid)b::text[], %(kind)b::smallint[], %(name)b::text[],
    %(ts)b::timestamptz[], %(identity)b::bigint[], %(account)b::bigint[], %(exclusion)b::smallint[],
    %(skew)b::bigint[], %(properties)b::text[], %(context)b::text[]) WITH ORDINALITY
    AS r(received, source, mid, kind, name, ts, identity, account, exclusion, skew, properties, context, ord)
ORDER BY r.ord RETURNING id
"""
_EVENT_COLUMNS = "received source mid kind name ts identity account exclusion skew properties context"
# A version looks for its own event, and for those whose names count as it.
_MATCHERS = """
SELECT id, event_kind, event_name, filters, number_property FROM ingestion_actionversion
WHERE tenant_id = %(tenant_id)s AND (%(all)s OR id = ANY(%(ids)s::bigint[]))
UNION ALL
SELECT v.id, v.event_kind, r.from_name, v.filters, v.number_property FROM ingestion_eventrename r
JOIN ingestion_actionversion v
    ON v.tenant_id = %(tenant_id)s AND v.event_kind = r.event_kind AND v.event_name = r.to_name
WHERE r.tenant_id = %(tenant_id)s AND r.ended_at IS NULL AND (%(all)s OR v.id = ANY(%(ids)s::bigint[]))
"""
# Who is excluded is asked here and not remembered, so that it is true whatever was learned in the same transaction.
_COUNT = """
INSERT INTO ingestion_activity (tenant_id, event_id, action_version_id, identity_id, account_id, ts, received_at,
    local_day, number, currency, is_derived, own_exclusion, exclusion)
SELECT %(tenant_id)s, r.event, r.version, r.identity, r.account, r.ts, r.received, r.day, r.number, r.currency,
    r.derived, r.exclusion, COALESCE(NULLIF(r.exclusion, 0), NULLIF(p.exclusion, 0), a.exclusion, 0)
FROM unnest(%(event)b::bigint[], %(version)b::bigint[], %(identity)b::bigint[], %(account)b::bigint[],
    %(ts)b::timestamptz[], %(received)b::timestamptz[], %(day)b::date[], %(number)b::numeric[],
    %(currency)b::text[], %(derived)b::boolean[], %(exclusion)b::smallint[])
    AS r(event, version, identity, account, ts, received, day, number, currency, derived, exclusion)
JOIN ingestion_identity i ON i.tenant_id = %(tenant_id)s AND i.id = r.identity
JOIN ingestion_person p ON p.tenant_id = %(tenant_id)s AND p.id = i.person_id
LEFT JOIN ingestion_account a ON a.tenant_id = %(tenant_id)s AND a.id = r.account
ON CONFLICT DO NOTHING
"""
_ACTIVITY_COLUMNS = "event version identity account ts received day number currency derived exclusion"


class Stored(NamedTuple):
    """An event that has its row."""

    id: int
    kind: int
    name: str
    identity_id: int
    account_id: int | None
    ts: datetime
    received_at: datetime
    exclusion: int
    source_id: UUID
    properties: dict[str, Any]


def store_events(arrivals: Sequence[Arrival], places: Sequence[Place]) -> list[Stored]:
    """Write one event for each arrival; `places` are its identity and account. Identify and group calls keep
    their traits as properties."""
    # Keys are drawn in the order of the rows, whatever order they are returned in.
    rows = map(_event_row, arrivals, places)
    ids = sorted(row[0] for row in fetch(_STORE, **by_column(_EVENT_COLUMNS, rows)))
    return list(map(_stored, ids, arrivals, places))


def _event_row(arrival: Arrival, place: Place) -> Row:
    message, request = arrival.message, arrival.request
    return (
        request.received_at,
        request.source_id,
        message.message_id,
        message.kind,
        message.name,
        message.ts,
        *place,
        arrival.exclusion,
        message.clock_skew_ms,
        dump_json(message.told).decode(),
        dump_json(message.context).decode(),
    )


def _stored(id: int, arrival: Arrival, place: Place) -> Stored:
    message = arrival.message
    request = arrival.request
    return Stored(
        id,
        message.kind,
        message.name,
        *place,
        message.ts,
        request.received_at,
        arrival.exclusion,
        request.source_id,
        message.told,
    )


def load_matchers(version_ids: Iterable[int] | None = None) -> Index:
    """Action versions by the kinds and names of event they look for: these, or all. Old versions too: a live definition
    goes on counting the version it was published with. Ask it under the history lock. 1 query."""
    ids = None if version_ids is None else list(version_ids)
    index: dict[tuple[int, str], list[Matcher]] = {}
    for id, kind, name, filters, number_property in fetch(_MATCHERS, all=ids is None, ids=ids or []):
        matcher = Matcher(id, kind, name, orjson.loads(filters), number_property)
        index.setdefault((kind, name), []).append(matcher)
    return index


def count_events(
    events: Iterable[Stored],
    index: Index,
    zone: ZoneInfo,
    others: Collection[UUID],
    derived: Mapping[int, int],
) -> tuple[list[Stored], int]:
    """Write activity for every event and version that match, marked where it came from one of the `others`, the sources
    that are not production. derived: account by identity, for events that name none. Returns the matched events and the
    rows added."""
    rows: list[Row] = []
    matched = []
    for event in events:
        hits = [each for each in index.get((event.kind, event.name), ()) if each.matches(event.properties)]
        if hits:
            matched.append(event)
            day = event.ts.astimezone(zone).date()
            own = event.exclusion or (NOT_PRODUCTION if event.source_id in others else 0)
            account = event.account_id or derived.get(event.identity_id)
            rows += [_activity_row(event, account, hit, day, own) for hit in hits]
    return matched, execute(_COUNT, **by_column(_ACTIVITY_COLUMNS, rows)) if rows else 0


def _activity_row(event: Stored, account: int | None, hit: Matcher, day: date, own_exclusion: int) -> Row:
    number = hit.number(event.properties)
    return (
        event.id,
        hit.version_id,
        event.identity_id,
        account,
        event.ts,
        event.received_at,
        day,
        number,
        None if number is None else currency_code(event.properties.get("currency")) or None,
        account != event.account_id,
        own_exclusion,
    )
