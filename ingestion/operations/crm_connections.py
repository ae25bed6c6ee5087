"""CRM connections as settings: which CRM, with which key, which records, what their fields tell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ingestion.models import CrmConnection
from ingestion.operations import enrichments
from ingestion.operations.enrichments import FRESH
from ingestion.rules.crm import problem_with_fields
from ingestion.rules.enrichment import problem_with_header, read_mapping, show_mapping
from tenants import audit
from tenants.audit import Actor
from tenants.context import current_tenant_id
from tenants.rules.addresses import problem_with_url
from tenants.secret_box import seal
from tenants.work import wake

TABLE = CrmConnection._meta.db_table
FIELDS = ["about", "client_id", "every_minutes", "kind", "mapping", "match_field", "name", "url"]
# What was read so far was read by other settings: everything is read again.
ANEW: dict[str, object] = {
    "since": None,
    "after_id": "",
    "round_at": None,
    "round_done_at": None,
    "all_read_at": None,
}
URL_PROBLEMS = enrichments.URL_PROBLEMS | {
    "malformed": gettext_lazy("This is not a URL. It should look like https://acme.my.salesforce.com."),
    "has_login": gettext_lazy("Leave user name and password out of the URL; they have fields of their own."),
}


@dataclass(frozen=True)
class CrmSettings:
    """What a form says of a connection. An empty secret keeps the one there is."""

    name: str
    kind: str
    about: str
    url: str
    client_id: str
    secret: str
    match_field: str
    mapping: Sequence[Mapping[str, str]]
    every_minutes: int


@transaction.atomic
def create_crm_connection(*, said: CrmSettings, by: Actor, now: datetime) -> CrmConnection:
    """A new connection, switched off until somebody has tried it. Raises ValidationError."""
    row = CrmConnection(created_at=now)
    _fill(row, said)
    row.save(force_insert=True)
    audit.record(by=by, verb="crm_connection.created", target=row, fields=FIELDS, now=now)
    return row


@transaction.atomic
def edit_crm_connection(*, connection: CrmConnection, said: CrmSettings, by: Actor, now: datetime) -> None:
    """Change it; everything is read again by the new settings. Raises ValidationError, also when the secret would go to
    another host than it was typed for."""
    row = CrmConnection.objects.select_for_update().get(pk=connection.pk)
    if not said.secret and urlsplit(said.url).netloc != urlsplit(row.url).netloc:
        raise ValidationError({"secret": _("Another server is asked now: type the key for it.")})
    _fill(row, said)
    row.edition += 1
    _set(row, FRESH | ANEW)
    row.save()
    fields = [*FIELDS, "secret"] if said.secret else FIELDS
    audit.record(by=by, verb="crm_connection.changed", target=row, fields=fields, now=now)
    _wake(row, now)


@transaction.atomic
def switch_crm_connection(*, connection: CrmConnection, is_enabled: bool, by: Actor, now: datetime) -> None:
    """Begin to read, or pause: a round that is under way goes on later from where it is."""
    row = CrmConnection.objects.select_for_update().get(pk=connection.pk)
    row.is_enabled = is_enabled
    _set(row, FRESH)
    row.save(update_fields=["is_enabled", *FRESH])
    verb = "crm_connection.switched_on" if is_enabled else "crm_connection.switched_off"
    audit.record(by=by, verb=verb, target=row, fields=["is_enabled"], now=now)
    _wake(row, now)


@transaction.atomic
def read_crm_again(*, connection: CrmConnection, by: Actor, now: datetime) -> None:
    """Begin a round of all records now."""
    row = CrmConnection.objects.select_for_update().get(pk=connection.pk)
    _set(row, FRESH | ANEW)
    row.save(update_fields=[*FRESH, *ANEW])
    audit.record(by=by, verb="crm_connection.read_again", target=row, fields=[], now=now)
    _wake(row, now)


@transaction.atomic
def delete_crm_connection(*, connection: CrmConnection, by: Actor, now: datetime) -> None:
    """With its key. What it told of accounts and persons stays told."""
    row = CrmConnection.objects.select_for_update().get(pk=connection.pk)
    audit.record(by=by, verb="crm_connection.deleted", target=row, now=now)
    row.delete()


def _set(row: CrmConnection, values: Mapping[str, object]) -> None:
    for field, value in values.items():
        setattr(row, field, value)


def _fill(row: CrmConnection, said: CrmSettings) -> None:
    _check(said)
    row.name, row.kind, row.about, row.url = said.name.strip(), said.kind, said.about, said.url.rstrip("/")
    row.client_id = said.client_id if said.kind == CrmConnection.Kind.SALESFORCE else ""
    row.match_field, row.mapping, row.every_minutes = said.match_field, list(said.mapping), said.every_minutes
    if said.secret:
        row.secret = seal(said.secret, table=TABLE, key=row.pk, field="secret")
    if not row.secret:
        raise ValidationError({"secret": _("Type the key: without it the CRM answers nothing.")})
    row.clean_fields(exclude={field.name for field in row._meta.fields} - set(FIELDS))
    row.validate_constraints()


def _check(said: CrmSettings) -> None:
    parts = urlsplit(said.url)
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValidationError({"url": _("Only https:// and the name of the server, nothing behind it.")})
    if problem := problem_with_url(said.url, allow_private=settings.WEBHOOK_ALLOW_PRIVATE_ADDRESSES):
        raise ValidationError({"url": URL_PROBLEMS[problem]})
    if said.kind == CrmConnection.Kind.SALESFORCE and not said.client_id:
        raise ValidationError({"client_id": _("Salesforce asks for the consumer key of your app.")})
    if problem := problem_with_header("Authorization", said.secret):
        raise ValidationError({"secret": problem})
    if said.match_field and (problem := problem_with_fields(said.kind, [said.match_field])):
        raise ValidationError({"match_field": problem})
    if problem := problem_with_fields(said.kind, [row["path"] for row in said.mapping]):
        raise ValidationError({"mapping": problem})
    try:
        read_mapping(show_mapping(said.mapping))
    except ValueError as error:
        raise ValidationError({"mapping": str(error)}) from error


def _wake(row: CrmConnection, now: datetime) -> None:
    if row.is_enabled:
        wake(tenant_id=current_tenant_id(), kind="crm", at=now)
