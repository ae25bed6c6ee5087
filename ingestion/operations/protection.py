"""Rules about ids and the limits of what one id may join. Both take hold of history: at once where few are concerned,
else in slices by background work. Events are never changed; what changes is whose they are."""

from collections.abc import Sequence
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from ingestion.models import IdentityLimits, IdentityRule
from ingestion.operations.holding import hold_links, protection
from ingestion.operations.links import redraw
from ingestion.operations.locks import lock_history
from ingestion.queries.sql import fetch
from ingestion.rules.ids import ID_LIMIT, stands_for_nobody
from tenants import audit
from tenants.audit import Actor
from tenants.context import current_tenant_id
from tenants.work import wake

SLICE = 500  # identities with their links: less than a second, because folding waits for it

_ENDS = """
SELECT l.identity_id, CASE WHEN l.is_alias THEN l.user_identity_id ELSE l.identity_id END
FROM ingestion_identity i
JOIN ingestion_identitylink l
    ON l.tenant_id = %(tenant_id)s AND (l.identity_id = i.id OR l.user_identity_id = i.id)
WHERE i.tenant_id = %(tenant_id)s AND i.value = %(value)s AND i.kind IN (1, 2) LIMIT %(limit)s
"""
_NEXT = """
SELECT id FROM ingestion_identity
WHERE tenant_id = %(tenant_id)s AND kind = 2 AND id > %(after)s ORDER BY id LIMIT %(limit)s
"""
_TOTAL = "SELECT count(*) FROM ingestion_identity WHERE tenant_id = %(tenant_id)s AND kind = 2"


@transaction.atomic
def create_identity_rule(
    *, kind: str, value: str, verdict: str, note: str, by: Actor, now: datetime
) -> IdentityRule:
    """Say that an id stands for nobody, or that no limit holds for it. Raises ValidationError."""
    lock_history()
    rule = IdentityRule(kind=kind, value=_clean(kind, value), verdict=verdict, note=note, created_at=now)
    rule.full_clean(validate_constraints=False)
    if IdentityRule.objects.filter(kind=kind, value=rule.value).exists():
        raise ValidationError({"value": _("There is a rule for “%s” already. Delete it first.") % rule.value})
    rule.save(force_insert=True)
    _judge_again(rule, now)
    audit.record(
        by=by, verb="identity_rule.created", target=rule, fields=["kind", "value", "verdict"], now=now
    )
    return rule


@transaction.atomic
def delete_identity_rule(*, rule: IdentityRule, by: Actor, now: datetime) -> None:
    """Judge the id by the limits alone again. Twice changes nothing."""
    lock_history()
    deleted, _rows = IdentityRule.objects.filter(pk=rule.pk).delete()
    if deleted:
        audit.record(
            by=by, verb="identity_rule.deleted", target=rule, fields=["kind", "value", "verdict"], now=now
        )
        _judge_again(rule, now)


@transaction.atomic
def change_identity_limits(*, users_per_device: int, devices_per_day: int, by: Actor, now: datetime) -> None:
    """Change what one id may join, and have history judged by it. Raises ValidationError."""
    lock_history()
    limits = IdentityLimits.objects.select_for_update().first() or IdentityLimits()
    before = (limits.users_per_device, limits.devices_per_day)
    if before == (users_per_device, devices_per_day):
        return
    limits.users_per_device, limits.devices_per_day = users_per_device, devices_per_day
    limits.full_clean(exclude=["tenant"], validate_constraints=False)
    _begin_redraw(limits, now)
    audit.record(
        by=by,
        verb="identity_limits.changed",
        target=limits,
        fields=["users_per_device", "devices_per_day"],
        now=now,
    )


@transaction.atomic
def redraw_identities(*, now: datetime) -> bool:
    """Judge the links of a slice of identities by the limits and rules of now, and draw again whom that concerns.
    Returns whether there is more to do: call again in a new transaction. Goes on where the last committed slice
    ended."""
    lock_history()
    limits = IdentityLimits.objects.select_for_update().filter(redraw_after__isnull=False).first()
    if limits is None:
        return False
    if limits.redraw_total is None:
        limits.redraw_total = fetch(_TOTAL)[0][0]
    ids = [row[0] for row in fetch(_NEXT, after=limits.redraw_after, limit=SLICE)]
    redraw(hold_links(ids, protection()), now)
    limits.redraw_done += len(ids)
    limits.redraw_after = ids[-1] if len(ids) == SLICE else None
    limits.save()
    return limits.redraw_after is not None


def _clean(kind: str, value: str) -> str:
    value = value.strip()
    if len(value) > ID_LIMIT:
        raise ValidationError({"value": _("An id has at most %d characters.") % ID_LIMIT})
    if value and stands_for_nobody(value, is_group=kind == IdentityRule.Kind.GROUP_ID):
        raise ValidationError({"value": _("“%s” stands for nobody already: it is built in.") % value})
    return value


def _judge_again(rule: IdentityRule, now: datetime) -> None:
    if rule.kind == IdentityRule.Kind.GROUP_ID:
        return  # holds for events from now on: the account of an event that is stored never changes
    ends: Sequence[tuple[int, int]] = fetch(_ENDS, value=rule.value, limit=SLICE + 1)
    if len(ends) > SLICE:
        _begin_redraw(IdentityLimits.objects.select_for_update().first() or IdentityLimits(), now)
    else:
        redraw(hold_links({end for pair in ends for end in pair}, protection()), now)


def _begin_redraw(limits: IdentityLimits, now: datetime) -> None:
    limits.redraw_after, limits.redraw_done, limits.redraw_total = 0, 0, None
    limits.save()
    wake(tenant_id=current_tenant_id(), kind="redraw", at=now)
