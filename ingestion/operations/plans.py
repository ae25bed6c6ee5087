"""The catalogue of plans and limits, and the rules that say how messages tell an account's plan."""

from datetime import datetime
from decimal import Decimal
from typing import cast

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from ingestion.models import Action, Limit, Plan, PlanLimit, PlanRule
from ingestion.operations.locks import lock_history
from ingestion.operations.plan_facts import take_over_history
from tenants import audit
from tenants.audit import Actor
from tenants.context import current_tenant_id
from tenants.queries import get_tenant

PLAN_FIELDS = ["name", "key", "price_minor", "currency", "billing"]
LIMIT_FIELDS = ["name", "kind", "action", "returning_action", "gauge_trait", "resets"]


@transaction.atomic
def create_plan(*, plan: Plan, by: Actor, now: datetime) -> Plan:
    """Save an unsaved plan. Raises ValidationError."""
    plan.created_at = now
    plan.key = plan.key.strip().lower()
    plan.full_clean()
    plan.save(force_insert=True)
    audit.record(by=by, verb="plan.created", target=plan, fields=PLAN_FIELDS, now=now)
    return plan


@transaction.atomic
def edit_plan(*, plan: Plan, by: Actor, now: datetime) -> Plan:
    """Save what was changed on the instance. Raises ValidationError."""
    plan.key = plan.key.strip().lower()
    plan.full_clean()
    plan.save(update_fields=PLAN_FIELDS)
    audit.record(by=by, verb="plan.changed", target=plan, fields=PLAN_FIELDS, now=now)
    return plan


@transaction.atomic
def archive_plan(*, plan: Plan, by: Actor, now: datetime) -> None:
    """Take it out of the catalogue: nobody can buy it any more. Who is on it stays on it, with its limits. Twice
    changes nothing."""
    if Plan.objects.filter(pk=plan.pk, archived_at=None).update(archived_at=now):
        audit.record(by=by, verb="plan.archived", target=plan, fields=["archived_at"], now=now)


@transaction.atomic
def allow(*, plan: Plan, limit: Limit, amount: Decimal, is_hard: bool, by: Actor, now: datetime) -> PlanLimit:
    """How much of a limit a plan allows, in place of what it allowed. Raises ValidationError."""
    if not limit.business_unit.covers(plan.business_unit):
        raise ValidationError(_("Choose a limit of this business unit or a corporate one."))
    row = PlanLimit.objects.filter(plan=plan, limit=limit).first() or PlanLimit(plan=plan, limit=limit)
    row.amount, row.is_hard = amount, is_hard
    row.full_clean()
    row.save()
    audit.record(by=by, verb="plan.changed", target=plan, fields=["limits"], now=now)
    return cast(PlanLimit, row)


@transaction.atomic
def allow_freely(*, row: PlanLimit, by: Actor, now: datetime) -> None:
    """The plan has no such limit any more. Twice changes nothing."""
    deleted, _rows = PlanLimit.objects.filter(pk=row.pk).delete()
    if deleted:
        audit.record(by=by, verb="plan.changed", target=row.plan, fields=["limits"], now=now)


@transaction.atomic
def create_limit(*, limit: Limit, by: Actor, now: datetime) -> Limit:
    """Save an unsaved limit. Raises ValidationError."""
    limit.created_at = now
    _check_actions(limit)
    limit.full_clean()
    limit.save(force_insert=True)
    audit.record(by=by, verb="limit.created", target=limit, fields=LIMIT_FIELDS, now=now)
    return limit


@transaction.atomic
def edit_limit(*, limit: Limit, by: Actor, now: datetime) -> Limit:
    """Save what was changed on the instance. Raises ValidationError."""
    _check_actions(limit)
    limit.full_clean()
    limit.save(update_fields=LIMIT_FIELDS)
    audit.record(by=by, verb="limit.changed", target=limit, fields=LIMIT_FIELDS, now=now)
    return limit


@transaction.atomic
def create_plan_rule(*, rule: PlanRule, by: Actor, now: datetime) -> int:
    """Add a rule. A rule of a trait reads what the trait has said so far, an event's holds for events from now on.
    Returns how many facts history gave. Raises ValidationError."""
    lock_history()
    rule.created_at = now
    rule.name = rule.name.strip()
    rule.full_clean()
    rule.save(force_insert=True)
    audit.record(
        by=by, verb="plan_rule.created", target=rule, fields=["source", "name", "fact", "status"], now=now
    )
    if rule.source == PlanRule.Source.EVENT:
        return 0
    return take_over_history(rule, zone=get_tenant(current_tenant_id()).zone, now=now)


@transaction.atomic
def delete_plan_rule(*, rule: PlanRule, by: Actor, now: datetime) -> None:
    """Messages tell nothing by it any more; what they told stays. Twice changes nothing."""
    deleted, _rows = PlanRule.objects.filter(pk=rule.pk).delete()
    if deleted:
        audit.record(by=by, verb="plan_rule.deleted", target=rule, fields=["source", "name"], now=now)


def _check_actions(limit: Limit) -> None:
    for name in ("action", "returning_action"):
        action = cast(Action | None, getattr(limit, name))
        if action is not None and not action.business_unit.covers(limit.business_unit):
            raise ValidationError({name: _("Choose an action of this business unit or a corporate one.")})
