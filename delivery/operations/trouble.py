"""Incidents of a destination: they begin when its breaker opens, a delivery is given up or it is stopped, and people
are told once. One ends when somebody resumes the destination or sends what was given up again, or when it delivers a
day after the last trouble: a receiver that comes and goes must not fill mailboxes."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from delivery.models import Destination
from tenants.context import current_tenant_id
from tenants.work import wake

QUIET = timedelta(days=1)
NO_TROUBLE: dict[str, Any] = {"trouble_since": None, "told_at": None}
CLOSED_BREAKER: dict[str, Any] = {"failures_in_a_row": 0, "open_again_at": None}


def note_trouble(destination: Destination, reason: str, *, now: datetime) -> None:
    """Begin an incident, or add to the one there is. Call it in the transaction of what happened."""
    if destination.trouble_since is None:
        destination.trouble_since, destination.told_at = now, None
        wake(tenant_id=current_tenant_id(), kind="notify", at=now)
    destination.trouble_last_at, destination.trouble_reason = now, reason[:300]
    destination.save(update_fields=["trouble_since", "told_at", "trouble_last_at", "trouble_reason"])


def note_success(destination_id: UUID, *, now: datetime) -> None:
    """It delivered: close its breaker, and end an incident that has been quiet for long enough."""
    rows = Destination.objects.filter(pk=destination_id)
    rows.exclude(failures_in_a_row=0).update(**CLOSED_BREAKER)
    rows.filter(trouble_since__isnull=False, trouble_last_at__lt=now - QUIET).update(**NO_TROUBLE)
