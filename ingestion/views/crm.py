"""CRM connections: what is read, how far it is, and a try before anything is told."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ingestion import operations
from ingestion.forms.crm import CrmForm, values_of
from ingestion.models import CrmConnection
from ingestion.operations import TriedRecord
from ingestion.queries.crm import connections
from ingestion.queries.showing import glass
from ingestion.views.enrichments import say
from tenants.console import actor, page

LIST = "admin:ingestion_crmconnection_changelist"
CHANGE = "admin:ingestion_crmconnection_change"


def show_connections(request: HttpRequest) -> HttpResponse:
    """Which there are, how far they are and what they told."""
    _check(request, "view")
    context = {
        "connections": connections(),
        "now": timezone.now(),
        "title": _("CRM"),
        "opts": CrmConnection._meta,
    }
    return page(request, "ingestion/crm_connections.html", context)


def add_connection(request: HttpRequest) -> HttpResponse:
    """GET asks for it; POST adds it, switched off, and goes on to try it."""
    _check(request, "add")
    form = CrmForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            row = operations.create_crm_connection(said=form.said, by=actor(request), now=timezone.now())
        except ValidationError as refusal:
            say(form, refusal)
        else:
            messages.success(request, _("“%s” is saved, and still off. Try it first.") % row.name)
            return redirect("admin:ingestion_crmconnection_try", row.pk)
    context = {"form": form, "title": _("New CRM connection"), "opts": CrmConnection._meta}
    return page(request, "ingestion/crm_connection.html", context, status=422 if form.errors else 200)


def show_connection(request: HttpRequest, key: UUID) -> HttpResponse:
    """How far it is, and its settings. POST changes the settings."""
    row = _find(request, key, "change" if request.method == "POST" else "view")
    form = CrmForm(request.POST if request.method == "POST" else None, initial=values_of(row))
    if request.method == "POST" and form.is_valid():
        by, now = actor(request), timezone.now()
        try:
            operations.edit_crm_connection(connection=row, said=form.said, by=by, now=now)
        except ValidationError as refusal:
            say(form, refusal)
        else:
            messages.success(request, _("Saved. Everything is read again by these settings."))
            return redirect(CHANGE, row.pk)
    context = {"form": form, **_about(row)}
    return page(request, "ingestion/crm_connection.html", context, status=422 if form.errors else 200)


def try_connection(request: HttpRequest, key: UUID) -> HttpResponse:
    """POST asks for the first records and shows whose they are and what they would tell; nothing is changed."""
    row, tried, problem = _find(request, key, "change"), None, ""
    if request.method == "POST":
        try:
            tried = [_shown(each) for each in operations.try_crm(connection=row)]
        except ValidationError as refusal:
            problem = " ".join(refusal.messages)
    context = {**_about(row), "tried": tried, "problem": problem, "title": _("Try “%s”") % row.name}
    return page(request, "ingestion/crm_try.html", context, status=422 if problem else 200)


@require_POST
def act(request: HttpRequest, key: UUID) -> HttpResponse:
    """On, off, or everything again, as the button says (`do`)."""
    row, do = _find(request, key, "change"), request.POST.get("do")
    by, now = actor(request), timezone.now()
    if do == "again":
        operations.read_crm_again(connection=row, by=by, now=now)
        messages.success(request, _("Everything is read again from now on."))
    elif do in ("on", "off"):
        operations.switch_crm_connection(connection=row, is_enabled=do == "on", by=by, now=now)
        messages.success(request, _("It is on: records are being read.") if do == "on" else _("It is off."))
    else:
        raise Http404
    return redirect(CHANGE, row.pk)


def delete_connection(request: HttpRequest, key: UUID) -> HttpResponse:
    """GET says what goes and what stays; POST deletes it."""
    row = _find(request, key, "delete")
    if request.method == "POST":
        operations.delete_crm_connection(connection=row, by=actor(request), now=timezone.now())
        messages.success(request, _("“%s” is deleted.") % row.name)
        return redirect(LIST)
    context = {**_about(row), "title": _("Delete this connection?")}
    return page(request, "ingestion/crm_delete.html", context)


def _about(row: CrmConnection) -> dict[str, Any]:
    return {
        "connection": row,
        "now": timezone.now(),
        "title": row.name,
        "opts": CrmConnection._meta,
        "original": row,
    }


def _shown(tried: TriedRecord) -> dict[str, Any]:
    seen = glass()
    traits = seen.fields(tried.record.traits, of_person=True)
    return {
        "id": tried.record.id,
        "match": seen.text(tried.record.match),
        "keys": [seen.text(subject.key) for subject in tried.subjects],
        "traits": sorted(traits.items()),
        "problem": tried.record.problem,
    }


def _find(request: HttpRequest, key: UUID, verb: str) -> CrmConnection:
    _check(request, verb)
    row: CrmConnection | None = CrmConnection.objects.filter(pk=key).first()
    if row is None:
        raise Http404
    return row


def _check(request: HttpRequest, verb: str) -> None:
    if not request.user.has_perm(f"ingestion.{verb}_crmconnection"):  # type: ignore[union-attr]
        raise PermissionDenied
