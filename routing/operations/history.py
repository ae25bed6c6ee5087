"""The lead's own timeline."""

from datetime import datetime
from typing import Any
from uuid import UUID

from routing.models import Lead, LeadEvent


def note(lead: Lead, kind: str, *, now: datetime, actor_id: UUID | None = None, **detail: Any) -> None:
    """Add a line. `detail` is JSON-able."""
    LeadEvent.objects.create(lead=lead, at=now, kind=kind, actor_id=actor_id, detail=detail)
