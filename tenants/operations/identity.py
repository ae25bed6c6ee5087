"""How a tenant's persons are told apart and put together, as far as the tenant itself says so."""

from datetime import datetime

from django.db import transaction

from tenants import audit
from tenants.audit import Actor
from tenants.context import current_tenant_id
from tenants.models import Tenant


@transaction.atomic
def set_accounts_from_email(*, is_on: bool, by: Actor, now: datetime) -> bool:
    """Whether who is in no account of the current tenant belongs to the one of their e-mail's domain. Returns whether
    that is a change."""
    tenant = Tenant.objects.select_for_update().get(pk=current_tenant_id())
    if tenant.accounts_from_email == is_on:
        return False
    tenant.accounts_from_email = is_on
    tenant.save(update_fields=["accounts_from_email"])
    audit.record(
        by=by,
        verb="tenant.accounts_from_email_changed",
        target=tenant,
        fields=["accounts_from_email"],
        now=now,
    )
    return True
