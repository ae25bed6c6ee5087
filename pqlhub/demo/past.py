"""Lives through the company's history day by day with the product's own operations, at the clock of each day.

Nothing is back-dated afterwards: events are accepted, folded, scored, assigned and routed as of the day they happened,
so reports, score histories, leads and the holdout are what a company that used PQL Hub all along would see.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from ingestion import operations as ingestion
from pqlhub import pulse
from pqlhub.demo.company import Company
from pqlhub.demo.sales import SalesTeam
from pqlhub.simulator import History
from tenants.context import tenant_context
from tenants.queries import KeyOwner

BATCH = 500
Report = Callable[[datetime, int], None]


def live_through_history(*, company: Company, history: History, report: Report) -> SalesTeam:
    """Feed the history in slices of a day and let the company work. report(day, events so far) is called every day."""
    start, end = history.truth.start, history.truth.end
    ensure_partitions(start, end)
    team = SalesTeam(company, history.truth)
    owner = KeyOwner(company.tenant.pk, company.source_id, company.source_id, "server")
    seen = 0
    for day, messages in _days(history):
        evening = min(day + timedelta(days=1), end)
        todays = [*messages, *team.conversions_of(day, evening)]
        for first in range(0, len(todays), BATCH):
            batch = [message for message in todays[first : first + BATCH] if team.lets_happen(message)]
            with tenant_context(company.tenant.pk):
                ingestion.accept_batch(
                    owner=owner,
                    items=batch,
                    envelope={},
                    client={},
                    received_at=evening - timedelta(seconds=1),
                )
        clock = _stopped(evening)
        pulse.run_until_idle(pulse.PULSE, clock=clock, budget_seconds=120, kinds=["fold", "score", "route"])
        with tenant_context(company.tenant.pk):
            team.work(now=evening)
        seen += len(todays)
        report(day, seen)
    return team


def ensure_partitions(start: datetime, end: datetime) -> None:
    """Partitions for events received from `start` on."""
    months = (end.year - start.year) * 12 + end.month - start.month + 4
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT ensure_event_partitions(%s::date, %s)", [start.date(), months])


def _days(history: History) -> Iterator[tuple[datetime, list[dict[str, Any]]]]:
    """(midnight UTC, messages that arrived that day). A late message arrives between younger ones."""
    today: datetime = history.truth.start
    arrived: list[dict[str, Any]] = []
    for message in history.messages():
        moment = datetime.fromisoformat(message["timestamp"]).astimezone(UTC)
        if moment >= today + timedelta(days=1):
            yield today, arrived
            today, arrived = moment.replace(hour=0, minute=0, second=0, microsecond=0), []
        arrived.append(message)
    yield today, arrived


def _stopped(moment: datetime) -> Callable[[], datetime]:
    return lambda: moment
