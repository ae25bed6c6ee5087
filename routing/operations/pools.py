"""Pools of reps, and who is in them."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from routing.models import Pool, PoolMember
from routing.queries.tables import is_rep_of, members_of, seats_of
from routing.rules.rotation import starting_pointer
from tenants import audit
from tenants.audit import Actor
from tenants.context import current_tenant_id
from tenants.models import BusinessUnit, Membership
from tenants.work import wake


class NotAMember(ValueError):
    """The rep cannot be in this pool. The message says why."""


@transaction.atomic
def create_pool(
    *, business_unit: BusinessUnit, name: str, first_response_hours: int = 24, by: Actor, now: datetime
) -> Pool:
    """Raises ValidationError."""
    pool = Pool(
        business_unit=business_unit, name=name, first_response_hours=first_response_hours, created_at=now
    )
    pool.full_clean()
    pool.save(force_insert=True)
    audit.record(by=by, verb="pool.created", target=pool, fields=["name"], now=now)
    return pool


@transaction.atomic
def edit_pool(*, pool: Pool, name: str, first_response_hours: int, by: Actor, now: datetime) -> Pool:
    """Raises ValidationError."""
    pool.name, pool.first_response_hours = name, first_response_hours
    pool.full_clean()
    pool.save(update_fields=["name", "first_response_hours"])
    audit.record(by=by, verb="pool.changed", target=pool, fields=["name", "first_response_hours"], now=now)
    return pool


@transaction.atomic
def add_member(
    *,
    pool: Pool,
    membership: Membership,
    weight: int = 1,
    capacity: int | None = None,
    position: int | None = None,
    is_available: bool = True,
    by: Actor,
    now: datetime,
) -> PoolMember:
    """Put a rep into a pool. They start level with the lowest of the others, so that they are not flooded.
    Raises NotAMember, ValidationError."""
    if not is_rep_of(membership, pool.business_unit):
        raise NotAMember(
            _("%(rep)s is not a member of %(unit)s. Add them under Members first.")
            % {"rep": membership.user, "unit": pool.business_unit}
        )
    others = _locked_seats(pool)
    member = PoolMember(
        pool=pool,
        membership=membership,
        position=len(others) if position is None else position,
        weight=weight,
        capacity=capacity,
        is_available=is_available,
        pointer=starting_pointer(0, others),
    )
    member.full_clean()
    member.save(force_insert=True)
    audit.record(by=by, verb="pool.member_added", target=pool, fields=["members"], now=now)
    wake(tenant_id=current_tenant_id(), kind="route", at=now)
    return member


@transaction.atomic
def edit_member(
    *,
    member: PoolMember,
    weight: int,
    capacity: int | None,
    is_available: bool,
    position: int | None = None,
    by: Actor,
    now: datetime,
) -> PoolMember:
    """Change share, capacity, place or availability. Who comes back starts level with the lowest of the others.
    Raises ValidationError."""
    others = [seat for seat in _locked_seats(member.pool) if seat.key != str(member.pk)]
    member = PoolMember.objects.select_related("pool", "membership__user").get(pk=member.pk)
    if is_available and not member.is_available:
        member.pointer = starting_pointer(member.pointer, others)
    member.weight, member.capacity, member.is_available = weight, capacity, is_available
    member.position = member.position if position is None else position
    member.full_clean()
    member.save(update_fields=["weight", "capacity", "is_available", "pointer", "position"])
    audit.record(by=by, verb="pool.member_changed", target=member.pool, fields=["members"], now=now)
    wake(tenant_id=current_tenant_id(), kind="route", at=now)
    return member


@transaction.atomic
def remove_member(*, member: PoolMember, by: Actor, now: datetime) -> None:
    """Their open leads stay with them."""
    audit.record(by=by, verb="pool.member_removed", target=member.pool, fields=["members"], now=now)
    PoolMember.objects.filter(pk=member.pk).delete()


def _locked_seats(pool: Pool) -> list:
    Pool.objects.select_for_update(no_key=True).get(pk=pool.pk)
    return seats_of(pool, members_of(pool))
