"""Which traits mean that somebody must not be contacted. Read when a lead is routed: a rule needs no pass over history,
and it is taken back by deleting it."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from ingestion.models import ContactRule
from ingestion.rules.consent import BUILT_IN
from ingestion.rules.traits import canonical_name
from tenants import audit
from tenants.audit import Actor


@transaction.atomic
def add_contact_rule(*, trait: str, value: str, by: Actor, now: datetime) -> ContactRule:
    """Whoever has the trait at this value is not contacted. Raises ValidationError."""
    rule = ContactRule(trait=canonical_name(trait.strip()), value=value.strip().lower(), created_at=now)
    rule.clean_fields(exclude={"tenant", "id"})
    known = ContactRule.objects.filter(trait=rule.trait, value=rule.value).exists()
    if known or (rule.trait, rule.value) in BUILT_IN:
        raise ValidationError(_("“%s” holds already.") % rule)
    rule.save(force_insert=True)
    audit.record(by=by, verb="contact_rule.created", target=rule, fields=["trait", "value"], now=now)
    return rule


@transaction.atomic
def delete_contact_rule(*, rule: ContactRule, by: Actor, now: datetime) -> None:
    """From now on the trait forbids nothing. Twice changes nothing."""
    deleted, _rows = ContactRule.objects.filter(pk=rule.pk).delete()
    if deleted:
        audit.record(by=by, verb="contact_rule.deleted", target=rule, fields=["trait", "value"], now=now)
