"""Destinations and their signing secrets. A secret leaves this module once, in the answer of the operation."""

from datetime import datetime, timedelta
from typing import cast

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy
from uuid6 import uuid7

from delivery.connectors.webhook import new_secret
from delivery.models import Delivery, Destination
from delivery.operations.outbox import enqueue
from delivery.operations.trouble import CLOSED_BREAKER, NO_TROUBLE
from delivery.queries import signing_secrets
from tenants import audit
from tenants.audit import Actor
from tenants.context import current_tenant_id
from tenants.models import BusinessUnit
from tenants.rules.addresses import problem_with_url
from tenants.secret_box import seal
from tenants.work import wake

TABLE = Destination._meta.db_table
SECRET_OVERLAP = timedelta(hours=24)
URL_PROBLEMS = {
    "malformed": gettext_lazy("This is not a URL. It should look like https://hooks.example.com/pql."),
    "not_https": gettext_lazy("Use an https:// URL: leads must not travel unencrypted."),
    "has_login": gettext_lazy("Leave user name and password out of the URL; requests are signed instead."),
    "port": gettext_lazy("Only the ports 443 and 8443 are allowed."),
    "private": gettext_lazy("This address is not on the public internet, so it is refused."),
}


class BadUrl(ValidationError):
    """The destination's URL cannot be used. The message says what to do."""


@transaction.atomic
def create_destination(
    *,
    business_unit: BusinessUnit,
    name: str,
    url: str,
    by: Actor,
    now: datetime,
    receives_all_leads: bool = True,
) -> tuple[Destination, str]:
    """A webhook destination and its signing secret, which is shown once. Raises BadUrl, ValidationError."""
    _check(url)
    secret, key = new_secret(), uuid7()
    destination = Destination(
        id=key,
        business_unit=business_unit,
        name=name,
        url=url,
        receives_all_leads=receives_all_leads,
        secret=seal(secret, table=TABLE, key=key, field="secret"),
        created_at=now,
    )
    destination.full_clean()
    destination.save(force_insert=True)
    audit.record(by=by, verb="destination.created", target=destination, fields=["name", "url"], now=now)
    return destination, secret


@transaction.atomic
def edit_destination(
    *, destination: Destination, name: str, url: str, receives_all_leads: bool, by: Actor, now: datetime
) -> Destination:
    """Raises BadUrl, ValidationError."""
    _check(url)
    destination = _locked(destination)
    destination.name, destination.url, destination.receives_all_leads = name, url, receives_all_leads
    destination.full_clean()
    destination.save(update_fields=["name", "url", "receives_all_leads"])
    audit.record(by=by, verb="destination.changed", target=destination, fields=["name", "url"], now=now)
    return destination


@transaction.atomic
def rotate_secret(*, destination: Destination, by: Actor, now: datetime) -> str:
    """A new signing secret, shown once. For 24 hours both sign, so that the receiver can change over in that time."""
    destination = _locked(destination)
    secret = new_secret()
    old = signing_secrets(destination, now=now)[0]
    destination.previous_secret = seal(old, table=TABLE, key=destination.pk, field="previous_secret")
    destination.previous_secret_until = now + SECRET_OVERLAP
    destination.secret = seal(secret, table=TABLE, key=destination.pk, field="secret")
    destination.save(update_fields=["secret", "previous_secret", "previous_secret_until"])
    audit.record(by=by, verb="destination.secret_rotated", target=destination, fields=["secret"], now=now)
    return secret


@transaction.atomic
def pause(*, destination: Destination, by: Actor, now: datetime) -> None:
    """Nothing is sent; what comes waits."""
    Destination.objects.filter(pk=destination.pk).update(state=Destination.State.PAUSED)
    audit.record(by=by, verb="destination.paused", target=destination, fields=["state"], now=now)


@transaction.atomic
def resume(*, destination: Destination, by: Actor, now: datetime) -> None:
    """Send again, from paused or stopped, with a fresh breaker."""
    Destination.objects.filter(pk=destination.pk).update(
        state=Destination.State.ACTIVE, stopped_because="", **CLOSED_BREAKER, **NO_TROUBLE
    )
    audit.record(by=by, verb="destination.resumed", target=destination, fields=["state"], now=now)
    wake(tenant_id=current_tenant_id(), kind="deliver", at=now)


@transaction.atomic
def send_test(*, destination: Destination, by: Actor, now: datetime) -> Delivery:
    """A `test.sent` event through the same outbox, to try the connection."""
    payload = {"message": "This is a test event from PQL Hub.", "destination": destination.name}
    delivery = enqueue(
        destination=destination,
        effect_key=f"test:{uuid7()}",
        event_type="test.sent",
        subject_ref="",
        payload=payload,
        now=now,
    )
    audit.record(by=by, verb="destination.tested", target=destination, now=now)
    return cast(Delivery, delivery)


def _check(url: str) -> None:
    if problem := problem_with_url(url, allow_private=settings.WEBHOOK_ALLOW_PRIVATE_ADDRESSES):
        raise BadUrl({"url": URL_PROBLEMS[problem]})


def _locked(destination: Destination) -> Destination:
    return cast(Destination, Destination.objects.select_for_update().get(pk=destination.pk))
