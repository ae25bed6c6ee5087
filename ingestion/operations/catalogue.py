"""Keeps the catalogue of event names: how often, when, by which SDK, and with which properties."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson

from ingestion.operations.arrivals import Arrival
from ingestion.queries.sql import as_json, execute, fetch
from ingestion.rules.catalogue import add_days, add_libraries, library_of, merge, observe
from ingestion.rules.types import Kind

Key = tuple[UUID, int, str]  # source, kind, name
Facts = tuple[dict[str, Any], dict[str, Any], dict[str, Any]]  # properties, days, libraries

_KNOWN = """
SELECT n.source_id, n.kind, n.name, n.properties, n.days, n.libraries
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r(source uuid, kind smallint, name text)
JOIN ingestion_eventname n
    ON n.tenant_id = %(tenant_id)s AND n.source_id = r.source AND n.kind = r.kind AND n.name = r.name
"""
_NOTE = """
INSERT INTO ingestion_eventname AS n
    (tenant_id, source_id, kind, name, first_seen_at, last_seen_at, received, properties, days, libraries)
SELECT %(tenant_id)s, r.source, r.kind, r.name, r.first, r.last, r.count, r.shape, r.days, r.libraries
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r(source uuid, kind smallint, name text, first timestamptz,
    last timestamptz, count bigint, shape jsonb, days jsonb, libraries jsonb)
ON CONFLICT (tenant_id, source_id, kind, name) DO UPDATE SET
    first_seen_at = LEAST(n.first_seen_at, EXCLUDED.first_seen_at),
    last_seen_at = GREATEST(n.last_seen_at, EXCLUDED.last_seen_at),
    received = n.received + EXCLUDED.received,
    properties = EXCLUDED.properties, days = EXCLUDED.days, libraries = EXCLUDED.libraries
"""


def note_events(arrivals: Iterable[Arrival], zone: ZoneInfo) -> None:
    """Add these events to the catalogue: one read and one write for all of them. First and last seen are event times,
    days those of `zone`. The caller holds the history lock, so nothing is added twice."""
    notes: dict[Key, dict[str, Any]] = {}
    for arrival in arrivals:
        message = arrival.message
        key = (arrival.request.source_id, int(message.kind), message.name)
        note = notes.get(key)
        if note is None:
            note = notes[key] = _blank(message.ts)
        _observe(note, arrival, zone)
    keys = [{"source": source, "kind": kind, "name": name} for source, kind, name in notes]
    known: dict[Key, Facts] = {
        (source, kind, name): (orjson.loads(shape), orjson.loads(days), orjson.loads(libraries))
        for source, kind, name, shape, days, libraries in fetch(_KNOWN, rows=as_json(keys))
    }
    rows = [
        names | _joined(known.get(key, ({}, {}, {})), note)
        for names, (key, note) in zip(keys, notes.items(), strict=True)
    ]
    execute(_NOTE, rows=as_json(rows))


def _blank(ts: Any) -> dict[str, Any]:
    return {"first": ts, "last": ts, "count": 0, "shape": {}, "days": {}, "libraries": {}}


def _observe(note: dict[str, Any], arrival: Arrival, zone: ZoneInfo) -> None:
    message = arrival.message
    ts, days, libraries = message.ts, note["days"], note["libraries"]
    if ts < note["first"]:
        note["first"] = ts
    elif ts > note["last"]:
        note["last"] = ts
    note["count"] += 1
    day = ts.astimezone(zone).date().isoformat()
    days[day] = days.get(day, 0) + 1
    if library := library_of(message.context):
        number, last = libraries.get(library, (0, day))
        libraries[library] = (number + 1, max(last, day))
    # What identify calls tell is about persons, so none of it is kept as an example.
    observe(note["shape"], message.told, day, may_show=message.kind != Kind.IDENTIFY)


def _joined(known: Facts, note: dict[str, Any]) -> dict[str, Any]:
    shape, days, libraries = known
    return note | {
        "shape": merge(shape, note["shape"]),
        "days": add_days(days, note["days"]),
        "libraries": add_libraries(libraries, note["libraries"]),
    }
