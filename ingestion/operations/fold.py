"""Empties the inbox into history: claim, read, clean, store, delete, in the caller's one transaction.

A crash before the commit leaves the inbox as it was; after it nothing is left to fold. What cannot be read or stored
goes to the quarantine with its reason.
"""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from ingestion.operations.arrivals import Arrival, Request
from ingestion.operations.governance import standing_out
from ingestion.operations.history import add_to_history
from ingestion.operations.marks import exclusion_rules
from ingestion.operations.memory import collector_paused
from ingestion.operations.quarantine import quarantine_all
from ingestion.queries.sql import execute, fetch, fetch_binary
from ingestion.rules.exclusion import Rules, of_event
from ingestion.rules.json_text import JsonError, parse_json
from ingestion.rules.types import Rejection
from ingestion.rules.wire import normalise, without_blocked_group
from tenants.models import Source
from tenants.operations import add_usage

logger = logging.getLogger(__name__)

# While there is a backlog the same people come up slice after slice; scoring them once a second is enough.
BACKLOG_PAUSE = timedelta(seconds=1)
BYTES_PER_EVENT = 2_000  # what a slice allows on average, so that huge requests make slices of fewer events

_CLAIM = """
SELECT id, source_id, received_at, client, octet_length(payload) FROM ingestion_inbox
WHERE tenant_id = %(tenant_id)s AND id > %(after)s ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
"""
_PAYLOADS = """
SELECT id, payload FROM ingestion_inbox WHERE tenant_id = %(tenant_id)s AND id = ANY(%(ids)s::bigint[]) ORDER BY id
"""
_DELETE = "DELETE FROM ingestion_inbox WHERE tenant_id = %(tenant_id)s AND id = ANY(%(ids)s::bigint[])"


@dataclass(frozen=True)
class FoldResult:
    """What one call folded. `more`: the inbox holds more, call again in a new transaction."""

    events: int
    duplicates: int
    quarantined: int
    activity: int
    more: bool


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row of the inbox that is ours in this transaction."""

    id: int
    source_id: UUID
    received_at: datetime
    client: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Refused:
    """An item that does not become an event."""

    request: Request
    raw: Any
    reason: Rejection


def fold_inbox(*, now: datetime, limit_events: int = 5000) -> FoldResult:
    """Fold the oldest requests of the current tenant, about `limit_events` events of them, that nobody else folds."""
    claimed, more = _claim(limit_events)
    if not claimed:
        return FoldResult(0, 0, 0, 0, more=False)
    rules = exclusion_rules()
    with collector_paused():
        arrivals, refused, folded = _read(claimed, rules, limit_events)
        is_behind = more or len(folded) < len(claimed)
        added = add_to_history(arrivals, score_at=now + BACKLOG_PAUSE if is_behind else now)
    received = [
        (each.request.source_id, each.request.received_at) for part in (arrivals, refused) for each in part
    ]
    refused += [poisoned(arrival, words) for arrival, words in added.poisoned]
    refused += [Refused(each.request, standing_out(each), reason) for each, reason in added.held]
    keep_refused(refused)
    add_usage(Counter(received))
    execute(_DELETE, ids=folded)
    return FoldResult(added.events, added.duplicates, len(refused), added.activity, is_behind)


def _claim(limit_events: int) -> tuple[list[Claimed], bool]:
    """Lock the oldest requests for a slice, and whether there may be more. Few at first, then twice as many: a request
    holds one event or thousands."""
    claimed: list[Claimed] = []
    after, size, batch = 0, 0, 32
    while len(claimed) < limit_events:
        batch = min(batch, limit_events - len(claimed))
        rows = fetch(_CLAIM, after=after, limit=batch)
        for id, source_id, received_at, client, length in rows:
            size += length
            if claimed and size > limit_events * BYTES_PER_EVENT:
                return claimed, True
            claimed.append(Claimed(id, source_id, received_at, parse_json(client.encode())))
        if len(rows) < batch:
            return claimed, False
        after, batch = claimed[-1].id, batch * 2
    return claimed, True


def _read(
    claimed: list[Claimed], rules: Rules, limit_events: int
) -> tuple[list[Arrival], list[Refused], list[int]]:
    """The messages of the requests, what is refused, and the requests that were read before the slice was full."""
    kinds: dict[UUID, str] = dict(Source.objects.values_list("id", "kind"))
    payloads: dict[int, bytes] = dict(fetch_binary(_PAYLOADS, ids=[request.id for request in claimed]))
    arrivals: list[Arrival] = []
    refused: list[Refused] = []
    folded: list[int] = []
    for row in claimed:
        if len(arrivals) >= limit_events:
            break
        folded.append(row.id)
        for result in _messages(payloads[row.id], row, kinds.get(row.source_id, "server"), rules):
            if isinstance(result, Arrival):
                arrivals.append(result)
            else:
                refused.append(result)
    return arrivals, refused, folded


def _messages(payload: bytes, row: Claimed, source_kind: str, rules: Rules) -> Iterator[Arrival | Refused]:
    try:
        envelope = parse_json(payload)
        items = envelope.pop("batch")
        request = Request(row.source_id, source_kind, row.received_at, row.client, envelope)
    except (JsonError, AttributeError, KeyError, TypeError) as error:
        reason = Rejection("unreadable_request", f"The stored request is not a batch of events: {error!r}.")
        request = Request(row.source_id, source_kind, row.received_at, row.client, {})
        yield Refused(request, payload.decode("utf-8", "replace"), reason)
        return
    for item in items:
        yield to_arrival(item, request, rules)


def to_arrival(item: Any, request: Request, rules: Rules) -> Arrival | Refused:
    """One item of a request, cleaned, or why it is refused."""
    try:
        result = normalise(item, request.envelope, request.source_kind, request.received_at, request.client)
    except (
        Exception
    ):  # a fault of ours must not hold up the tenant's other events; it is logged and can be replayed
        logger.exception("normalise_failed")
        result = Rejection("not_understood", "PQL Hub could not read this event. Replay it after an upgrade.")
    if isinstance(result, Rejection):
        return Refused(request, item, result)
    if rules.blocked_groups and isinstance(
        result := without_blocked_group(result, rules.blocked_groups), Rejection
    ):
        return Refused(request, item, result)
    exclusion = of_event(result.context, source_kind=request.source_kind, client=request.client, rules=rules)
    return Arrival(request, result, exclusion, item)


def poisoned(arrival: Arrival, words: str) -> Refused:
    """A message that the database cannot take, with its words."""
    reason = Rejection("not_storable", f"The database cannot store this event: {words}")
    return Refused(arrival.request, arrival.raw, reason)


def keep_refused(refused: Iterable[Refused]) -> None:
    """Put what was refused into the quarantine, a request at a time."""
    by_request: dict[int, list[Refused]] = {}
    for each in refused:
        by_request.setdefault(id(each.request), []).append(each)
    for group in by_request.values():
        request = group[0].request
        quarantine_all(
            source_id=request.source_id,
            rejected=[(each.raw, each.reason) for each in group],
            received_at=request.received_at,
            client=request.client,
            envelope=request.envelope,
        )
