"""Leads that found everybody full or away get a rep as soon as one has room."""

import logging
from datetime import datetime
from typing import cast

from django.db import transaction

from routing.models import Lead, LeadEvent, Pool
from routing.operations.announcing import announce_assigned
from routing.operations.history import note
from routing.operations.placing import Placement, draw_from_pool
from routing.queries.cases import case_of, subject_of

log = logging.getLogger(__name__)


@transaction.atomic
def drain_waiting(*, now: datetime, limit: int = 200) -> int:
    """Give waiting leads to reps with room, the highest score times age first. Returns how many found one."""
    waiting = Lead.objects.filter(state=Lead.State.WAITING)
    pools = Pool.objects.filter(pk__in=waiting.values("pool_id")).order_by("pk")
    return sum(_drain(pool, now, limit) for pool in pools)


def _drain(pool: Pool, now: datetime, limit: int) -> int:
    """One that fails is left waiting, where people see it; the others go on."""
    given = 0
    for key in _most_urgent(pool, now, limit):
        try:
            outcome = _give(key, pool, now)
        except Exception:
            log.exception("A waiting lead could not be given to a rep", extra={"lead": str(key)})
            continue
        if outcome is None:
            break
        given += outcome
    return given


@transaction.atomic
def _give(key: object, pool: Pool, now: datetime) -> bool | None:
    """True when it found a rep, False when another worker has it, None when nobody has room."""
    lead = (
        Lead.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(pk=key, state=Lead.State.WAITING)
        .select_related("qualification__definition__business_unit", "qualification__definition__motion")
        .first()
    )
    if lead is None:
        return False
    why = subject_of(lead.subject_kind, lead.subject_id).no_contact
    if why:
        lead.state, lead.pool = Lead.State.HOLD, None
        lead.trace = [*lead.trace, {"step": "do_not_contact", "because": why}]
        lead.save(update_fields=["state", "pool", "trace"])
        return False
    placement = Placement(Lead.State.WAITING)
    draw_from_pool(placement, pool, now=now)
    if placement.rep is None:
        return None
    _hand_over(lead, placement, now)
    return True


def _most_urgent(pool: Pool, now: datetime, limit: int) -> list[object]:
    rows = Lead.objects.filter(pool=pool, state=Lead.State.WAITING).values_list("pk", "points", "created_at")
    ranked = sorted(rows, key=lambda row: (-max(row[1], 1) * (now - row[2]).total_seconds(), row[2], row[0]))
    return [row[0] for row in ranked[:limit]]


def _hand_over(lead: Lead, placement: Placement, now: datetime) -> None:
    lead.state, lead.rep, lead.respond_by = placement.state, placement.rep, placement.respond_by
    lead.assigned_at, lead.trace = now, [*cast("list[object]", lead.trace), *placement.trace]
    lead.save(update_fields=["state", "rep", "respond_by", "assigned_at", "trace"])
    note(lead, LeadEvent.Kind.ASSIGNED, now=now, rep=str(placement.rep and placement.rep.user))
    announce_assigned(lead, case_of(lead.qualification, now=now), now=now)
