"""Which traits say that somebody does not want to be contacted."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from ingestion.models import ContactRule
from ingestion.operations import add_contact_rule, delete_contact_rule
from ingestion.rules.consent import BUILT_IN
from tenants.console import actor, page


class ContactRuleForm(forms.Form):
    """A trait and its value."""

    trait = forms.CharField(
        label=gettext_lazy("Trait"),
        max_length=200,
        help_text=gettext_lazy("For example consent.Advertising, or marketing_opt_in."),
    )
    value = forms.CharField(
        label=gettext_lazy("Value that means: do not contact"),
        max_length=200,
        help_text=gettext_lazy("For example false. Upper and lower case are one."),
    )


def list_contact_rules(request: HttpRequest) -> HttpResponse:
    """GET: the rules. POST: add one."""
    _check(request, "view" if request.method == "GET" else "add")
    form = ContactRuleForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            rule = add_contact_rule(**form.cleaned_data, by=actor(request), now=timezone.now())
            messages.success(request, _("Whoever has “%s” is not contacted from now on.") % rule)
            return redirect("admin:ingestion_contactrule_changelist")
        except ValidationError as refusal:
            form.add_error(None, refusal)
    context = {
        "form": form,
        "rules": ContactRule.objects.order_by("trait", "value"),
        "built_in": BUILT_IN,
        "title": _("Do not contact"),
        "opts": ContactRule._meta,
    }
    return page(request, "ingestion/contact_rules.html", context, status=422 if form.errors else 200)


@require_POST
def delete_rule(request: HttpRequest, key: UUID) -> HttpResponse:
    _check(request, "delete")
    rule = ContactRule.objects.filter(pk=key).first()
    if rule is None:
        raise Http404
    delete_contact_rule(rule=rule, by=actor(request), now=timezone.now())
    messages.success(request, _("“%s” forbids nothing any more.") % rule)
    return redirect("admin:ingestion_contactrule_changelist")


def _check(request: HttpRequest, verb: str) -> None:
    if not request.user.has_perm(f"ingestion.{verb}_contactrule"):  # type: ignore[union-attr]
        raise PermissionDenied
