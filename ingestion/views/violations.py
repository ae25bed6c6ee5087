"""Where what arrives departs from the tracking plans, and making it part of a plan in one click."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from charts import Sparkline, draw
from ingestion.models import TrackingPlan, Violation
from ingestion.models.events import EventKind
from ingestion.operations import NeedsJson, accept_violation
from ingestion.queries.stream import sources
from ingestion.queries.violations import SHOWN, ViolationFilter, ViolationRow, violation_rows
from tenants.console import actor, page, sentences_of
from tenants.context import current_tenant_id
from tenants.csv_file import csv_file
from tenants.queries import get_tenant

FIELDS = ("plan", "source", "code", "event", "kind")


def list_violations(request: HttpRequest) -> HttpResponse:
    """The last seen first: `?plan=&source=&code=&event=&kind=`."""
    _check(request, "view_violation")
    wanted = _filter_from(request.GET)
    found = violation_rows(wanted, today=_today())
    if request.GET.get("format") == "csv":
        return _as_csv(found)
    given = {name: request.GET[name] for name in FIELDS if request.GET.get(name)}
    context = {
        "rows": [(row, _spark(row)) for row in found[:SHOWN]],
        "has_more": len(found) > SHOWN,
        "wanted": wanted,
        "sources": sources(),
        "plans": TrackingPlan.objects.order_by("name"),
        "codes": Violation.Code.choices,
        "query": urlencode(given),
        "has_plan": TrackingPlan.objects.exists(),
        "title": _("Violations"),
        "opts": Violation._meta,
    }
    return page(request, "ingestion/violations.html", context)


@require_POST
def accept(request: HttpRequest, key: int) -> HttpResponse:
    """One click: the plan's draft says from now on that this is right."""
    _check(request, "change_trackingplan")
    row = Violation.objects.select_related("plan").filter(pk=key).first()
    if row is None:
        raise Http404
    try:
        accept_violation(violation=row, by=actor(request), now=timezone.now())
    except (ValidationError, NeedsJson) as refusal:
        for text in sentences_of(refusal):
            messages.error(request, text)
    else:
        messages.success(request, _("It is in the draft. Review and publish it to make it hold."))
        return redirect("admin:ingestion_trackingplan_page", row.plan_id)
    wanted = urlencode({"plan": row.plan_id, "event": row.event_name})
    return redirect(f"{reverse('admin:ingestion_violation_changelist')}?{wanted}")


def _filter_from(data: Mapping[str, str]) -> ViolationFilter:
    """What cannot be read does not filter."""
    code, kind = data.get("code", ""), data.get("kind", "")
    return ViolationFilter(
        plan_id=_uuid(data.get("plan", "")),
        source_id=_uuid(data.get("source", "")),
        code=code if code in Violation.Code.values else "",
        event=data["event"].replace("\x00", "") if "event" in data and (data["event"] or kind) else None,
        kind=int(kind) if kind.isascii() and kind.isdigit() and int(kind) in EventKind.values else None,
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _spark(row: ViolationRow) -> Any:
    return draw(Sparkline(title=_("Events per day, last 30 days"), values=row.days), width=120)


def _as_csv(rows: list[ViolationRow]) -> HttpResponse:
    header = [
        _("plan"), _("source"), _("event"), _("what"), _("property"), _("expected"), _("got"), _("events"),
        _("last 30 days"), _("first seen"), _("last seen"), _("SDK"),
    ]  # fmt: skip
    lines = [
        [
            row.violation.plan.name, row.source, row.violation.event_name, row.violation.get_code_display(),
            row.violation.property, row.violation.expected, row.violation.got, row.violation.number, row.lately,
            row.violation.first_seen_at.isoformat(), row.violation.last_seen_at.isoformat(), row.violation.library,
        ]
        for row in rows
    ]  # fmt: skip
    return csv_file("violations", [header, *lines])


def _today() -> date:
    return timezone.now().astimezone(get_tenant(current_tenant_id()).zone).date()


def _check(request: HttpRequest, permission: str) -> None:
    if not request.user.has_perm(f"ingestion.{permission}"):  # type: ignore[union-attr]
        raise PermissionDenied
