"""Who does not count. A rule takes hold of history at once: persons, accounts and their activity are marked again.
A network rule holds for events from now on: it is about single events, and stored events are never changed."""

from collections.abc import Iterable
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from ingestion.models import ExclusionRule
from ingestion.models.events import Exclusion
from ingestion.operations.locks import lock_history
from ingestion.operations.marks import exclusion_rules, mark_accounts_again, mark_persons_again
from ingestion.operations.touched import touch
from ingestion.operations.traits import show_persons
from ingestion.queries.sql import fetch
from ingestion.rules.exclusion import clean_value
from tenants import audit
from tenants.audit import Actor

_PERSONS_AT = """
SELECT id FROM ingestion_person WHERE tenant_id = %(tenant_id)s
  AND (lower(email) LIKE '%%@' || %(value)s OR lower(email) LIKE '%%@%%.' || %(value)s)
"""
_PERSON_NAMED = """
SELECT person_id FROM ingestion_identity WHERE tenant_id = %(tenant_id)s AND kind = 1 AND value = %(value)s
"""
_MARK_ACCOUNT = """
UPDATE ingestion_account SET exclusion = %(exclusion)s
WHERE tenant_id = %(tenant_id)s AND key = %(value)s AND exclusion <> %(exclusion)s RETURNING id
"""


@transaction.atomic
def create_exclusion(*, kind: str, value: str, note: str, by: Actor, now: datetime) -> ExclusionRule:
    """Exclude a domain, a user, an account or a network. Raises ValidationError."""
    try:
        value = clean_value(kind, value)
    except ValueError as error:
        raise ValidationError({"value": str(error)}) from error
    rule = ExclusionRule(kind=kind, value=value, note=note, created_at=now)
    rule.full_clean()
    lock_history()
    rule.save(force_insert=True)
    _apply(rule, now)
    audit.record(by=by, verb="exclusion.created", target=rule, fields=["kind", "value"], now=now)
    return rule


@transaction.atomic
def delete_exclusion(*, rule: ExclusionRule, by: Actor, now: datetime) -> None:
    """Count again what only this rule excluded."""
    lock_history()
    audit.record(by=by, verb="exclusion.deleted", target=rule, fields=["kind", "value"], now=now)
    ExclusionRule.objects.filter(pk=rule.pk).delete()
    _apply(rule, now)


def _apply(rule: ExclusionRule, now: datetime) -> None:
    """Mark whom the rule names, as all rules together say now."""
    kind = rule.kind
    if kind == ExclusionRule.Kind.ACCOUNT_KEY:
        is_excluded = rule.value in exclusion_rules().account_keys
        exclusion = Exclusion.INTERNAL if is_excluded else Exclusion.NONE
        ids = _ids(fetch(_MARK_ACCOUNT, value=rule.value, exclusion=int(exclusion)))
        touch(mark_accounts_again(ids), at=now)
    elif kind != ExclusionRule.Kind.NETWORK:
        find = _PERSONS_AT if kind == ExclusionRule.Kind.EMAIL_DOMAIN else _PERSON_NAMED
        persons = _ids(fetch(find, value=rule.value))
        flipped = show_persons({id: set() for id in persons}, (), exclusion_rules())
        touch(mark_persons_again(flipped), at=now)


def _ids(rows: Iterable[tuple[int, ...]]) -> list[int]:
    return [row[0] for row in rows]
