"""What routing tells us."""

from datetime import datetime

from scoring.models import Qualification


def mark_routed(*, qualification: Qualification, now: datetime) -> bool:
    """Routing has taken this one up. False when it had been already. Call it in routing's transaction."""
    rows = Qualification.objects.filter(pk=qualification.pk, routed_at__isnull=True)
    return bool(rows.update(routed_at=now))
