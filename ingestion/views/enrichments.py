"""Enrichments: vendors that are asked what they know of the company of a domain."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ingestion import operations
from ingestion.forms.enrichments import EnrichmentForm, TrialForm, values_of
from ingestion.models import Enrichment
from ingestion.queries.enrichments import budget_today, enrichment_lines, last_answers
from tenants.console import actor, page

LIST = "admin:ingestion_enrichment_changelist"
CHANGE = "admin:ingestion_enrichment_change"


def show_enrichments(request: HttpRequest) -> HttpResponse:
    """Which there are, what they found, what they used of today's calls."""
    _check(request, "view")
    context = {
        "lines": enrichment_lines(now=timezone.now()),
        "now": timezone.now(),
        "title": _("Enrichment"),
        "opts": Enrichment._meta,
    }
    return page(request, "ingestion/enrichments.html", context)


def add_enrichment(request: HttpRequest) -> HttpResponse:
    """GET asks for it; POST adds it, switched off, and goes on to try it."""
    _check(request, "add")
    form = EnrichmentForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            row = operations.create_enrichment(**form.cleaned_data, by=actor(request), now=timezone.now())
        except ValidationError as refusal:
            say(form, refusal)
        else:
            messages.success(request, _("“%s” is saved, and still off. Try it with a domain.") % row.name)
            return redirect("admin:ingestion_enrichment_try", row.pk)
    context = {"form": form, "title": _("New enrichment"), "opts": Enrichment._meta}
    return page(request, "ingestion/enrichment.html", context, status=422 if form.errors else 200)


def show_enrichment(request: HttpRequest, key: UUID) -> HttpResponse:
    """Its state, its settings and the last answers. POST changes the settings."""
    row = _find(request, key, "change" if request.method == "POST" else "view")
    form = EnrichmentForm(request.POST if request.method == "POST" else None, initial=values_of(row))
    if request.method == "POST" and form.is_valid():
        try:
            operations.edit_enrichment(
                enrichment=row, **form.cleaned_data, by=actor(request), now=timezone.now()
            )
        except ValidationError as refusal:
            say(form, refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect(CHANGE, row.pk)
    context = {
        "form": form,
        "enrichment": row,
        "today": budget_today(row, zone=timezone.get_current_timezone(), now=timezone.now()),
        "answers": last_answers(row),
        "now": timezone.now(),
        "title": row.name,
        "opts": Enrichment._meta,
        "original": row,
    }
    return page(request, "ingestion/enrichment.html", context, status=422 if form.errors else 200)


def try_domain(request: HttpRequest, key: UUID) -> HttpResponse:
    """POST asks about one domain and shows what came back and what it would tell; no account is changed."""
    row, trial = _find(request, key, "change"), None
    form = TrialForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            trial = operations.try_enrichment(
                enrichment=row, **form.cleaned_data, by=actor(request), now=timezone.now()
            )
        except ValidationError as refusal:
            say(form, refusal)
    context = {
        "form": form,
        "enrichment": row,
        "trial": trial,
        "title": _("Try it with a domain"),
        "opts": Enrichment._meta,
        "original": row,
    }
    return page(request, "ingestion/enrichment_try.html", context, status=422 if form.errors else 200)


@require_POST
def switch(request: HttpRequest, key: UUID) -> HttpResponse:
    """On or off, as the button says."""
    row, is_enabled = _find(request, key, "change"), request.POST.get("do") == "on"
    operations.switch_enrichment(enrichment=row, is_enabled=is_enabled, by=actor(request), now=timezone.now())
    messages.success(
        request, _("It is on: accounts are being asked about.") if is_enabled else _("It is off.")
    )
    return redirect(CHANGE, row.pk)


def delete_enrichment(request: HttpRequest, key: UUID) -> HttpResponse:
    """GET says what goes and what stays; POST deletes it."""
    row = _find(request, key, "delete")
    if request.method == "POST":
        operations.delete_enrichment(enrichment=row, by=actor(request), now=timezone.now())
        messages.success(request, _("“%s” is deleted.") % row.name)
        return redirect(LIST)
    context = {
        "enrichment": row,
        "title": _("Delete this enrichment?"),
        "opts": Enrichment._meta,
        "original": row,
    }
    return page(request, "ingestion/enrichment_delete.html", context)


def _find(request: HttpRequest, key: UUID, verb: str) -> Enrichment:
    _check(request, verb)
    row: Enrichment | None = Enrichment.objects.filter(pk=key).first()
    if row is None:
        raise Http404
    return row


def _check(request: HttpRequest, verb: str) -> None:
    if not request.user.has_perm(f"ingestion.{verb}_enrichment"):  # type: ignore[union-attr]
        raise PermissionDenied


def say(form: forms.Form, refusal: ValidationError) -> None:
    """What the operation refuses, beside the field it is about."""
    by_field = refusal.message_dict if hasattr(refusal, "error_dict") else {"__all__": refusal.messages}
    for field, words in by_field.items():
        for sentence in words:
            form.add_error(field if field in form.fields else None, sentence)
