"""Takes up new PQLs: experiments first, then the table, then the rep and the outbox, in one transaction for a lead."""

import logging
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import prefetch_related_objects
from uuid6 import uuid7

from experiments.operations import Assigned, assign
from routing.models import Lead, LeadEvent
from routing.operations.announcing import announce_created
from routing.operations.failures import forget_settled, note_failure
from routing.operations.following import follow_qualifications
from routing.operations.history import note
from routing.operations.placing import Placement, lock_pools, place
from routing.operations.waiting import drain_waiting
from routing.queries.cases import Case, case_of, earlier_units
from routing.queries.failures import next_try_at, tried_later
from scoring.models import Qualification
from scoring.operations.routed import mark_routed
from scoring.queries.versions import unrouted_qualifications

log = logging.getLogger(__name__)
Kind = LeadEvent.Kind


@dataclass(frozen=True)
class RouteResult:
    """What one call did. `routed` counts leads that went somewhere, waiting ones that found a rep included. more: there
    are PQLs left, call again. next_at: when a PQL that could not be routed is tried again."""

    routed: int
    held_out: int
    more: bool
    closed: int = 0
    failed: int = 0
    next_at: datetime | None = None


@transaction.atomic
def route_new(*, now: datetime, limit: int = 200) -> RouteResult:
    """Take up the unrouted PQLs of the current tenant, oldest first; give waiting leads to reps who have room again;
    follow what became of the PQLs of open leads.

    Each lead is one savepoint: one that cannot be routed is noted with its reason and left alone until its next try,
    so that the others go on.
    The PQLs' and pools' locks last until the caller's transaction ends.
    """
    closed = follow_qualifications(now=now)
    qualifications = unrouted_qualifications(limit, lock=True, but_not=tried_later(now=now))
    if qualifications:
        lock_pools()
    prefetch_related_objects(qualifications, "definition__business_unit", "definition__motion")
    routed = held_out = failed = 0
    for qualification in qualifications:
        try:
            lead = route_one(qualification, now=now)
        except Exception as error:
            log.exception("A PQL could not be routed", extra={"qualification": str(qualification.pk)})
            note_failure(qualification, error, now=now)
            failed += 1
            continue
        held_out += lead.state == Lead.State.HELD_OUT
        routed += lead.state != Lead.State.HELD_OUT
    drained = drain_waiting(now=now)
    forget_settled()
    more = len(qualifications) == limit
    return RouteResult(routed + drained, held_out, more, closed, failed, next_try_at(now=now))


@transaction.atomic
def route_one(qualification: Qualification, *, now: datetime) -> Lead:
    """Make the lead of one PQL. Nothing acts before its assignment is written; a held-out lead reaches nobody."""
    case = case_of(qualification, now=now)
    lead_id = uuid7()
    assigned: Assigned = assign(
        business_unit=case.business_unit,
        definition_id=case.definition.pk,
        unit_kind=case.subject.unit.kind,
        unit_id=case.subject.unit.id,
        earlier_units=earlier_units(case.subject),
        points=qualification.points,
        action_ref=str(lead_id),
        now=now,
    )
    lead = Lead(
        id=lead_id,
        qualification=qualification,
        business_unit=case.business_unit,
        subject_kind=case.subject.kind,
        subject_id=case.subject.id,
        subject_label=case.subject.label,
        account_label=case.subject.account_label,
        search=case.subject.label.lower(),
        account_search=case.subject.account_label.lower(),
        band=qualification.band,
        points=qualification.points,
        state=Lead.State.HELD_OUT,
        created_at=now,
    )
    if assigned.held_out:
        lead.save(force_insert=True)
        note(lead, Kind.HELD_OUT, now=now)
    else:
        send_on(lead, case, place(case, now=now), kind=Kind.CREATED, now=now)
    mark_routed(qualification=qualification, held_out=assigned.held_out, now=now)
    return lead


def send_on(lead: Lead, case: Case, placement: Placement, *, kind: str, now: datetime) -> None:
    """Store where a lead goes, note it and tell the outside."""
    lead.state, lead.rule_name, lead.trace = placement.state, placement.rule_name, placement.trace
    lead.rep, lead.pool, lead.respond_by = placement.rep, placement.pool, placement.respond_by
    lead.assigned_at = now if placement.rep else None
    lead.save()
    note(lead, kind, now=now)
    if lead.rep:
        note(lead, Kind.ASSIGNED, now=now, rep=str(lead.rep.user))
    elif lead.state == Lead.State.WAITING:
        note(lead, Kind.WAITING, now=now, pool=str(lead.pool))
    announce_created(lead, case, by_rule=placement.destination, now=now)
