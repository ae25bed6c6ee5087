"""What a source lets in: websites it is sent to from, and events a second. Set on the source's page."""

import math
import time
from collections.abc import Callable
from typing import Any

from rest_framework.request import Request

from ingestion.api.answers import IngestError
from tenants.queries import KeyOwner

BURST_SECONDS = 10  # worth of events that may come at once
LONGEST_WAIT = 300  # seconds: SDKs cap what they are told to wait
REMEMBERED_KEYS = 10_000


class TooMany(IngestError):
    """Over the key's rate. `retry_after` in whole seconds: SDKs do not parse a date."""

    def __init__(self, limit: int, retry_after: int) -> None:
        super().__init__(
            429,
            "rate_limited",
            f"This key may send {limit} events a second. Send again in {retry_after} s, or have the limit raised"
            " under Settings › Sources and keys.",
        )
        self.retry_after = retry_after


class Buckets:
    """A token bucket for each key in this process. A batch is taken whole while anything is left, and the debt is
    waited for: a batch larger than the bucket would otherwise never get in."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._left: dict[Any, tuple[float, float]] = {}  # key: (events left, when)

    def take(self, key_id: Any, limit: int, events: int) -> None:
        """Raises TooMany."""
        now, full = self._clock(), float(limit * BURST_SECONDS)
        left, when = self._left.pop(key_id, (full, now))
        left = min(full, left + (now - when) * limit)
        refused = left <= 0
        self._left[key_id] = (left if refused else left - events, now)
        if len(self._left) > REMEMBERED_KEYS:
            self._left.pop(next(iter(self._left)))
        if refused:
            raise TooMany(limit, min(LONGEST_WAIT, math.floor(-left / limit) + 1))

    def clear(self) -> None:
        self._left.clear()


buckets = Buckets()


def check_limits(request: Request, owner: KeyOwner, events: int) -> None:
    """Raises IngestError 403 for a website that is not on the source's list, and 429 above its rate."""
    origin = request.META.get("HTTP_ORIGIN", "").lower()
    if owner.allowed_origins and origin and origin not in owner.allowed_origins:
        raise IngestError(
            403,
            "origin_not_allowed",
            f"This key does not take events from {origin[:200]}. Add the website under Settings › Sources and keys.",
        )
    if owner.events_per_second is not None:
        buckets.take(owner.key_id, owner.events_per_second, events)
