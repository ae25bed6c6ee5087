"""What the jobs page shows and does. Names of jobs and tenant ids only, never a tenant's data."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.http import Http404
from django.utils.text import slugify
from django_celery_beat.models import PeriodicTask

from pqlhub.celery import app
from pqlhub.models import JobStatus
from pqlhub.pulse import LONG, PULSE
from pqlhub.schedule import TICKS, Tick
from tenants import audit
from tenants.audit import Actor
from tenants.models import Work

LATE_AFTER = 5  # intervals without a run before a tick is called late


@dataclass(frozen=True)
class TickRow:
    """One tick as the page shows it. `lag`: time since its last end; None when it has never run."""

    slug: str
    name: str
    purpose: str
    every: timedelta
    is_on: bool
    status: JobStatus | None
    lag: timedelta | None
    is_late: bool


@dataclass(frozen=True)
class StageRow:
    """One stage of the pulse: how much is due for it, and since when."""

    name: str
    status: JobStatus | None
    due: int
    leased: int
    oldest_due: timedelta | None


def ticks(*, now: datetime) -> list[TickRow]:
    """The ticks in the order of the schedule. Three queries whatever their number."""
    statuses = {status.name: status for status in JobStatus.objects.all()}
    tasks = {task.name: task for task in PeriodicTask.objects.all()}
    return [_tick_row(tick, statuses.get(tick.name), tasks.get(tick.name), now) for tick in TICKS]


def _tick_row(tick: Tick, status: JobStatus | None, task: PeriodicTask | None, now: datetime) -> TickRow:
    last = status.last_finished_at if status else None
    lag = now - last if last else None
    is_on = task is not None and task.enabled
    waited = now - (last or (task.date_changed if task else now))  # never run: since it was scheduled
    is_late = is_on and waited > max(tick.every * LATE_AFTER, timedelta(seconds=30))
    return TickRow(slugify(tick.name), tick.name, str(tick.purpose), tick.every, is_on, status, lag, is_late)


def stages(*, now: datetime) -> list[StageRow]:
    """The stages of the pulse and of long work, with what is due over all tenants."""
    statuses = {status.name: status for status in JobStatus.objects.all()}
    rows = list(Work.objects.values_list("kind", "next_at", "lease_until"))
    return [_stage_row(name, statuses.get(name), rows, now) for name in [*PULSE, *LONG]]


def _stage_row(name: str, status: JobStatus | None, rows: list[Any], now: datetime) -> StageRow:
    due = [next_at for kind, next_at, _lease in rows if kind == name and next_at <= now]
    leased = [lease for kind, _next, lease in rows if kind == name and lease and lease > now]
    return StageRow(name, status, len(due), len(leased), now - min(due) if due else None)


def run_now(*, slug: str, by: Actor, now: datetime) -> str:
    """Send one tick's task to its queue. Raises Http404 for a name that is no tick."""
    tick = _tick(slug)
    app.send_task(tick.task, queue=tick.queue, expires=60)
    audit.record_platform(by=by, verb="job.run_now", target=tick.name, now=now)
    return tick.name


@transaction.atomic
def switch(*, slug: str, by: Actor, now: datetime) -> tuple[str, bool]:
    """Turn a tick off or on again. Returns its name and whether it is on."""
    tick = _tick(slug)
    task = PeriodicTask.objects.select_for_update().get(name=tick.name)
    task.enabled = not task.enabled
    task.save()
    audit.record_platform(by=by, verb="job.on" if task.enabled else "job.off", target=tick.name, now=now)
    return tick.name, task.enabled


def _tick(slug: str) -> Tick:
    for tick in TICKS:
        if slugify(tick.name) == slug:
            return tick
    raise Http404
