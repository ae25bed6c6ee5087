"""Beat's fixed ticks. Beat is a metronome: what is due lives in tenants.work; a lost or doubled tick changes nothing.

The rows of django-celery-beat are seeded from here by every `migrate`; a platform operator may
switch a tick off, but its interval is code."""

import json
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django_celery_beat.models import IntervalSchedule, PeriodicTask


@dataclass(frozen=True)
class Tick:
    """A task run every `every`; dropped from the queue when nobody took it within that time."""

    name: str
    task: str
    every: timedelta
    queue: str
    purpose: str | Promise


TICKS = [
    Tick(
        "pulse",
        "pqlhub.tasks.pulse",
        timedelta(seconds=1),
        "pulse",
        _("Folds events, scores, routes and delivers whatever is due."),
    ),
    Tick(
        "long work",
        "pqlhub.tasks.long_work",
        timedelta(seconds=5),
        "long",
        _(
            "Imports, back-fills of actions, replays, new time zones, mails about destinations, and old scores and"
            " history, in slices."
        ),
    ),
    Tick(
        "upkeep",
        "pqlhub.tasks.upkeep",
        timedelta(minutes=10),
        "long",
        _(
            "Makes next months' partitions and drops those nobody keeps; deletes uploaded files, sessions and traces of"
            " log-ins that are too old."
        ),
    ),
]


@transaction.atomic
def seed_schedule() -> None:
    """Write the ticks into beat's tables; what an operator switched off stays off. Removes ticks no longer in code."""
    for tick in TICKS:
        seconds = int(tick.every.total_seconds())
        interval, _made = IntervalSchedule.objects.get_or_create(
            every=seconds, period=IntervalSchedule.SECONDS
        )
        PeriodicTask.objects.update_or_create(
            name=tick.name,
            defaults={
                "task": tick.task,
                "interval": interval,
                "queue": tick.queue,
                "expire_seconds": max(seconds, 2),
                "description": str(tick.purpose),
                "args": json.dumps([]),
            },
        )
    PeriodicTask.objects.exclude(name__in=[tick.name for tick in TICKS]).delete()
