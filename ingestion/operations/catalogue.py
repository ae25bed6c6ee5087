"""Keeps the catalogue of event names: how often, when, and with which properties."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import orjson

from ingestion.operations.arrivals import Arrival
from ingestion.queries.sql import as_json, execute, fetch
from ingestion.rules.catalogue import Shape, merge, observe

Key = tuple[UUID, int, str]  # source, kind, name

_KNOWN = """
SELECT n.source_id, n.kind, n.name, n.properties
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r(source uuid, kind smallint, name text)
JOIN ingestion_eventname n
    ON n.tenant_id = %(tenant_id)s AND n.source_id = r.source AND n.kind = r.kind AND n.name = r.name
"""
_NOTE = """
INSERT INTO ingestion_eventname AS n
    (tenant_id, source_id, kind, name, first_seen_at, last_seen_at, received, properties)
SELECT %(tenant_id)s, r.source, r.kind, r.name, r.first, r.last, r.count, r.shape
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r(source uuid, kind smallint, name text, first timestamptz,
    last timestamptz, count bigint, shape jsonb)
ON CONFLICT (tenant_id, source_id, kind, name) DO UPDATE SET
    first_seen_at = LEAST(n.first_seen_at, EXCLUDED.first_seen_at),
    last_seen_at = GREATEST(n.last_seen_at, EXCLUDED.last_seen_at),
    received = n.received + EXCLUDED.received,
    properties = EXCLUDED.properties
"""


def note_events(arrivals: Iterable[Arrival]) -> None:
    """Add these events to the catalogue. First and last seen are event times."""
    notes: dict[Key, dict[str, Any]] = {}
    for arrival in arrivals:
        message = arrival.message
        key = (arrival.request.source_id, int(message.kind), message.name)
        note = notes.get(key)
        if note is None:
            note = notes[key] = {"first": message.ts, "last": message.ts, "count": 0, "shape": {}}
        note["first"], note["last"] = min(note["first"], message.ts), max(note["last"], message.ts)
        note["count"] += 1
        observe(note["shape"], message.told)
    keys = [{"source": source, "kind": kind, "name": name} for source, kind, name in notes]
    known: dict[Key, Shape] = {
        (source, kind, name): orjson.loads(shape)
        for source, kind, name, shape in fetch(_KNOWN, rows=as_json(keys))
    }
    rows = [
        {**names, **note, "shape": merge(known.get(key, {}), note["shape"])}
        for names, (key, note) in zip(keys, notes.items(), strict=True)
    ]
    execute(_NOTE, rows=as_json(rows))
