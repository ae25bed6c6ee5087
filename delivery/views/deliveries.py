"""The page of a delivery: what was sent, and every attempt with its answer."""

import json
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from delivery.connectors.webhook import message_id
from delivery.models import Delivery
from delivery.operations import replay_delivery
from delivery.queries import FINISHED_STATES, attempts_of
from delivery.views.destinations import may_change
from ingestion.queries.showing import glass
from ingestion.rules.personal_fields import HIDDEN
from tenants.access import Area
from tenants.console import actor, find_visible, page


def _shown(payload: Any) -> str:
    """What is sent, for whoever is looking: the name of a person is a person's, whatever field it is in."""
    seen = glass()
    shown = seen.fields(payload)
    subject = shown.get("subject")
    if not seen.is_clear and isinstance(subject, dict) and subject.get("kind") == "person":
        shown = shown | {"subject": subject | {"label": HIDDEN}}
    return json.dumps(shown, indent=2, ensure_ascii=False)


def show_delivery(request: HttpRequest, key: UUID) -> HttpResponse:
    delivery = _get_delivery(request, key)
    context = {
        "title": f"{delivery.event_type} · {delivery.destination}",
        "delivery": delivery,
        "message_id": message_id(delivery.pk),
        "attempts": list(attempts_of(delivery)[:50]),
        "payload": _shown(delivery.payload),
        "may_replay": delivery.state in FINISHED_STATES and may_change(request, delivery.destination),
        "original": delivery,
        "opts": Delivery._meta,
    }
    return page(request, "delivery/delivery.html", context)


@require_POST
def replay(request: HttpRequest, key: UUID) -> HttpResponse:
    delivery = _get_delivery(request, key)
    if not may_change(request, delivery.destination):
        raise PermissionDenied
    try:
        replay_delivery(delivery=delivery, by=actor(request), now=timezone.now())
    except ValueError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Sent again, under the same webhook-id."))
    return redirect("admin:delivery_delivery_page", delivery.pk)


def _get_delivery(request: HttpRequest, key: UUID) -> Delivery:
    rows = Delivery.objects.select_related("destination__business_unit")
    return find_visible(request, rows, Area.DESTINATIONS, key, unit_lookup="destination__business_unit")
