"""What waits in the quarantine, by reason, source and event, and what came of sending groups again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Max

from ingestion.models import QuarantinedEvent, QuarantineReplay
from tenants.models import Source

SHOWN_GROUPS, SHOWN_RUNS = 20, 5
ALL_GROUPS = 1_000


@dataclass(frozen=True)
class WaitingGroup:
    """Events that wait for the same reason. `source` is empty where the source is unknown."""

    source_id: UUID
    source: str
    code: str
    event_name: str
    number: int
    newest: datetime
    is_running: bool


@dataclass(frozen=True)
class ReplayResult:
    """How far a replay is. `why_back`: events rejected again by what reads the inbox, so far, by reason; the most
    frequent first."""

    run: QuarantineReplay
    source: str
    why_back: Sequence[tuple[str, int]]

    @property
    def came_back(self) -> int:
        return sum(number for _code, number in self.why_back)

    @property
    def looked_at(self) -> int:
        return int(self.run.sent + self.run.refused)


def waiting_groups(limit: int = SHOWN_GROUPS) -> list[WaitingGroup]:
    """The largest groups of events that wait. 3 queries."""
    found = (
        QuarantinedEvent.objects.filter(replayed_at=None)
        .values("source_id", "code", "event_name")
        .annotate(number=Count("pk"), newest=Max("received_at"))
        .order_by("-number", "code", "event_name", "source_id")[:limit]
    )
    names = _names()
    running = {
        (run.source_id, run.code, run.event_name) for run in QuarantineReplay.objects.filter(finished_at=None)
    }
    return [
        WaitingGroup(
            **row,
            source=names.get(row["source_id"], ""),
            is_running=(row["source_id"], row["code"], row["event_name"]) in running,
        )
        for row in found
    ]


def replay_results() -> list[ReplayResult]:
    """The newest replays. 3 queries."""
    runs: Sequence[QuarantineReplay] = list(QuarantineReplay.objects.order_by("-asked_at")[:SHOWN_RUNS])
    if not runs:
        return []
    names = _names()
    back = QuarantinedEvent.objects.filter(
        received_at__gte=runs[-1].asked_at, client__replay__in=[str(run.pk) for run in runs]
    )
    why: dict[str, list[tuple[str, int]]] = {}
    rows = back.values_list("client__replay", "code").annotate(number=Count("pk")).order_by("-number", "code")
    for run_id, code, number in rows:
        why.setdefault(run_id, []).append((code, number))
    return [ReplayResult(run, names.get(run.source_id, ""), why.get(str(run.pk), [])) for run in runs]


def _names() -> dict[Any, str]:
    return dict(Source.objects.values_list("pk", "name"))
