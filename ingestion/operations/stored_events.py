"""Stored events read again, in slices: what is defined today is matched against what came before."""

import time
from collections.abc import Iterable
from datetime import timedelta

import orjson

from ingestion.operations.activity import Stored
from ingestion.queries.renames import Key
from ingestion.queries.sql import Row, as_json, fetch
from ingestion.rules.timestamps import EPOCH

SCAN = 5_000  # events looked at by one statement
WRITE = 5_000  # events matched before a slice writes: it holds the history lock, and folding waits for it

_SLICE_END = """
SELECT max(id), count(*) FROM (
    SELECT id FROM ingestion_event WHERE tenant_id = %(tenant_id)s AND id > %(after)s ORDER BY id LIMIT %(limit)s) e
"""
_EVENTS = """
SELECT e.id, e.kind, e.name, e.identity_id, e.account_id, (extract(epoch FROM e.ts) * 1000000)::bigint,
    (extract(epoch FROM e.received_at) * 1000000)::bigint, e.exclusion, e.source_id, e.properties
FROM ingestion_event e
JOIN jsonb_to_recordset(%(rows)s::jsonb) AS r(kind smallint, name text) ON r.kind = e.kind AND r.name = e.name
WHERE e.tenant_id = %(tenant_id)s AND e.id > %(after)s AND e.id <= %(through)s
"""


def scan_events(names: Iterable[Key], after: int, deadline: float) -> tuple[list[Stored], int, bool]:
    """Stored events of these kinds and names with ids beyond `after`, oldest first: about WRITE of them, or what was
    found until the deadline (of time.monotonic). With the id up to which they were read, and whether it is the last."""
    wanted = as_json({"kind": kind, "name": name} for kind, name in names)
    found: list[Stored] = []
    is_complete = False
    while not is_complete and len(found) < WRITE and (not found or time.monotonic() < deadline):
        through, looked_at = fetch(_SLICE_END, after=after, limit=SCAN)[0]
        is_complete = looked_at < SCAN
        if looked_at:
            rows = fetch(_EVENTS, rows=wanted, after=after, through=through)
            found += [_stored(row) for row in rows]
            after = through
    return found, after, is_complete


def _stored(row: Row) -> Stored:
    """From a row of _EVENTS. Instants come as microseconds: the driver's own conversion is many times slower."""
    ts, received_at = (EPOCH + timedelta(microseconds=stamp) for stamp in row[5:7])
    return Stored(
        row[0], row[1], row[2], row[3], row[4], ts, received_at, row[7], row[8], orjson.loads(row[9])
    )
