"""Clean data: the rules about who does not count, what they mark, and what the built-in list of bots has caught."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from ingestion.forms.exclusions import HINTS, ExclusionForm
from ingestion.models import ExclusionRule
from ingestion.operations import create_exclusion, delete_exclusion
from ingestion.queries.exclusions import (
    EVENTS_LOOKED_AT,
    caught_bots,
    close_values,
    open_sweeps,
    reach_of,
    recent_senders,
    released_by,
    rule_rows,
)
from ingestion.rules.exclusion import is_bot
from tenants.console import actor, page


def list_rules(request: HttpRequest) -> HttpResponse:
    """All rules by kind with whom they mark, work in progress, and the bots of late."""
    _check(request, "view")
    context = {
        "rows": rule_rows(),
        "bots": caught_bots(recent_senders()),
        "looked_at": EVENTS_LOOKED_AT,
        "sweeps": open_sweeps(),
        "title": _("Clean data"),
        "opts": ExclusionRule._meta,
    }
    return page(request, "ingestion/exclusions.html", context)


def show_progress(request: HttpRequest) -> HttpResponse:
    """How far rules that mark many have come; asked for again until they are done."""
    _check(request, "view")
    return page(request, "ingestion/_exclusion_sweeps.html", {"sweeps": open_sweeps()})


def add_rule(request: HttpRequest) -> HttpResponse:
    """GET shows an empty form; POST adds the rule."""
    _check(request, "add")
    form = ExclusionForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and _added(request, form):
        return redirect("admin:ingestion_exclusionrule_changelist")
    context = {"form": form, "hints": _hints(), "title": _("New rule"), "opts": ExclusionRule._meta}
    return page(request, "ingestion/exclusion_add.html", context, status=422 if form.errors else 200)


def preview_rule(request: HttpRequest) -> HttpResponse:
    """The panel beside the form: whom the rule would mark, as typed and not saved."""
    _check(request, "add")
    form = ExclusionForm(request.GET)
    context: dict[str, object] = {}
    if form.is_valid():
        kind, value = form.cleaned_data["kind"], form.cleaned_data["value"]
        reach = reach_of(kind, value)
        context = {
            "value": value,
            "reach": reach,
            "close": close_values(kind, value) if reach.is_nobody else [],
            "is_known_bot": kind == ExclusionRule.Kind.USER_AGENT and is_bot(value),
        }
    elif request.GET.get("value", "").strip():
        context = {"errors": form.errors.get("value", [])}
    return page(request, "ingestion/_exclusion_reach.html", context)


def delete_rule(request: HttpRequest, key: UUID) -> HttpResponse:
    """GET says who would count again; POST deletes the rule."""
    _check(request, "delete")
    rule = ExclusionRule.objects.filter(pk=key).first()
    if rule is None:
        raise Http404
    if request.method == "POST":
        delete_exclusion(rule=rule, by=actor(request), now=timezone.now())
        messages.success(request, _("“%s” is deleted. Whom no other rule names counts again.") % rule.value)
        return redirect("admin:ingestion_exclusionrule_changelist")
    context = {
        "rule": rule,
        "reach": released_by(rule),
        "title": _("Delete this rule?"),
        "opts": ExclusionRule._meta,
        "original": rule,
    }
    return page(request, "ingestion/exclusion_delete.html", context)


def _added(request: HttpRequest, form: ExclusionForm) -> bool:
    data = form.cleaned_data
    try:
        rule = create_exclusion(
            kind=data["kind"], value=data["value"], note=data["note"], by=actor(request), now=timezone.now()
        )
    except ValidationError as refusal:
        form.add_error(None, refusal)
        return False
    messages.success(request, _("The rule is added: “%s” does not count.") % rule.value)
    return True


def _hints() -> list[tuple[str, str, str]]:
    """Name, example and meaning of each kind."""
    return [(str(ExclusionRule.Kind(kind).label), example, str(words)) for kind, example, words in HINTS]


def _check(request: HttpRequest, verb: str) -> None:
    if not request.user.has_perm(f"ingestion.{verb}_exclusionrule"):  # type: ignore[union-attr]
        raise PermissionDenied
