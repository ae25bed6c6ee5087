"""What a source may send in a day or month, and how much of it is used. Days and months are the company's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q, Sum

from tenants.context import current_tenant_id
from tenants.models import Source, SourceUsage
from tenants.models.credentials import QuotaPeriod
from tenants.queries import get_tenant

WARN_FROM_PERCENT = 80
SHOWN_DAYS = 30


@dataclass(frozen=True)
class Usage:
    """Events of the running day or month, and the quota they are held against (None: no quota)."""

    events: int
    quota: int | None
    period: str
    starts: date
    ends: date  # exclusive: the day on which counting begins anew

    @property
    def percent(self) -> int:
        """Of the quota, rounded down: 100 only when it is used up."""
        return self.events * 100 // self.quota if self.quota else 0

    @property
    def is_used_up(self) -> bool:
        return self.quota is not None and self.events >= self.quota

    @property
    def is_nearly_used_up(self) -> bool:
        return self.quota is not None and self.percent >= WARN_FROM_PERCENT


def bounds(period: str, today: date) -> tuple[date, date]:
    """First day of the day or month that `today` is in, and the first day of the next one."""
    if period == QuotaPeriod.DAY:
        return today, today + timedelta(days=1)
    first = today.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1)


def usage_of(source_id: UUID, *, quota: int | None, period: str, now: datetime) -> Usage:
    """How much of its quota a source of the current tenant has used. 2 queries."""
    starts, ends = bounds(period, _today(now))
    rows = SourceUsage.objects.filter(source_id=source_id, day__gte=starts)
    return Usage(rows.aggregate(total=Sum("events"))["total"] or 0, quota, period, starts, ends)


def events_by_day(source_id: UUID, *, now: datetime) -> list[int]:
    """Events of each of the last 30 days, today last. 2 queries."""
    today = _today(now)
    days = [today - timedelta(days=ago) for ago in reversed(range(SHOWN_DAYS))]
    rows = SourceUsage.objects.filter(source_id=source_id, day__gte=days[0])
    known = dict(rows.values_list("day", "events"))
    return [known.get(day, 0) for day in days]


def nearly_used_up(*, now: datetime) -> Sequence[tuple[Source, Usage]]:
    """Enabled sources that have used four fifths of their quota or more. At most 3 queries."""
    limited = list(Source.objects.filter(is_enabled=True, quota_events__isnull=False).order_by("name"))
    if not limited:
        return []
    today = _today(now)
    month, _next = bounds(QuotaPeriod.MONTH, today)
    rows = SourceUsage.objects.filter(source__in=limited, day__gte=month).values("source_id")
    sums: dict[UUID, dict[str, Any]] = {
        row["source_id"]: row
        for row in rows.annotate(month=Sum("events"), day=Sum("events", filter=Q(day=today), default=0))
    }
    found = []
    for source in limited:
        starts, ends = bounds(source.quota_period, today)
        used = sums.get(source.pk, {}).get(source.quota_period, 0)
        usage = Usage(used, source.quota_events, source.quota_period, starts, ends)
        if usage.is_nearly_used_up:
            found.append((source, usage))
    return found


def _today(now: datetime) -> date:
    zone: ZoneInfo = get_tenant(current_tenant_id()).zone
    return now.astimezone(zone).date()
