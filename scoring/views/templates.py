"""Starting a definition from a template: choose one, say which events are which, get a draft with a live preview."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from ingestion.queries.catalogue import event_names
from scoring.forms.template import TemplateForm
from scoring.models import Definition
from scoring.operations import DraftRefused
from scoring.operations.templates import SlotMissing, create_from_template
from scoring.rules.templates import TEMPLATES, template
from tenants.access import Area, Level, access_of, units_visible_to
from tenants.console import actor, page

NAMES_OFFERED = 500


def choose_template(request: HttpRequest) -> HttpResponse:
    """The gallery."""
    _check(request)
    context = {"templates": TEMPLATES, "title": _("Start from a template"), "opts": Definition._meta}
    return page(request, "scoring/templates.html", context)


def use_template(request: HttpRequest, key: str) -> HttpResponse:
    """GET: the form with likely events filled in. POST: make the draft."""
    _check(request)
    try:
        chosen = template(key)
    except KeyError as error:
        raise Http404 from error
    units = units_visible_to(access_of(request.user), Area.DEFINITIONS, Level.CHANGE)
    names = sorted({known.name for known in event_names(limit=NAMES_OFFERED) if known.name})
    form = TemplateForm(request.POST or None, template=chosen, units=units, names=names)
    if request.method == "POST" and form.is_valid():
        try:
            definition = create_from_template(
                template=chosen,
                business_unit=form.cleaned_data["business_unit"],
                name=form.cleaned_data["name"],
                events=form.events,
                by=actor(request),
                now=timezone.now(),
            )
            return redirect("admin:scoring_definition_draft", definition.pk)
        except SlotMissing as missing:
            form.add_error(f"slot_{missing.slot}", str(missing))
        except (ValidationError, DraftRefused) as refused:
            form.add_error(None, refused.messages if isinstance(refused, ValidationError) else str(refused))
    context = {
        "form": form,
        "template": chosen,
        "has_events": bool(names),
        "title": _(chosen.name),
        "opts": Definition._meta,
    }
    return page(request, "scoring/template.html", context, status=422 if form.errors else 200)


def _check(request: HttpRequest) -> None:
    if access_of(request.user).level(Area.DEFINITIONS) < Level.CHANGE:
        raise PermissionDenied
