"""Counts what is stored, by month of receipt and source."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date
from uuid import UUID

from ingestion.operations.arrivals import Arrival
from ingestion.queries.sql import by_column, execute

_COUNT = """
INSERT INTO ingestion_eventmonth (tenant_id, source_id, month, events)
SELECT %(tenant_id)s, r.source, r.month, r.events
FROM unnest(%(source)b::uuid[], %(month)b::date[], %(events)b::bigint[]) AS r(source, month, events)
ON CONFLICT (tenant_id, month, source_id) DO UPDATE SET events = ingestion_eventmonth.events + EXCLUDED.events
"""


def count_received(arrivals: Sequence[Arrival]) -> None:
    """Add these to the counts, in the transaction that stores them. One statement."""
    requests = {id(arrival.request): arrival.request for arrival in arrivals}
    events_of = Counter(
        id(arrival.request) for arrival in arrivals
    )  # a moment is cut to its month once a request
    months: Counter[tuple[UUID, date]] = Counter()
    for key, request in requests.items():
        day = request.received_at.astimezone(UTC).date()
        months[request.source_id, day.replace(day=1)] += events_of[key]
    execute(_COUNT, **by_column("source month events", ((*key, events) for key, events in months.items())))
