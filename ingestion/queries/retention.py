"""How long history is kept, for the current tenant and for all of them."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from django.conf import settings

from ingestion.rules.retention import kept_from, shorter
from tenants.models import Tenant


@dataclass(frozen=True)
class Retention:
    """The first days that are kept; None: all is kept."""

    events: date | None
    activity: date | None


def retention_of(tenant: Tenant, *, now: datetime) -> Retention:
    """What this tenant keeps at a moment. No query."""
    return Retention(
        events=kept_from(now, shorter(tenant.event_months, settings.EVENT_KEEP_MONTHS)),
        activity=kept_from(now, tenant.activity_months),
    )


def is_due(tenant: Tenant, *, now: datetime) -> bool:
    """Whether history of this tenant has to go that is not gone or going yet. No query."""
    keeps = retention_of(tenant, now=now)
    return _is_later(keeps.events, tenant.events_kept_since) or _is_later(
        keeps.activity, tenant.activity_kept_since
    )


def dropped_before(*, now: datetime) -> date | None:
    """Months before this day go as whole partitions, since no tenant keeps them; None when some tenant keeps all.
    1 query."""
    days = [retention_of(tenant, now=now).events for tenant in living_tenants()]
    return None if None in days else min(filter(None, days), default=None)


def longest_kept() -> int | None:
    """Whole months of raw events that the platform keeps for whoever keeps most; None when some tenant keeps all.
    1 query."""
    kept = [shorter(tenant.event_months, settings.EVENT_KEEP_MONTHS) for tenant in living_tenants()]
    return None if None in kept else max(filter(None, kept), default=None)


def living_tenants() -> list[Tenant]:
    """All but those that are being deleted: their rows go by another way. 1 query."""
    return list(Tenant.objects.exclude(status=Tenant.Status.DELETING).order_by("pk"))


def at_midnight(day: date) -> datetime:
    """When a day of UTC begins."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _is_later(day: date | None, than: date | None) -> bool:
    return day is not None and (than is None or than < day)
