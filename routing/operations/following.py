"""Open leads follow their PQLs: other bands, merges, and the end."""

from datetime import datetime
from typing import cast

from django.db import transaction
from django.db.models import F, Q

from routing.models import Lead, LeadEvent
from routing.operations.history import note
from scoring.models import Qualification

OPEN = Q(closed_at__isnull=True)
KINDS = {
    Qualification.State.LEFT: LeadEvent.Kind.LEFT,
    Qualification.State.CONVERTED: LeadEvent.Kind.CONVERTED,
    Qualification.State.MERGED: LeadEvent.Kind.MERGED,
}


@transaction.atomic
def follow_qualifications(*, now: datetime) -> int:
    """Close open leads whose PQL has ended. Returns how many.

    A lead a rep works on stays open: the rep says what came of it. A held-out lead keeps that state for good, closed
    or not, so that it never turns up in a list of closed leads.
    """
    _follow_moves(now)
    rows = (
        Lead.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(OPEN)
        .exclude(qualification__state=Qualification.State.OPEN)
        .exclude(events__kind__in=KINDS.values(), state=Lead.State.WORKING)
        .select_related("qualification")
    )
    closed = 0
    for lead in rows:
        note(lead, KINDS[lead.qualification.state], now=now)
        if lead.state == Lead.State.WORKING:
            continue
        lead.closed_at = now
        if lead.state != Lead.State.HELD_OUT:
            lead.state = Lead.State.CLOSED
        lead.save(update_fields=["state", "closed_at"])
        closed += 1
    return closed


def _follow_moves(now: datetime) -> None:
    """Bands change and persons merge while a lead is open."""
    moved = ~Q(band=F("qualification__band")) | ~Q(subject_id=F("qualification__subject_id"))
    rows = Lead.objects.select_for_update(skip_locked=True, of=("self",)).filter(
        moved, OPEN, qualification__state=Qualification.State.OPEN
    )
    for lead in rows.select_related("qualification"):
        qualification = cast(Qualification, lead.qualification)
        if lead.band != qualification.band:
            note(lead, LeadEvent.Kind.BAND, now=now, before=lead.band, after=qualification.band)
        lead.band, lead.points = qualification.band, qualification.points
        lead.subject_id = qualification.subject_id
        lead.save(update_fields=["band", "points", "subject_id"])
