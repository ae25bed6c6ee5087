"""How long a tenant's history is kept: the setting, and what it has come to. ingestion.operations.trims does it."""

from datetime import date, datetime

from django.db import transaction

from tenants import audit
from tenants.audit import Actor
from tenants.context import current_tenant_id
from tenants.models import Tenant


@transaction.atomic
def set_retention(
    *, event_months: int | None, activity_months: int | None, by: Actor, now: datetime
) -> Tenant:
    """Whole months of raw events and of activity that the current tenant keeps; None: no limit of its own. Saying the
    same again leaves no row in the audit log. Raises ValidationError."""
    tenant = Tenant.objects.select_for_update().get(pk=current_tenant_id())
    wanted = {"event_months": event_months, "activity_months": activity_months}
    changed = [field for field, value in wanted.items() if getattr(tenant, field) != value]
    for field in changed:
        setattr(tenant, field, wanted[field])
    if changed:
        tenant.full_clean()
        tenant.save(update_fields=changed)
        audit.record(by=by, verb="tenant.retention_changed", target=tenant, fields=changed, now=now)
    return tenant


def note_kept_since(*, tenant: Tenant, events: date | None, activity: date | None) -> None:
    """Say that what is older is gone or going. It never moves back: what is gone does not return."""
    for field, since in (("events_kept_since", events), ("activity_kept_since", activity)):
        before = getattr(tenant, field)
        if since is not None and (before is None or before < since):
            setattr(tenant, field, since)
    tenant.save(update_fields=["events_kept_since", "activity_kept_since"])
