"""Real events sent as a product would send them: over HTTP, in any order, in batches of any size."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

from django.utils import timezone

from bench.load import post_all
from pqlhub import pulse
from tests.live import live_web

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


def cut(events: Sequence[Any], rng: Random) -> Iterator[Sequence[Any]]:
    """Batches of random sizes."""
    start = 0
    while start < len(events):
        size = rng.randint(1, 400)
        yield events[start : start + size]
        start += size


def send_all(events: Sequence[Any], rng: Random, secret: str, log_folder: Path) -> float:
    """Post every event to a live server over several connections at once. Returns seconds. Raises RuntimeError at an
    answer but 200."""
    bodies = [json.dumps({"batch": batch}).encode() for batch in cut(events, rng)]
    with live_web(log_folder, workers=2) as web:
        return post_all(web.port, "/v1/batch", bodies, secret)


def fold_all() -> None:
    """Fold every tenant's inbox."""
    pulse.run_until_idle(pulse.PULSE, clock=timezone.now, budget_seconds=900, kinds=["fold"])
