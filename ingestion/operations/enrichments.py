"""Enrichments as settings: who is asked, with which key, what their answers tell, how often at most."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ingestion.models import Enrichment
from ingestion.rules.enrichment import (
    PLACE,
    problem_with_header,
    problem_with_template,
    read_mapping,
    show_mapping,
)
from tenants import audit
from tenants.audit import Actor
from tenants.context import current_tenant_id
from tenants.rules.addresses import problem_with_url
from tenants.secret_box import seal
from tenants.work import wake

TABLE = Enrichment._meta.db_table
FIELDS = ["calls_per_day", "header_name", "keep_days", "mapping", "name", "url"]
FRESH: dict[str, object] = {"failures_in_a_row": 0, "open_again_at": None, "trouble": ""}
URL_PROBLEMS = {
    "malformed": gettext_lazy(
        "This is not a URL. It should look like https://api.vendor.com/?domain={domain}."
    ),
    "not_https": gettext_lazy("Use an https:// URL: the key must not travel unencrypted."),
    "has_login": gettext_lazy("Leave user name and password out of the URL; the key goes into a header."),
    "port": gettext_lazy("Only the ports 443 and 8443 are allowed."),
    "private": gettext_lazy("This address is not on the public internet, so it is refused."),
}


@transaction.atomic
def create_enrichment(
    *,
    name: str,
    url: str,
    header_name: str,
    secret: str,
    mapping: Sequence[Mapping[str, str]],
    keep_days: int,
    calls_per_day: int,
    by: Actor,
    now: datetime,
) -> Enrichment:
    """A new enrichment, switched off until somebody has tried it. Raises ValidationError."""
    row = Enrichment(created_at=now)
    _fill(row, name, url, header_name, secret, mapping, keep_days, calls_per_day)
    row.save(force_insert=True)
    audit.record(by=by, verb="enrichment.created", target=row, fields=FIELDS, now=now)
    return row


@transaction.atomic
def edit_enrichment(
    *,
    enrichment: Enrichment,
    name: str,
    url: str,
    header_name: str,
    secret: str,
    mapping: Sequence[Mapping[str, str]],
    keep_days: int,
    calls_per_day: int,
    by: Actor,
    now: datetime,
) -> None:
    """Change it; an empty secret keeps the one there is. Answers that are kept stay as they are. Raises
    ValidationError, also when the secret would go to another host than it was typed for."""
    row = Enrichment.objects.select_for_update().get(pk=enrichment.pk)
    if row.secret and not secret and header_name and urlsplit(url).netloc != urlsplit(row.url).netloc:
        raise ValidationError({"secret": _("Another server is asked now: type the key for it.")})
    _fill(row, name, url, header_name, secret, mapping, keep_days, calls_per_day)
    for field, value in FRESH.items():
        setattr(row, field, value)
    row.save()
    fields = [*FIELDS, "secret"] if secret else FIELDS
    audit.record(by=by, verb="enrichment.changed", target=row, fields=fields, now=now)
    _wake(row, now)


@transaction.atomic
def switch_enrichment(*, enrichment: Enrichment, is_enabled: bool, by: Actor, now: datetime) -> None:
    """Begin to ask, or stop; what is known stays."""
    row = Enrichment.objects.select_for_update().get(pk=enrichment.pk)
    row.is_enabled = is_enabled
    for field, value in FRESH.items():
        setattr(row, field, value)
    row.save(update_fields=["is_enabled", *FRESH])
    verb = "enrichment.switched_on" if is_enabled else "enrichment.switched_off"
    audit.record(by=by, verb=verb, target=row, fields=["is_enabled"], now=now)
    _wake(row, now)


@transaction.atomic
def delete_enrichment(*, enrichment: Enrichment, by: Actor, now: datetime) -> None:
    """With its key and its memory of whom it asked. What it told of accounts stays told."""
    row = Enrichment.objects.select_for_update().get(pk=enrichment.pk)
    audit.record(by=by, verb="enrichment.deleted", target=row, now=now)
    row.delete()


def _fill(
    row: Enrichment,
    name: str,
    url: str,
    header_name: str,
    secret: str,
    mapping: Sequence[Mapping[str, str]],
    keep_days: int,
    calls_per_day: int,
) -> None:
    _check(url, header_name, secret, mapping)
    row.name, row.url, row.header_name = name.strip(), url, header_name
    row.mapping, row.keep_days, row.calls_per_day = list(mapping), keep_days, calls_per_day
    if secret:
        row.secret = seal(secret, table=TABLE, key=row.pk, field="secret")
    if not header_name:
        row.secret = None
    if header_name and not row.secret:
        raise ValidationError({"secret": _("Type the key that goes into this header.")})
    row.full_clean(exclude=["tenant", "secret", "calls_day", "open_again_at"])


def _check(url: str, header_name: str, secret: str, mapping: Sequence[Mapping[str, str]]) -> None:
    if problem := problem_with_template(url):
        raise ValidationError({"url": problem})
    sample = url.replace(PLACE, "example.com")
    if problem := problem_with_url(sample, allow_private=settings.WEBHOOK_ALLOW_PRIVATE_ADDRESSES):
        raise ValidationError({"url": URL_PROBLEMS[problem]})
    if problem := problem_with_header(header_name, secret):
        raise ValidationError({"header_name": problem})
    if secret and not header_name:
        raise ValidationError({"header_name": _("Name the header that the key goes into.")})
    try:
        read_mapping(show_mapping(mapping))
    except ValueError as error:
        raise ValidationError({"mapping": str(error)}) from error


def _wake(row: Enrichment, now: datetime) -> None:
    if row.is_enabled:
        wake(tenant_id=current_tenant_id(), kind="enrich", at=now)
