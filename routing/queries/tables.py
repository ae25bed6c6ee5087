"""Routing tables and pools as the rules see them."""

from collections.abc import Sequence

from django.db.models import Count, QuerySet
from django.db.models.functions import Length

from routing.models import Lead, Pool, PoolMember, RoutingRule, RoutingTable
from routing.rules.rotation import Seat
from routing.rules.table import Rule
from tenants.models import BusinessUnit, Membership

HELD_BY_REP = (Lead.State.NEW, Lead.State.WORKING)


def table_for(business_unit: BusinessUnit) -> RoutingTable | None:
    """The unit's own table, or that of the nearest unit above it that has one."""
    rows = RoutingTable.objects.filter(business_unit_id__in=business_unit.lineage)
    found: RoutingTable | None = (
        rows.select_related("default_pool").order_by(-Length("business_unit__path")).first()
    )
    return found


def rules_of(table: RoutingTable) -> list[RoutingRule]:
    """In the order in which they are asked."""
    rows = RoutingRule.objects.filter(table=table).order_by("position")
    return list(rows.select_related("pool", "rep__user", "destination"))


def as_rules(rows: Sequence[RoutingRule]) -> list[Rule]:
    """Database rows as the pure rules."""
    return [Rule(key=str(row.pk), name=row.name, conditions=row.conditions) for row in rows]


def members_of(pool: Pool) -> list[PoolMember]:
    """In the order of the pool, with the rep's user."""
    return list(
        PoolMember.objects.filter(pool=pool).select_related("membership__user").order_by("position", "id")
    )


def reps_of(business_unit: BusinessUnit) -> QuerySet[Membership]:
    """Who could have a lead of this unit: today's members of the unit and of those above it, by name, with users."""
    rows: QuerySet[Membership] = Membership.objects.filter(
        business_unit_id__in=business_unit.lineage, ended_at__isnull=True, user__is_active=True
    )
    return rows.select_related("user", "business_unit").order_by("user__name", "id")


def can_take(membership: Membership) -> bool:
    """False for who has left the company or this unit: their row stays, because their leads name it."""
    return membership.ended_at is None and membership.user.is_active


def is_rep_of(membership: Membership, business_unit: BusinessUnit) -> bool:
    """Whether they are among reps_of the unit, without asking the database."""
    return can_take(membership) and membership.business_unit.covers(business_unit)


def seats_of(pool: Pool, members: Sequence[PoolMember]) -> list[Seat]:
    """The members as the choice sees them, with how many open leads of this pool each has. One query."""
    counts = dict(
        Lead.objects.filter(pool=pool, state__in=HELD_BY_REP)
        .values_list("rep_id")
        .annotate(number=Count("id"))
    )
    return [
        Seat(
            key=str(member.pk),
            position=member.position,
            weight=member.weight,
            pointer=member.pointer,
            open_leads=counts.get(member.membership_id, 0),
            capacity=member.capacity,
            is_available=member.is_available and can_take(member.membership),
        )
        for member in members
    ]


def held_leads(table: RoutingTable) -> QuerySet[Lead]:
    """Leads on hold in the table's unit and the units below it."""
    unit = table.business_unit
    return Lead.objects.filter(state=Lead.State.HOLD, business_unit__path__startswith=unit.path)
