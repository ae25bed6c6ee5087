"""The pages of the reports: read the filters, ask one report, show it as a page, a fragment or CSV."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from reports import reports
from reports.forms import FilterForm, RowsForm
from tenants.access import Area, Level, access_of, units_visible_to
from tenants.console import is_fragment, page
from tenants.csv_file import csv_file
from tenants.models import BusinessUnit

PERMISSION = "reports.view_report"
TABS = [
    ("overview", _("Overview")),
    ("trend", _("PQLs over time")),
    ("rate", _("PQL rate")),
    ("speed", _("Time to PQL")),
    ("conversion", _("PQL to goal")),
    ("funnel", _("Funnel")),
    ("health", _("Definition health")),
]
# Filters that change nothing on a report are not offered there.
UNUSED = {
    "overview": [],
    "trend": ["window"],
    "rate": [],
    "speed": ["grain", "window"],
    "conversion": ["window"],
    "funnel": ["grain", "window"],
    "health": ["definition", "band", "grain", "window"],
}
View = Callable[..., HttpResponse]


def report_page(view: View) -> View:
    """Inside the console, for members who may see reports; others get 403."""

    @wraps(view)
    def checked(request: HttpRequest, **values: Any) -> HttpResponse:
        if getattr(request, "tenant", None) is None or not request.user.has_perm(PERMISSION):  # type: ignore[union-attr]
            raise PermissionDenied
        return view(request, **values)

    return admin.site.admin_view(checked)


@report_page
def show(request: HttpRequest, name: str) -> HttpResponse:
    """One report, by its name in reports.REPORTS."""
    form = filter_form(request, about_one=name in reports.ABOUT_ONE)
    template = "reports/_report.html" if is_fragment(request) else "reports/report.html"
    context: dict[str, Any] = {
        "title": dict(TABS)[name],
        "name": name,
        "tabs": TABS,
        "form": form,
        "unused": UNUSED[name],
        "method_template": f"reports/_method_{name}.html",
    }
    if not form.is_valid():
        # htmx shows only answers that went well, and the sentence in the form is all there is to show.
        return page(request, template, context, status=200 if is_fragment(request) else 422)
    report = reports.REPORTS[name](form.question())
    if request.GET.get("format") == "csv":
        return csv_file(f"pqlhub-{name}", report.sheet)
    return page(request, template, context | {"report": report, "csv_url": _csv_url(request)})


@report_page
def rows(request: HttpRequest) -> HttpResponse:
    """Who is behind a number; `part` and `cohort` say which."""
    form = filter_form(request, about_one=True)
    context: dict[str, Any] = {"title": _("Behind the number"), "form": form}
    if not form.is_valid() or not form.scope:
        return page(request, "reports/rows.html", context, status=422)
    question = form.question()
    which = RowsForm(request.GET, parts=reports.PARTS, cohorts=question.cohorts)
    if not which.is_valid():
        return page(request, "reports/rows.html", context | {"which": which}, status=422)
    as_csv = request.GET.get("format") == "csv"
    lens = question.lens()
    found = reports.rows_behind(
        question,
        lens,
        **which.cleaned_data,
        shows_names=access_of(request.user).level(Area.PEOPLE) >= Level.VIEW,
        limit=reports.EXPORTED if as_csv else reports.SHOWN,
    )
    if as_csv:
        return csv_file(f"pqlhub-{which.cleaned_data['part']}", found.sheet)
    context |= {"rows": found, "definition": lens.definition, "csv_url": _csv_url(request)}
    return page(request, "reports/rows.html", context)


def filter_form(request: HttpRequest, *, about_one: bool = False) -> FilterForm:
    """The filters of this request; the console's own choice of a unit holds until another one is made here."""
    unit_id, access = getattr(request, "unit_id", None), access_of(request.user)
    return FilterForm(
        request.GET,
        visible=access.visible(Area.REPORTS, "business_unit__path"),
        units=units_visible_to(access, Area.REPORTS),
        sees_held_out=access.sees_held_out,
        zone=request.tenant.zone,  # type: ignore[attr-defined]
        now=timezone.now(),
        unit=BusinessUnit.objects.filter(pk=unit_id).first() if unit_id else None,
        about_one=about_one,
    )


def _csv_url(request: HttpRequest) -> str:
    query = request.GET.copy()
    query["format"] = "csv"
    return f"{request.path}?{query.urlencode()}"
