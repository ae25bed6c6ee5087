"""Sample data: a tenant of its own beside a company's, filled by a worker (pqlhub.sample), and removed in one go."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from tenants import audit
from tenants.audit import Actor
from tenants.context import tenant_context
from tenants.models import BusinessUnit, Membership, Role, Tenant, User
from tenants.operations.refusal import Refused
from tenants.operations.tenants import grant_membership, request_deletion, suspend_tenant
from tenants.queries import sample_of
from tenants.work import wake


@transaction.atomic
def request_sample(*, company: Tenant, name: str, since: datetime, by: Actor, now: datetime) -> Tenant:
    """The company's sample tenant, whose history begins at `since`; a worker fills it. A second call finds the first
    one's. Call it in the company's context. Raises Refused in sample data, and while the last is being removed."""
    if company.is_sample:
        raise Refused(_("This is sample data already."))
    defaults = {
        "slug": f"sample-of-{company.pk}",
        "name": name,
        "time_zone": company.time_zone,
        "currency": "EUR",
        "status": Tenant.Status.FILLING,
        "created_at": since,
        "filled_until": since,
        # Or months that everybody else let go of would be kept for it.
        "event_months": company.event_months,
        "activity_months": company.activity_months,
    }
    sample, is_new = Tenant.objects.get_or_create(sample_of=company, defaults=defaults)
    if sample.status == Tenant.Status.DELETING:
        raise Refused(_("The last sample data is still being removed. Try again in a minute."))
    if is_new:
        wake(tenant_id=sample.pk, kind="sample", at=now)
        audit.record_platform(by=by, verb="tenant.created", target=sample.slug, now=now)
        audit.record(by=by, verb="tenant.sample_requested", target=company, now=now)
    return sample


def lock_filling(sample_id: int) -> Tenant | None:
    """The sample tenant if it is still to be filled, locked until the transaction ends: one worker fills it."""
    rows = Tenant.objects.select_for_update(no_key=True).filter(pk=sample_id, status=Tenant.Status.FILLING)
    return rows.first()


@transaction.atomic
def note_filled(*, sample: Tenant, until: datetime) -> None:
    """Its history goes up to `until` now. In the transaction that added it, so that a killed worker goes on there."""
    Tenant.objects.filter(pk=sample.pk).update(filled_until=until)


@transaction.atomic
def open_sample(*, sample: Tenant, by: Actor, now: datetime) -> None:
    """All of its history is there: from now on it is a tenant like others. Twice changes nothing."""
    filling = Tenant.objects.filter(pk=sample.pk, status=Tenant.Status.FILLING)
    if filling.update(status=Tenant.Status.ACTIVE):
        audit.record_platform(by=by, verb="tenant.sample_filled", target=sample.slug, now=now)


def enter_sample(*, company: Tenant, user: User, now: datetime) -> Tenant:
    """Make a corporate admin of the company one of its sample data too. Call it outside any tenant; that they are one
    was checked in the company. Raises Refused when there is none to look at."""
    sample = sample_of(company)
    if sample is None or sample.status != Tenant.Status.ACTIVE:
        raise Refused(_("The sample data is not ready."))
    by = audit.actor_for(user)
    with tenant_context(sample.pk):
        unit = BusinessUnit.objects.get(parent__isnull=True)
        mine = Membership.objects.filter(user=user, business_unit=unit, ended_at__isnull=True)
        if not mine.filter(role=Role.CORPORATE_ADMIN).exists():
            grant_membership(user=user, business_unit=unit, role=Role.CORPORATE_ADMIN, by=by, now=now)
    return sample


@transaction.atomic
def remove_sample(*, company: Tenant, by: Actor, now: datetime) -> None:
    """Have a worker erase the company's sample tenant, whatever its state: it is nobody's data, so nobody waits. Twice
    changes nothing. Call it in the company's context."""
    sample = sample_of(company)
    if sample is None or sample.status == Tenant.Status.DELETING:
        return
    if sample.status == Tenant.Status.ACTIVE:
        suspend_tenant(tenant=sample, by=by, now=now)
    request_deletion(tenant=sample, confirmation=sample.slug, by=by, now=now)
    audit.record(by=by, verb="tenant.sample_removed", target=company, now=now)
