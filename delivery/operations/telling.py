"""Tells the people who look after a destination that it is in trouble: one mail for each incident."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast
from urllib.parse import urljoin
from uuid import UUID

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from delivery.models import Destination
from delivery.queries import delivery_counts, people_concerned, untold_troubles
from tenants.context import tenant_context
from tenants.leaving import why_nothing_leaves
from tenants.models import Tenant

log = logging.getLogger(__name__)
TRY_AGAIN = timedelta(minutes=5)  # when the mail server did not take it


@dataclass(frozen=True)
class Mail:
    """One incident, written out."""

    destination_id: UUID
    since: datetime
    to: list[str]
    subject: str
    text: str


def tell_of_trouble(*, tenant_id: int, clock: Callable[[], datetime]) -> datetime | None:
    """Mail what nobody was told yet. Call it outside any transaction. Answers when to call again if the mail server did
    not take a mail; the incident shows on the home page in any case."""
    with tenant_context(tenant_id):
        if why_nothing_leaves():
            return None
        tenant = Tenant.objects.get(pk=tenant_id)
        with timezone.override(tenant.zone):
            mails = [_mail(destination, tenant) for destination in untold_troubles()]
    again = None
    for mail in mails:
        try:
            send_mail(subject=mail.subject, message=mail.text, from_email=None, recipient_list=mail.to)
        except OSError:
            log.exception("A mail about a destination in trouble could not be sent")
            again = clock() + TRY_AGAIN
            continue
        with tenant_context(tenant_id):
            told = Destination.objects.filter(pk=mail.destination_id, trouble_since=mail.since)
            told.update(told_at=clock())
    return again


def _mail(destination: Destination, tenant: Tenant) -> Mail:
    link = urljoin(settings.PUBLIC_URL, reverse("admin:delivery_destination_page", args=[destination.pk]))
    content = {
        "destination": destination,
        "tenant": tenant,
        "counts": delivery_counts([destination.pk])[destination.pk],
        "link": link,
    }
    return Mail(
        destination_id=destination.pk,
        since=cast(datetime, destination.trouble_since),
        to=people_concerned(destination),
        subject=_("%(tenant)s: leads do not reach %(destination)s")
        % {"tenant": tenant.name, "destination": destination.name},
        text=render_to_string("delivery/mail/trouble.txt", content),
    )
