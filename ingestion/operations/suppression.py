"""Keeps out who was erased: replays, late events and repeated imports must not bring them back. Asked once for a slice
of messages, and nothing is computed for a tenant that never erased anybody."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from ingestion.models import Erasure, Suppression
from ingestion.operations.arrivals import Arrival
from ingestion.queries.sql import execute, fetch, fetch_binary
from ingestion.rules.suppression import Name, mark_of, names_in, names_in_raw
from tenants.context import current_tenant_id
from tenants.secret_box import marking_keys

_KEYS = "SELECT DISTINCT key_id FROM ingestion_suppression WHERE tenant_id = %(tenant_id)s"
_FOUND = """
SELECT mark, erasure_id FROM ingestion_suppression WHERE tenant_id = %(tenant_id)s AND mark = ANY(%(marks)s::bytea[])
"""
_COUNT = """
UPDATE ingestion_erasure SET dropped = dropped + %(number)s, last_dropped_at = %(at)s
WHERE tenant_id = %(tenant_id)s AND id = %(erasure)s
"""


def drop_suppressed(arrivals: Sequence[Arrival]) -> Sequence[Arrival]:
    """The messages that name nobody who was erased; the others are counted on the proof of that erasure. They are not
    remembered as seen: once the erasure is lifted they may be sent again. Call it under the history lock."""
    keys = _keys_in_use()
    if not keys:
        return arrivals
    names = [names_in(arrival.message) for arrival in arrivals]
    erasures = _erasures_of(names, keys)
    last = max((arrival.request.received_at for arrival in arrivals), default=None)
    return _without(arrivals, names, erasures, at=last)


def without_suppressed(rejected: Iterable[tuple[Any, Any]], received_at: datetime) -> list[tuple[Any, Any]]:
    """The same for items on their way into the quarantine, given as (item, whatever goes with it)."""
    pairs = list(rejected)
    names = [names_in_raw(raw) for raw, _rest in pairs]
    keys = _keys_in_use() if any(names) else []
    if not keys:
        return pairs
    return list(_without(pairs, names, _erasures_of(names, keys), at=received_at))


def suppressed(names: Iterable[Name]) -> set[Name]:
    """Those of the names that are kept out. Call it under the history lock."""
    keys = _keys_in_use()
    return set(_erasures_of([list(names)], keys)) if keys else set()


def suppress(erasure: Erasure, names: Iterable[Name]) -> None:
    """From now on these names do not come back. Call it under the history lock."""
    key_id, key = next(iter(marking_keys().items()))
    marks = {mark_of(name, tenant_id=current_tenant_id(), key=key) for name in names}
    Suppression.objects.bulk_create(
        [Suppression(mark=mark, key_id=key_id, erasure=erasure) for mark in sorted(marks)],
        ignore_conflicts=True,
    )


def _keys_in_use() -> list[bytes]:
    """The keys that this tenant's marks were made with. A key that is not configured any more tells nobody again."""
    known = marking_keys()
    return [known[key_id] for (key_id,) in fetch(_KEYS) if key_id in known]


def _erasures_of(names: Iterable[Iterable[Name]], keys: Sequence[bytes]) -> dict[Name, UUID]:
    """Those of the names that are suppressed, with their erasure. One statement."""
    tenant_id = current_tenant_id()
    by_mark = {
        mark_of(name, tenant_id=tenant_id, key=key): name
        for name in {name for each in names for name in each}
        for key in keys
    }
    rows = fetch_binary(_FOUND, marks=list(by_mark)) if by_mark else []
    return {by_mark[bytes(mark)]: erasure for mark, erasure in rows}


def _without(
    items: Sequence[Any], names: Sequence[Sequence[Name]], erasures: dict[Name, UUID], *, at: datetime | None
) -> Sequence[Any]:
    if not erasures:
        return items
    dropped: Counter[UUID] = Counter()
    kept = []
    for item, named in zip(items, names, strict=True):
        erasure = next((erasures[name] for name in named if name in erasures), None)
        if erasure is None:
            kept.append(item)
        else:
            dropped[erasure] += 1
    for erasure, number in dropped.items():
        execute(_COUNT, erasure=erasure, number=number, at=at)
    return kept
