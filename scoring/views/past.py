"""Routing PQLs of the past too: how many wait, by definition, and sending the best of them on."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Max, Min
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from scoring.forms.past import ReleaseForm
from scoring.models import Definition, Qualification
from scoring.operations import release_past
from scoring.queries.past import releasable_pqls
from tenants.access import Area, Level, access_of
from tenants.console import actor, page


def list_past(request: HttpRequest) -> HttpResponse:
    """What waits, a line for each definition."""
    access = access_of(request.user)
    if access.level(Area.ROUTING) < Level.CHANGE:
        raise PermissionDenied
    waiting = releasable_pqls(access).values("definition_id", "definition__name")
    rows = waiting.annotate(number=Count("pk"), low=Min("points"), high=Max("points")).order_by("-number")
    context = {"rows": rows, "title": _("PQLs of the past"), "opts": Qualification._meta}
    return page(request, "scoring/past.html", context)


def release(request: HttpRequest, key: UUID) -> HttpResponse:
    """GET: how many of a definition's? POST: send them to routing."""
    rows = releasable_pqls(access_of(request.user)).filter(definition=key)
    waiting = rows.count()
    definition = Definition.objects.filter(pk=key).select_related("business_unit").first()
    if definition is None or not waiting:
        raise Http404
    form = ReleaseForm(request.POST or None, waiting=waiting, initial={"number": min(waiting, 20)})
    if request.method == "POST" and form.is_valid():
        number = release_past(
            rows=rows, number=form.cleaned_data["number"], by=actor(request), now=timezone.now()
        )
        said = ngettext("%(n)s PQL goes to routing now.", "%(n)s PQLs go to routing now.", number)
        messages.success(request, said % {"n": f"{number:,}"})
        return redirect("admin:scoring_qualification_changelist")
    context = {
        "form": form,
        "definition": definition,
        "waiting": waiting,
        "title": _("Route PQLs of the past"),
        "opts": Qualification._meta,
    }
    return page(request, "scoring/past_release.html", context, status=422 if form.errors else 200)
