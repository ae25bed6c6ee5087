"""Identity: what keeps strangers from becoming one person, and what it held back."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ingestion.forms.protection import IdentityLimitsForm, IdentityRuleForm
from ingestion.models import IdentityLimits, IdentityRule
from ingestion.operations import (
    change_identity_limits,
    create_identity_rule,
    delete_identity_rule,
    switch_accounts_from_email,
)
from ingestion.queries.protection import SHOWN, identity_overview, open_domain_sweep, open_redraw
from tenants.console import actor, page
from tenants.context import current_tenant_id
from tenants.queries import get_tenant

PAGE = "admin:ingestion_identityrule_changelist"
BUILT_IN = [
    "null",
    "undefined",
    "anonymous",
    "guest",
    "0",
    "00000000-0000-…",
    "-1",
    "true",
    "[object Object]",
]


def show_protection(request: HttpRequest) -> HttpResponse:
    """The limits, the ids that limits hold back, and the tenant's own rules. POST changes the limits."""
    _check(request, "view")
    if request.method == "POST":
        _check(request, "change")
    limits = IdentityLimits.objects.first() or IdentityLimits()
    form = IdentityLimitsForm(request.POST if request.method == "POST" else None, instance=limits)
    if request.method == "POST" and form.is_valid():
        change_identity_limits(**form.cleaned_data, by=actor(request), now=timezone.now())
        messages.success(request, _("The limits are saved. Who belongs together is drawn again by them."))
        return redirect(PAGE)
    context = {
        "overview": identity_overview(),
        "redraw": open_redraw(),
        "sweep": open_domain_sweep(),
        "is_by_domain": get_tenant(current_tenant_id()).accounts_from_email,
        "form": form,
        "built_in": BUILT_IN,
        "shown": SHOWN,
        "title": _("Identity"),
        "opts": IdentityRule._meta,
    }
    return page(request, "ingestion/protection.html", context, status=422 if form.errors else 200)


def show_redraw(request: HttpRequest) -> HttpResponse:
    """How far drawing again has come; asked for again until it is done."""
    _check(request, "view")
    return page(request, "ingestion/_redraw.html", {"redraw": open_redraw()})


@require_POST
def switch_domains(request: HttpRequest) -> HttpResponse:
    """Accounts by e-mail domain: `on=1` begins, anything else stops."""
    _check(request, "change")
    is_on = request.POST.get("on") == "1"
    switch_accounts_from_email(is_on=is_on, by=actor(request), now=timezone.now())
    words = (
        _("Users get the account of their e-mail's domain.")
        if is_on
        else _("Only your product names accounts.")
    )
    messages.success(request, f"{words} {_('Who is here already follows, and is scored again.')}")
    return redirect(PAGE)


def show_sweep(request: HttpRequest) -> HttpResponse:
    """How far persons have followed the switch; asked for again until they have."""
    _check(request, "view")
    return page(request, "ingestion/_domain_sweep.html", {"sweep": open_domain_sweep()})


def add_rule(request: HttpRequest) -> HttpResponse:
    """GET asks, for an id to block; POST adds the rule."""
    _check(request, "add")
    form = IdentityRuleForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        rule = _added(request, form, IdentityRule.Verdict.BLOCKED)
        if rule is not None:
            messages.success(request, _("“%s” joins nobody.") % rule.value)
            return redirect(PAGE)
    context = {"form": form, "title": _("Block an id"), "opts": IdentityRule._meta}
    return page(request, "ingestion/protection_add.html", context, status=422 if form.errors else 200)


def trust_id(request: HttpRequest) -> HttpResponse:
    """GET says what lifting the limit joins; POST lifts it for this id."""
    _check(request, "add")
    data = {
        "kind": IdentityRule.Kind.PERSON_ID,
        "value": request.GET.get("id", ""),
        "note": request.POST.get("note", ""),
    }
    if not data["value"].strip():
        raise Http404
    form = IdentityRuleForm(data)
    if request.method == "POST" and form.is_valid():
        rule = _added(request, form, IdentityRule.Verdict.TRUSTED)
        if rule is not None:
            messages.success(request, _("No limit holds for “%s” any more.") % rule.value)
            return redirect(PAGE)
    context = {
        "form": form,
        "value": data["value"],
        "title": _("Join it after all?"),
        "opts": IdentityRule._meta,
    }
    return page(request, "ingestion/protection_trust.html", context, status=422 if form.errors else 200)


def delete_rule(request: HttpRequest, key: UUID) -> HttpResponse:
    """GET says what becomes of the id; POST deletes the rule."""
    _check(request, "delete")
    rule = IdentityRule.objects.filter(pk=key).first()
    if rule is None:
        raise Http404
    if request.method == "POST":
        delete_identity_rule(rule=rule, by=actor(request), now=timezone.now())
        messages.success(request, _("The rule about “%s” is deleted.") % rule.value)
        return redirect(PAGE)
    context = {"rule": rule, "title": _("Delete this rule?"), "opts": IdentityRule._meta, "original": rule}
    return page(request, "ingestion/protection_delete.html", context)


def _added(request: HttpRequest, form: IdentityRuleForm, verdict: str) -> IdentityRule | None:
    try:
        return create_identity_rule(
            **form.cleaned_data, verdict=verdict, by=actor(request), now=timezone.now()
        )
    except ValidationError as refusal:
        form.add_error(None, refusal)
        return None


def _check(request: HttpRequest, verb: str) -> None:
    if not request.user.has_perm(f"ingestion.{verb}_identityrule"):  # type: ignore[union-attr]
        raise PermissionDenied
