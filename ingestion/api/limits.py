"""What a source lets in: websites it is sent to from, events a second, events a day or month; and what its keys may.

And when nothing is let in: while a tenant's inbox is full."""

import math
import random
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from rest_framework.request import Request

from ingestion.api.answers import IngestError
from ingestion.queries.backlog import waiting_requests
from ingestion.rules.types import Rejection
from tenants.context import tenant_context
from tenants.models import WriteKey
from tenants.models.credentials import QuotaPeriod
from tenants.queries import KeyOwner
from tenants.quotas import Usage, usage_of

BURST_SECONDS = 10  # worth of events that may come at once
LONGEST_WAIT = 300  # seconds: SDKs cap what they are told to wait
REMEMBERED_KEYS = 10_000
REMEMBERED_SECONDS = 15.0
BACKLOG_SECONDS = 10.0
OVERLOAD_SECONDS = (15, 60)
SCOPES = dict.fromkeys(("identify", "group", "alias"), WriteKey.Scope.PROFILES)


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


class OverQuota(IngestError):
    """The source's quota refuses and is used up. SDKs ask again every few minutes, until they give up."""

    retry_after = LONGEST_WAIT

    def __init__(self, usage: Usage) -> None:
        period = "today" if usage.period == QuotaPeriod.DAY else "this month"
        super().__init__(
            429,
            "quota_exceeded",
            f"This source has used {usage.events:,} of its {usage.quota:,} events {period}. It takes events again on"
            f" {usage.ends}, or when its quota is raised under Settings › Sources and keys.",
        )


class Overloaded(IngestError):
    """The inbox is full. 503, because no SDK drops events for it, and spread, so that they do not come back at once."""

    def __init__(self) -> None:
        super().__init__(
            503,
            "overloaded",
            "More events wait to be read than this installation keeps waiting. Nothing of this request is stored:"
            " send it again shortly.",
        )
        self.retry_after = random.randint(*OVERLOAD_SECONDS)


class Backlogs:
    """Whether inboxes are full, remembered per process for a short while: a full disk would lose more than a wait."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: dict[int, tuple[float, bool]] = {}

    def check(self, tenant_id: int) -> None:
        """Raises Overloaded. A look-up for each tenant and 10 seconds."""
        until, is_full = self._known.get(tenant_id, (0.0, False))
        if until < self._clock():
            most = settings.INBOX_MOST_REQUESTS
            with tenant_context(tenant_id):
                is_full = waiting_requests(most=most) >= most
            self._known[tenant_id] = (self._clock() + BACKLOG_SECONDS, is_full)
        if is_full:
            raise Overloaded

    def clear(self) -> None:
        self._known.clear()


class Quotas:
    """How much sources have used, remembered per process for a short while."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: dict[Any, tuple[float, KeyOwner, Usage]] = {}

    def check(self, owner: KeyOwner, now: datetime) -> None:
        """Raises OverQuota. A look-up for each source and 15 seconds."""
        until, known, usage = self._known.get(owner.source_id, (0.0, None, None))
        if usage is None or until < self._clock() or known != owner:
            with tenant_context(owner.tenant_id):
                usage = usage_of(
                    owner.source_id, quota=owner.quota_events, period=owner.quota_period, now=now
                )
            self._known[owner.source_id] = (self._clock() + REMEMBERED_SECONDS, owner, usage)
            if len(self._known) > REMEMBERED_KEYS:
                self._known.pop(next(iter(self._known)))
        if usage.is_used_up:
            raise OverQuota(usage)

    def clear(self) -> None:
        self._known.clear()


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
quotas = Quotas()
backlogs = Backlogs()


def check_limits(request: Request, owner: KeyOwner, events: int, now: datetime) -> None:
    """Raises IngestError 403 for a website that is not on the source's list, 429 above its rate or quota, and 503 while
    the inbox is full."""
    origin = request.META.get("HTTP_ORIGIN", "").lower()
    if owner.allowed_origins and origin and origin not in owner.allowed_origins:
        raise IngestError(
            403,
            "origin_not_allowed",
            f"This key does not take events from {origin[:200]}. Add the website under Settings › Sources and keys.",
        )
    if owner.events_per_second is not None:
        buckets.take(owner.key_id, owner.events_per_second, events)
    if owner.quota_events is not None:
        quotas.check(owner, now)
    backlogs.check(owner.tenant_id)


def missing_scope(owner: KeyOwner, call: str) -> Rejection | None:
    """Why this key may not send an event of this type, if it may not. It waits in quarantine: another key's owner can
    look at it and replay it."""
    scope = SCOPES.get(call, WriteKey.Scope.EVENTS)
    if scope in owner.scopes:
        return None
    return Rejection(
        "not_in_scope",
        f"The key that sent this may not send {call} calls: it lacks {scope}. Send them with another key, or replay"
        " this event if it is right.",
    )
