"""Celery's side of the ticks: translate in, one call."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from pqlhub import pulse as heartbeat
from pqlhub import upkeep as housekeeping
from pqlhub.jobs import noted


@shared_task
def pulse(**kwargs: Any) -> None:
    """Fold, score, route and deliver what is due. Ends before the next minute so that no beat waits long for hands."""
    with noted("pulse", timezone.now):
        heartbeat.run_until_idle(heartbeat.PULSE, clock=timezone.now, budget_seconds=20)


@shared_task
def long_work(**kwargs: Any) -> None:
    """Slices of long jobs."""
    with noted("long work", timezone.now):
        heartbeat.run_until_idle(heartbeat.LONG, clock=timezone.now, budget_seconds=20)


@shared_task
def upkeep(**kwargs: Any) -> None:
    """What nobody waits for."""
    with noted("upkeep", timezone.now):
        housekeeping.run(now=timezone.now())
