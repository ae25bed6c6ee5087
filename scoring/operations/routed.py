"""What routing tells us."""

from datetime import datetime

from scoring.models import Qualification


def mark_routed(*, qualification: Qualification, held_out: bool, now: datetime) -> bool:
    """Routing has taken this one up, or keeps it from everybody. False when it had been already. Call it in routing's
    transaction."""
    rows = Qualification.objects.filter(pk=qualification.pk, routed_at__isnull=True)
    return bool(rows.update(routed_at=now, is_held_out=held_out))


def mark_released(*, qualification: Qualification) -> None:
    """Routing lets this one go after all: it may be shown and worked. Call it in routing's transaction."""
    Qualification.objects.filter(pk=qualification.pk).update(is_held_out=False)
