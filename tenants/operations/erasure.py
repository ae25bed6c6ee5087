"""Deletes a tenant that a platform operator has marked: every row, in slices, and then the tenant itself."""

import time
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction

from tenants import audit, catalogue, queries
from tenants.audit import Actor
from tenants.context import tenant_context
from tenants.models import BusinessUnit, Membership, Tenant, User, Work

SLICE = 10_000
EVERYTHING = 2**31 - 1


def erase_marked_tenant(*, tenant_id: int, seconds: float, by: Actor, now: datetime) -> bool:
    """Delete rows for about `seconds`, each slice in its own transaction. Returns True while there is more to do.

    Call it outside any transaction. What another process adds meanwhile is found by the next pass: the tenant's own row
    goes only when a whole pass found nothing. People who belong to no other tenant lose their log-in with it."""
    deadline = time.monotonic() + seconds
    tenant = Tenant.objects.filter(pk=tenant_id, status=Tenant.Status.DELETING).first()
    if tenant is None:
        return False
    Work.objects.filter(tenant_id=tenant_id).exclude(kind="erase").delete()
    found_any = True
    while found_any:
        found_any = False
        for group in _groups():
            while _erase_slice(tenant_id, group):
                found_any = True
                if time.monotonic() > deadline:
                    return True
    return not _delete_tenant_row(tenant, by=by, now=now)


def _groups() -> list[list[str]]:
    """Members last: until then rows elsewhere name the people whose log-ins go with their memberships."""
    last = [_table(Membership), _table(BusinessUnit)]
    groups = [group for group in catalogue.emptying_order() if not set(group) & set(last)]
    return [*groups, *([table] for table in last)]


def _erase_slice(tenant_id: int, group: list[str]) -> int:
    """Rows deleted. Tables that refer to each other are emptied together: their keys are checked at the commit."""
    at_once = catalogue.refers_to_itself(group) or group == [_table(Membership)]
    erased = 0
    with tenant_context(tenant_id), connection.cursor() as cursor:
        people = (
            list(Membership.objects.values_list("user_id", flat=True))
            if group == [_table(Membership)]
            else []
        )
        for table in group:
            cursor.execute("SELECT erase_tenant_slice(%s, %s)", [table, EVERYTHING if at_once else SLICE])
            erased += cursor.fetchone()[0]
        strangers = [user_id for user_id in set(people) if not queries.has_membership(user_id)]
        User.objects.filter(pk__in=strangers, is_platform_operator=False).delete()
    return erased


def _delete_tenant_row(tenant: Tenant, *, by: Actor, now: datetime) -> bool:
    """False when somebody has added a row since the last pass."""
    try:
        with transaction.atomic():
            Work.objects.filter(tenant_id=tenant.pk).delete()
            # Not delete(): it would look for rows that are known to be gone.
            with connection.cursor() as cursor:
                cursor.execute("DELETE FROM tenants_tenant WHERE id = %s", [tenant.pk])
            audit.record_platform(by=by, verb="tenant.deleted", target=tenant.slug, now=now)
    except IntegrityError:
        return False
    return True


def _table(model: Any) -> str:
    return str(model._meta.db_table)
