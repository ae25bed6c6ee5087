"""Tenants, from the first to the last day, and the log-ins and memberships in them."""

from datetime import datetime
from typing import Any, cast

from django.db import transaction
from django.utils.translation import gettext as _

from tenants import audit
from tenants.audit import Actor
from tenants.context import tenant_context
from tenants.models import BusinessUnit, Membership, Role, Tenant, User, ZoneChange
from tenants.operations.refusal import Refused
from tenants.operations.units import create_business_unit
from tenants.work import wake


def create_tenant(
    *, slug: str, name: str, by: Actor, now: datetime, time_zone: str = "UTC", currency: str = "EUR"
) -> Tenant:
    """A tenant with its corporate unit. Call it outside any tenant. Raises ValidationError for a bad slug or zone."""
    tenant = Tenant(slug=slug, name=name, time_zone=time_zone, currency=currency, created_at=now)
    tenant.full_clean()
    with transaction.atomic():
        tenant.save()
        audit.record_platform(by=by, verb="tenant.created", target=slug, now=now)
    with tenant_context(tenant.pk):
        create_business_unit(name="Corporate", parent=None, by=by, now=now)
    return tenant


@transaction.atomic
def create_user(*, email: str, name: str, password: str | None, is_platform_operator: bool = False) -> User:
    """A log-in. None for the password: they set one by the invitation or a reset."""
    return User.objects.create_user(email, password, name=name, is_platform_operator=is_platform_operator)


@transaction.atomic
def set_platform_operator(*, user: User, is_operator: bool, by: Actor, now: datetime) -> None:
    """Let a user create, suspend, export and delete tenants, or take that away. Twice changes nothing."""
    changed = (
        User.objects.filter(pk=user.pk)
        .exclude(is_platform_operator=is_operator)
        .update(is_platform_operator=is_operator)
    )
    if changed:
        verb = "operator.named" if is_operator else "operator.dismissed"
        audit.record_platform(by=by, verb=verb, target=user.email, now=now)
    user.is_platform_operator = is_operator


@transaction.atomic
def grant_membership(
    *, user: User, business_unit: BusinessUnit, role: Role | str, by: Actor, now: datetime
) -> Membership:
    """Give a user a role in a unit, or change the role they have in it; a former member is one again.

    Raises Refused for a corporate admin of anything but the corporate unit."""
    check_role_fits(role=role, business_unit=business_unit)
    membership, created = Membership.objects.update_or_create(
        user=user,
        business_unit=business_unit,
        defaults={"role": role, "ended_at": None},
        create_defaults={"role": role, "created_at": now},
    )
    verb = "membership.granted" if created else "membership.changed"
    audit.record(by=by, verb=verb, target=membership, fields=["role"], now=now)
    return cast(Membership, membership)


def check_role_fits(*, role: Role | str, business_unit: BusinessUnit) -> None:
    """Raises Refused: a corporate admin's rights are the whole tenant's, so only the corporate unit has the role."""
    if role == Role.CORPORATE_ADMIN and not business_unit.is_corporate:
        raise Refused(
            _(
                "A corporate admin belongs to the corporate unit. Choose that unit, or the role Business-unit owner."
            )
        )


@transaction.atomic
def change_tenant_settings(
    *,
    tenant: Tenant,
    name: str,
    time_zone: str,
    currency: str,
    by: Actor,
    now: datetime,
    shortens_addresses: bool | None = None,
) -> Tenant:
    """Name, zone, currency and what is stored of addresses, in the tenant's own context. Another zone has the local
    day of all history cut anew in the background (ingestion.operations.recut). Live versions keep the midnights
    they were published with.

    Raises ValidationError."""
    fresh = Tenant.objects.select_for_update().get(pk=tenant.pk)
    wanted: dict[str, Any] = {"name": name, "time_zone": time_zone, "currency": currency}
    if shortens_addresses is not None:
        wanted["shortens_addresses"] = shortens_addresses
    changed = [field for field, value in wanted.items() if getattr(fresh, field) != value]
    for field in changed:
        setattr(fresh, field, wanted[field])
    if changed:
        fresh.full_clean()
        fresh.save(update_fields=changed)
        audit.record(by=by, verb="tenant.settings_changed", target=fresh, fields=changed, now=now)
    if "time_zone" in changed:
        # The new one goes over everything.
        ZoneChange.objects.filter(finished_at=None).update(finished_at=now)
        ZoneChange.objects.create(time_zone=time_zone, requested_at=now)
        wake(tenant_id=fresh.pk, kind="recut", at=now)
    return fresh


@transaction.atomic
def suspend_tenant(*, tenant: Tenant, by: Actor, now: datetime) -> None:
    """Keys, tokens and pages stop at once and background work waits; nothing is lost. Raises Refused while deleting."""
    _set_status(tenant, Tenant.Status.SUSPENDED, verb="tenant.suspended", by=by, now=now)


@transaction.atomic
def resume_tenant(*, tenant: Tenant, by: Actor, now: datetime) -> None:
    """Everything goes on where it stopped. Raises Refused while deleting."""
    _set_status(tenant, Tenant.Status.ACTIVE, verb="tenant.resumed", by=by, now=now)


@transaction.atomic
def request_export(*, tenant: Tenant, by: Actor, now: datetime) -> None:
    """Have a worker write the tenant's export (operations/export.py)."""
    wake(tenant_id=tenant.pk, kind="export", at=now)
    audit.record_platform(by=by, verb="tenant.export_requested", target=tenant.slug, now=now)


@transaction.atomic
def request_deletion(*, tenant: Tenant, confirmation: str, by: Actor, now: datetime) -> None:
    """Mark a tenant, and its sample data, for deletion and have a worker erase them (operations/erasure.py). There is
    no way back.

    Raises Refused unless `confirmation` is the tenant's short name and the tenant is suspended."""
    fresh = Tenant.objects.select_for_update().get(pk=tenant.pk)
    if confirmation != fresh.slug:
        raise Refused(_("Type the short name “%(slug)s” to confirm.") % {"slug": fresh.slug})
    if fresh.status == Tenant.Status.ACTIVE:
        raise Refused(_("Suspend the tenant first: then nobody is working in it while it is deleted."))
    for doomed in [fresh, *Tenant.objects.select_for_update().filter(sample_of=fresh)]:
        if doomed.status != Tenant.Status.DELETING:
            Tenant.objects.filter(pk=doomed.pk).update(status=Tenant.Status.DELETING)
            audit.record_platform(by=by, verb="tenant.deletion_requested", target=doomed.slug, now=now)
        wake(tenant_id=doomed.pk, kind="erase", at=now)


def _set_status(tenant: Tenant, status: str, *, verb: str, by: Actor, now: datetime) -> None:
    fresh = Tenant.objects.select_for_update().get(pk=tenant.pk)
    if fresh.status == Tenant.Status.DELETING:
        raise Refused(_("This tenant is being deleted."))
    if fresh.status == Tenant.Status.FILLING:
        raise Refused(
            _("This tenant is being filled with sample data. Wait until that is done, or delete it.")
        )
    if fresh.status != status:
        Tenant.objects.filter(pk=fresh.pk).update(status=status)
        audit.record_platform(by=by, verb=verb, target=fresh.slug, now=now)
