"""Which traits and properties are personal, where it is not what their names say. Read when something is shown: a
decision needs no pass over what is stored, and holds for what is stored already."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from ingestion.models import PersonalField
from tenants import audit
from tenants.audit import Actor


@transaction.atomic
def decide_personal_field(*, name: str, is_personal: bool, by: Actor, now: datetime) -> PersonalField:
    """From now on traits and properties of this name are personal, or are not, whatever the name says. Raises
    ValidationError."""
    cleaned = name.strip().lower()
    if not cleaned or len(cleaned) > 200 or "\0" in cleaned:
        raise ValidationError(_("Write the name of a trait or property, of at most 200 characters."))
    field, _made = PersonalField.objects.update_or_create(
        name=cleaned, defaults={"is_personal": is_personal, "decided_at": now}
    )
    verb = "personal_field.flagged" if is_personal else "personal_field.cleared"
    audit.record(by=by, verb=verb, target=field, fields=["is_personal"], now=now)
    return field


@transaction.atomic
def forget_personal_field(*, name: str, by: Actor, now: datetime) -> None:
    """What the name says holds again. Twice changes nothing."""
    field = PersonalField.objects.filter(name=name.strip().lower()).first()
    if field is not None:
        audit.record(by=by, verb="personal_field.undecided", target=field, fields=["is_personal"], now=now)
        field.delete()
