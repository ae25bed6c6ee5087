"""Who does not count. A rule takes hold of history: persons, accounts and their activity are marked again, at once when
they are few, and in slices by background work when they are many. A rule about events (a network, a user agent) holds
for events from now on: stored events are never changed, and who sent a request is not kept with them."""

from collections.abc import Sequence
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from ingestion.models import ExclusionRule, ExclusionSweep
from ingestion.operations.locks import lock_history
from ingestion.operations.marks import exclusion_rules, mark_accounts_again, mark_persons_again
from ingestion.operations.touched import touch
from ingestion.operations.traits import show_accounts, show_persons
from ingestion.queries.exclusions import ACCOUNT_KINDS, count_named, named_by
from ingestion.rules.exclusion import clean_value
from tenants import audit
from tenants.audit import Actor
from tenants.context import current_tenant_id
from tenants.work import wake

SLICE = 500  # persons or accounts with their activity: about a second, because folding waits for it


@transaction.atomic
def create_exclusion(*, kind: str, value: str, note: str, by: Actor, now: datetime) -> ExclusionRule:
    """Add a rule and mark whom it names. Raises ValidationError."""
    try:
        value = clean_value(kind, value)
    except ValueError as error:
        raise ValidationError({"value": str(error)}) from error
    lock_history()
    rule = ExclusionRule(kind=kind, value=value, note=note, created_at=now)
    rule.full_clean(validate_constraints=False)
    if ExclusionRule.objects.filter(kind=kind, value=value).exists():
        raise ValidationError({"value": _("There is a rule for “%s” already.") % value})
    rule.save(force_insert=True)
    _mark_named(rule, now)
    audit.record(by=by, verb="exclusion.created", target=rule, fields=["kind", "value"], now=now)
    return rule


@transaction.atomic
def delete_exclusion(*, rule: ExclusionRule, by: Actor, now: datetime) -> None:
    """Count again what only this rule excluded. Twice changes nothing."""
    lock_history()
    deleted, _rows = ExclusionRule.objects.filter(pk=rule.pk).delete()
    if deleted:
        audit.record(by=by, verb="exclusion.deleted", target=rule, fields=["kind", "value"], now=now)
        _mark_named(rule, now)


@transaction.atomic
def mark_named_subjects(*, now: datetime) -> bool:
    """Mark a slice of those whom a changed rule names, as all rules together say now, and touch who flipped. Returns
    whether there is more to do: call again in a new transaction. Goes on where the last committed slice ended."""
    lock_history()
    sweep = ExclusionSweep.objects.select_for_update().order_by("pk").first()
    if sweep is None:
        return False
    if sweep.subjects_total is None:
        sweep.subjects_total = count_named(sweep.kind, sweep.value)
    ids = named_by(sweep.kind, sweep.value, after=sweep.done_id, limit=SLICE)
    _mark(sweep.kind, ids, now)
    if len(ids) < SLICE:
        sweep.delete()
        return ExclusionSweep.objects.exists()
    sweep.done_id = ids[-1]
    sweep.subjects_done += len(ids)
    sweep.save()
    return True


def _mark_named(rule: ExclusionRule, now: datetime) -> None:
    if rule.is_about_events:
        return
    ids = named_by(rule.kind, rule.value, limit=SLICE + 1)
    if len(ids) <= SLICE:
        _mark(rule.kind, ids, now)
        return
    afresh = {"requested_at": now, "done_id": 0, "subjects_done": 0, "subjects_total": None}
    ExclusionSweep.objects.update_or_create(kind=rule.kind, value=rule.value, defaults=afresh)
    wake(tenant_id=current_tenant_id(), kind="mark", at=now)


def _mark(kind: str, ids: Sequence[int], now: datetime) -> None:
    unchanged: dict[int, set[str]] = {id: set() for id in ids}
    if kind in ACCOUNT_KINDS:
        touch(mark_accounts_again(show_accounts(unchanged, exclusion_rules())), at=now)
    else:
        touch(mark_persons_again(show_persons(unchanged, (), exclusion_rules())), at=now)
