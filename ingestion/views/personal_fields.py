"""Which fields are personal: what their names say, and what somebody decided."""

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ingestion.models import PersonalField
from ingestion.operations import decide_personal_field, forget_personal_field
from ingestion.queries.personal_fields import fields_seen
from tenants.access import MATRIX, SEES_PERSONAL_DATA
from tenants.console import actor, page
from tenants.models import Role

PAGE = "admin:ingestion_personalfield_changelist"


class PersonalFieldForm(forms.Form):
    """`do`: flag, clear, or forget what was decided."""

    name = forms.CharField(
        label=gettext_lazy("Trait or property"),
        max_length=200,
        help_text=gettext_lazy("Also one that has not come yet. Upper and lower case are one."),
    )
    do = forms.ChoiceField(choices=[(word, word) for word in ("flag", "clear", "forget")], initial="flag")


def list_personal_fields(request: HttpRequest) -> HttpResponse:
    """GET: the fields. POST: decide about one, or take a decision back."""
    user = request.user
    if not user.has_perm("ingestion.view_personalfield"):  # type: ignore[union-attr]
        raise PermissionDenied
    may_change = user.has_perm("ingestion.change_personalfield")  # type: ignore[union-attr]
    form = PersonalFieldForm(request.POST if request.method == "POST" else None, initial={"do": "flag"})
    if request.method == "POST":
        if not may_change:
            raise PermissionDenied
        if form.is_valid() and _decided(request, form):
            return redirect(PAGE)
    fields = fields_seen()
    context = {
        "form": form,
        "personal": [row for row in fields if row.is_personal],
        "others": [row for row in fields if not row.is_personal],
        "may_change": may_change,
        "see": [Role(role).label for role in MATRIX if role in SEES_PERSONAL_DATA],
        "see_not": [Role(role).label for role in MATRIX if role not in SEES_PERSONAL_DATA],
        "title": _("Personal data"),
        "opts": PersonalField._meta,
    }
    return page(request, "ingestion/personal_fields.html", context, status=422 if form.errors else 200)


def _decided(request: HttpRequest, form: PersonalFieldForm) -> bool:
    name, do = form.cleaned_data["name"], form.cleaned_data["do"]
    by, now = actor(request), timezone.now()
    try:
        if do == "forget":
            forget_personal_field(name=name, by=by, now=now)
            messages.success(request, _("What the name “%s” says holds again.") % name)
        else:
            decide_personal_field(name=name, is_personal=do == "flag", by=by, now=now)
            words = _("“%s” is personal now.") if do == "flag" else _("“%s” is not personal any more.")
            messages.success(request, words % name)
    except ValidationError as refusal:
        form.add_error("name", refusal)
        return False
    return True
