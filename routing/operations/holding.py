"""Leads on hold, asked about again once somebody has said where they go."""

from datetime import datetime

from django.db import transaction

from routing.models import Lead, LeadEvent, RoutingTable
from routing.operations.announcing import announce_assigned
from routing.operations.failures import CannotRoute
from routing.operations.intake import send_on
from routing.operations.placing import lock_pools, place
from routing.queries.cases import case_of
from routing.queries.tables import held_leads
from tenants import audit
from tenants.audit import Actor

MOST_AT_ONCE = 500


@transaction.atomic
def place_held(*, table: RoutingTable, by: Actor, now: datetime) -> int:
    """Ask the routing tables again about the leads on hold here, the oldest first, at most MOST_AT_ONCE. Returns how
    many went on; where the table still says hold, or leads to what is gone, they stay."""
    lock_pools()
    rows = held_leads(table).select_related(
        "qualification__definition__business_unit", "qualification__definition__motion"
    )
    rows = rows.select_for_update(skip_locked=True, of=("self",)).order_by("created_at")
    placed = sum(_place(lead, now) for lead in rows[:MOST_AT_ONCE])
    audit.record(by=by, verb="routing_table.held_leads_placed", target=table, fields=["leads"], now=now)
    return placed


def _place(lead: Lead, now: datetime) -> bool:
    case = case_of(lead.qualification, now=now)
    try:
        placement = place(case, now=now)
    except CannotRoute:
        return False
    if placement.state == Lead.State.HOLD:
        return False
    send_on(lead, case, placement, kind=LeadEvent.Kind.ROUTED, now=now)
    if lead.rep:  # who was told of the lead on hold was told of nobody
        announce_assigned(lead, case, now=now)
    return True
