"""Tells those who look after the data what is wrong with it: one mail for what was found in one look."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import urljoin

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from ingestion.models import DataAlert
from ingestion.queries.alerts import open_troubles, people_who_mend_data, untold
from tenants.context import tenant_context
from tenants.leaving import why_nothing_leaves
from tenants.models import Tenant

log = logging.getLogger(__name__)
TRY_AGAIN = timedelta(minutes=5)  # when the mail server did not take it


def tell_of_data_alerts(*, tenant_id: int, clock: Callable[[], datetime]) -> datetime | None:
    """Mail what nobody was told yet. Call it outside any transaction. Answers when to call again if the mail server did
    not take the mail; the home page shows it in any case."""
    with tenant_context(tenant_id):
        if why_nothing_leaves():
            return None
        tenant = Tenant.objects.get(pk=tenant_id)
        with timezone.override(tenant.zone):
            found = untold(open_troubles())
        to = people_who_mend_data() if found else []
    if not found or not to:
        return None
    link = urljoin(settings.PUBLIC_URL, reverse("admin:ingestion_eventname_changelist"))
    text = render_to_string("ingestion/mail/data_alerts.txt", {"troubles": found, "link": link})
    subject = _("%(tenant)s: %(what)s") % {"tenant": tenant.name, "what": found[0].title}
    try:
        send_mail(subject=subject, message=text, from_email=None, recipient_list=to)
    except OSError:
        log.exception("A mail about data in trouble could not be sent")
        return clock() + TRY_AGAIN
    with tenant_context(tenant_id):
        DataAlert.objects.filter(pk__in=[trouble.alert.pk for trouble in found]).update(told_at=clock())
    return None
