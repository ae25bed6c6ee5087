"""The page of a lead, and what one does on it. Every answer to htmx is the same fragment again."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ingestion.queries.showing import glass
from routing.forms.wording import read_trace
from routing.models import Lead
from routing.operations import dispose, reassign, release_held_out, reopen
from routing.queries.cases import Subject
from routing.queries.lead_page import lead_page
from routing.queries.tables import reps_of
from routing.queries.visible import may_hand_on, may_release, visible_leads
from routing.views import panels
from routing.views.access import get_lead, get_workable, may_work
from routing.views.advice import next_step
from tenants.access import access_of
from tenants.console import actor, page


def show_lead(request: HttpRequest, key: UUID) -> HttpResponse:
    lead = get_lead(request, key, held_out_too=True)
    return page(request, "routing/lead.html", _context(request, lead))


@require_POST
def dispose_lead(request: HttpRequest, key: UUID) -> HttpResponse:
    """Form fields: disposition, reason."""
    lead = get_workable(request, key)
    said, reason = request.POST.get("disposition", ""), request.POST.get("reason", "")
    return _do(
        request,
        lead,
        lambda: dispose(lead=lead, disposition=said, reason=reason, by=actor(request), now=timezone.now()),
    )


@require_POST
def reopen_lead(request: HttpRequest, key: UUID) -> HttpResponse:
    lead = get_workable(request, key)
    return _do(request, lead, lambda: reopen(lead=lead, by=actor(request), now=timezone.now()))


@require_POST
def reassign_lead(request: HttpRequest, key: UUID) -> HttpResponse:
    """Form field: rep (a membership)."""
    lead = get_lead(request, key)
    if not may_hand_on(access_of(request.user), lead):
        raise PermissionDenied
    wanted = request.POST.get("rep", "")
    membership = next((row for row in reps_of(lead.business_unit) if str(row.pk) == wanted), None)
    if membership is None:
        return _answer(request, lead, problem=_("Choose who should have this lead."))
    return _do(
        request,
        lead,
        lambda: reassign(lead=lead, membership=membership, by=actor(request), now=timezone.now()),
    )


@require_POST
def release_lead(request: HttpRequest, key: UUID) -> HttpResponse:
    """Form field: reason."""
    lead = get_lead(request, key, held_out_too=True)
    if not may_release(access_of(request.user), lead):
        raise PermissionDenied
    reason = request.POST.get("reason", "")
    return _do(
        request,
        lead,
        lambda: release_held_out(lead=lead, reason=reason, by=actor(request), now=timezone.now()),
    )


def _do(request: HttpRequest, lead: Lead, work: Callable[[], Any]) -> HttpResponse:
    try:
        work()
    except ValueError as refusal:  # NotAllowed, NotHeldOut, a missing reason: each says what to do
        return _answer(request, lead, problem=str(refusal))
    return _answer(request, get_lead(request, lead.pk, held_out_too=True))


def _answer(request: HttpRequest, lead: Lead, *, problem: str = "") -> HttpResponse:
    """The fragment for htmx, a redirect for a plain form."""
    if request.htmx:  # type: ignore[attr-defined]
        status = 422 if problem else 200
        return page(request, "routing/_lead.html", _context(request, lead, problem=problem), status=status)
    if problem:
        messages.error(request, problem)
    return redirect("admin:routing_lead_page", lead.pk)


def _traits(subject: Subject) -> dict[str, Any]:
    seen = glass()
    person, account = subject.person, subject.account
    return {
        "person_traits": panels.shown_traits(seen.fields(person.traits, of_person=True)) if person else [],
        "account_traits": panels.shown_traits(seen.fields(account.traits)) if account else [],
    }


def _context(request: HttpRequest, lead: Lead, *, problem: str = "") -> dict[str, Any]:
    access, now = access_of(request.user), timezone.now()
    shown = lead_page(lead, visible=visible_leads(access))
    hands_on = lead.state != Lead.State.CLOSED and may_hand_on(access, lead)
    is_held_out = lead.state == Lead.State.HELD_OUT
    return {
        "title": lead.shown_label,
        "original": lead,
        "opts": Lead._meta,
        "page": shown,
        "lead": lead,
        "now": now,
        "is_late": lead.state == Lead.State.NEW and lead.respond_by is not None and lead.respond_by < now,
        "is_held_out": is_held_out,
        "next_step": next_step(shown, now=now),
        "why": panels.why_chart(shown),
        "history": panels.history_chart(shown, now=now),
        **_traits(shown.subject),
        "trace": read_trace(lead.trace),
        "may_work": not is_held_out and may_work(request, lead),
        "dispositions": panels.next_dispositions(lead),
        "may_reject": panels.may_reject(lead),
        "reasons": panels.REJECTION_REASONS,
        "reps": reps_of(lead.business_unit) if hands_on and not is_held_out else [],
        "may_release": is_held_out and lead.closed_at is None and may_release(access, lead),
        "sees_deliveries": request.user.has_perm("delivery.view_delivery"),  # type: ignore[union-attr]
        "sees_people": request.user.has_perm("ingestion.view_person"),  # type: ignore[union-attr]
        "problem": problem,
    }
