"""Where a PQL goes: the matching rule, then the rep whose turn it is. Changes pointers, writes no lead."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from django.utils.translation import gettext as _

from delivery.models import Destination
from routing.models import Lead, Pool, PoolMember, RoutingRule, RoutingTable, Target
from routing.operations.failures import CannotRoute
from routing.queries.cases import Case
from routing.queries.tables import (
    HELD_BY_REP,
    as_rules,
    can_take,
    members_of,
    rules_of,
    seats_of,
    table_for,
)
from routing.rules.rotation import next_turn
from routing.rules.table import decide
from tenants.models import Membership

REP_RESPONSE = timedelta(hours=24)
STATES: dict[str, str] = {
    Target.AUTOMATION: Lead.State.AUTOMATION,
    Target.NURTURE: Lead.State.NURTURE,
    Target.HOLD: Lead.State.HOLD,
}


@dataclass
class Placement:
    """Where a lead goes, and how that was found."""

    state: str
    rule_name: str = ""
    rep: Membership | None = None
    pool: Pool | None = None
    respond_by: datetime | None = None
    destination: Destination | None = None
    trace: list[dict[str, Any]] = field(default_factory=list)


def place(case: Case, *, now: datetime) -> Placement:
    """Ask the unit's table. A subject whose open lead has a rep stays with that rep; who must not be contacted stays on
    hold. Locks the pool it draws from, so call it in the transaction that stores the lead. Raises CannotRoute when the
    line leads to what is gone."""
    if case.subject.no_contact:
        return Placement(
            Lead.State.HOLD, trace=[{"step": "do_not_contact", "because": case.subject.no_contact}]
        )
    table = table_for(case.business_unit)
    if table is None:
        return Placement(Lead.State.HOLD, trace=[{"step": "no_table"}])
    rules = rules_of(table)
    decision = decide(as_rules(rules), case.facts)
    rule = next((row for row in rules if str(row.pk) == decision.key), None)
    _check_targets(table, rule)
    target, pool = (rule.target, rule.pool) if rule else (table.default_target, table.default_pool)
    placement = Placement(
        state=STATES.get(target, Lead.State.NEW),
        rule_name=rule.name if rule else "",
        destination=rule.destination if rule else None,
        trace=decision.trace,
    )
    if rule is None:
        placement.trace.append({"step": "otherwise", "target": target})
    if target in (Target.POOL, Target.REP):
        _give_to_rep(placement, case, rule, pool if target == Target.POOL else None, now)
    return placement


def _check_targets(table: RoutingTable, rule: RoutingRule | None) -> None:
    """The joins that read a table find nothing where a row is gone: without this the lead would quietly go nowhere."""
    line = rule or table
    targets = {"pool": _("pool"), "rep": _("rep"), "destination": _("destination")}
    named = targets if rule else {"default_pool": targets["pool"]}
    gone = [
        word for name, word in named.items() if getattr(line, f"{name}_id") and getattr(line, name) is None
    ]
    if gone:
        raise CannotRoute(
            _(
                "The line “%(line)s” in the routing table of %(unit)s sends to a %(target)s that is gone. Choose "
                "another there; saving the table tries this PQL again."
            )
            % {
                "line": rule.name if rule else _("otherwise"),
                "unit": table.business_unit,
                "target": gone[0],
            }
        )


def _give_to_rep(
    placement: Placement, case: Case, rule: RoutingRule | None, pool: Pool | None, now: datetime
) -> None:
    owned = _open_lead_with_rep(case)
    if owned is not None and owned.rep is not None and can_take(owned.rep):
        placement.rep, placement.pool = owned.rep, owned.pool
        placement.trace.append({"step": "owner", "rep": str(owned.rep.user), "lead": str(owned.pk)})
        placement.respond_by = now + response_time(owned.pool)
    elif pool is not None:
        draw_from_pool(placement, pool, now=now)
    elif rule is not None and rule.rep is not None and can_take(rule.rep):
        placement.rep = rule.rep
        placement.respond_by = now + REP_RESPONSE
    else:  # a line that names somebody who has left: a manager must see it, nobody else would
        placement.state = Lead.State.HOLD
        placement.trace.append({"step": "rep_left"})


def lock_pools() -> None:
    """All of them, always in the same order: a batch draws from several pools, and two batches must not wait for each
    other in a circle."""
    list(Pool.objects.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))


def draw_from_pool(placement: Placement, pool: Pool, *, now: datetime) -> None:
    """Give it to the member whose turn it is, or let it wait. Moves the pointers, under the pool's lock."""
    pool = cast(Pool, Pool.objects.select_for_update(no_key=True).get(pk=pool.pk))
    members = members_of(pool)
    seats = seats_of(pool, members)
    turn = next_turn(seats)
    for member in members:
        moved = turn.pointers.get(str(member.pk))
        if moved is not None:
            received = member.received + (str(member.pk) == turn.key)
            PoolMember.objects.filter(pk=member.pk).update(pointer=moved, received=received)
    chosen = next((member for member in members if str(member.pk) == turn.key), None)
    placement.pool = pool
    placement.rep = chosen.membership if chosen else None
    placement.state = Lead.State.NEW if chosen else Lead.State.WAITING
    placement.respond_by = now + response_time(pool) if chosen else None
    placement.trace.append(
        {
            "step": "pool",
            "pool": pool.name,
            "members": [
                {
                    "rep": str(member.membership.user),
                    "pointer": seat.pointer,
                    "share": seat.weight,
                    "open": seat.open_leads,
                    "capacity": seat.capacity,
                    "available": seat.is_available,
                    "chosen": seat.key == turn.key,
                }
                for member, seat in zip(members, seats, strict=True)
            ],
        }
    )


def response_time(pool: Pool | None) -> timedelta:
    """How long a rep has to accept or reject."""
    return timedelta(hours=pool.first_response_hours) if pool else REP_RESPONSE


def _open_lead_with_rep(case: Case) -> Lead | None:
    rows = Lead.objects.filter(
        subject_kind=case.subject.kind,
        subject_id=case.subject.id,
        business_unit=case.business_unit,
        state__in=HELD_BY_REP,
        rep__isnull=False,
    )
    return cast("Lead | None", rows.select_related("rep__user", "pool").order_by("created_at").first())
