"""Lives through the company's history day by day with the product's own operations, at the clock of each day.

Nothing is back-dated afterwards: events are accepted, folded, scored, assigned and routed as of the day they happened,
so reports, score histories, leads and the holdout are what a company that used PQL Hub all along would see.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from ingestion import operations as ingestion
from pqlhub.northwind.sales import SalesTeam
from pqlhub.simulator import History
from routing import operations as routing
from scoring import operations as scoring
from tenants.context import tenant_context
from tenants.queries import KeyOwner

BATCH = 500


@dataclass(frozen=True)
class Day:
    """What arrives from `morning` on, before `evening`."""

    morning: datetime
    evening: datetime
    messages: list[dict[str, Any]]


def live_through(day: Day, *, tenant_id: int, source_id: UUID, team: SalesTeam) -> int:
    """One day, up to the evening on which the team looks at its leads. Days come in order, each once, and nobody else
    may do the tenant's work meanwhile. Returns how many messages there were."""
    owner = KeyOwner(tenant_id, source_id, source_id, "server")
    with tenant_context(tenant_id):
        called = team.conversions_of(day.morning, day.evening)
        todays = [message for message in [*day.messages, *called] if team.lets_happen(message)]
        for first in range(0, len(todays), BATCH):
            ingestion.accept_batch(
                owner=owner,
                items=todays[first : first + BATCH],
                envelope={},
                client={},
                received_at=day.evening - timedelta(seconds=1),
            )
        for work in (ingestion.fold_inbox, scoring.score_due, routing.route_new):
            _until_done(work, day.evening)
    return len(todays)


def _until_done(work: Callable[..., Any], now: datetime) -> None:
    while work(now=now).more:
        pass


def ensure_partitions(start: datetime, end: datetime) -> None:
    """Partitions for events received from `start` on."""
    months = (end.year - start.year) * 12 + end.month - start.month + 4
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT ensure_event_partitions(%s::date, %s)", [start.date(), months])


def days_of(history: History) -> Iterator[Day]:
    """In order, cut at midnight UTC. A late message arrives between younger ones."""
    morning: datetime = history.truth.start
    evening, arrived = _midnight_after(morning), list[dict[str, Any]]()
    for message in history.messages():
        moment = datetime.fromisoformat(message["timestamp"]).astimezone(UTC)
        while moment >= evening:
            yield Day(morning, evening, arrived)
            morning, evening, arrived = evening, evening + timedelta(days=1), []
        arrived.append(message)
    yield Day(morning, min(evening, history.truth.end), arrived)


def _midnight_after(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
