"""How long history is kept, what there is of it by month, and what goes next."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from charts import Bar, BarChart, BarSeries, figure
from ingestion.models import Trim
from ingestion.operations import change_retention, pause_trim, resume_trim
from ingestion.queries.retention import retention_of
from ingestion.queries.storage import Going, MonthHeld, months_held, what_would_go
from tenants.console import actor, page
from tenants.context import current_tenant_id
from tenants.models import Tenant
from tenants.operations import Refused
from tenants.queries import get_tenant

CHARTED = 24  # months
LONGEST = 600


class RetentionForm(forms.Form):
    """Whole months besides the current one; empty: no limit of its own."""

    event_months = forms.IntegerField(
        label=gettext_lazy("Months of raw events"),
        required=False,
        min_value=1,
        max_value=LONGEST,
        help_text=gettext_lazy("Besides the current month. Empty: as long as the platform keeps them."),
    )
    activity_months = forms.IntegerField(
        label=gettext_lazy("Months of activity"),
        required=False,
        min_value=1,
        max_value=LONGEST,
        help_text=gettext_lazy("What scores are computed from. Empty: for ever."),
    )


@dataclass(frozen=True)
class Choice:
    """What was written into the form, and what would go by it."""

    form: RetentionForm
    going: Going | None = None


def show_storage(request: HttpRequest) -> HttpResponse:
    """GET: what there is. POST: look at what would go by other numbers of months, or (do=save) keep those."""
    _check(request, "view" if request.method == "GET" else "change")
    now, tenant = timezone.now(), get_tenant(current_tenant_id())
    choice = _choose(request, tenant, now) if request.method == "POST" else Choice(_form_of(tenant))
    if choice is None:
        return redirect("admin:ingestion_trim_changelist")
    months = months_held(tenant)
    kept = retention_of(tenant, now=now)
    context = {
        "form": choice.form,
        "going": choice.going,
        "months": months,
        "events": sum(month.events for month in months),
        "bytes": sum(month.bytes or 0 for month in months),
        "next": next((month for month in months if month.goes_on and month.goes_on > now.date()), None),
        "chart": figure(chart_of(months[-CHARTED:], kept.events), sizes=("narrow", "medium"), heading=False),
        "most": settings.EVENT_KEEP_MONTHS,
        "tenant_kept": tenant,
        "open_trim": Trim.objects.filter(finished_at=None).first(),
        "past": Trim.objects.exclude(finished_at=None).order_by("-finished_at")[:12],
        "title": _("Storage"),
        "opts": Trim._meta,
    }
    return page(request, "ingestion/storage.html", context, status=422 if choice.form.errors else 200)


@require_POST
def move_trim(request: HttpRequest, key: UUID) -> HttpResponse:
    """Pause or resume the removal; the name of the pressed button says which."""
    _check(request, "change")
    trim = Trim.objects.filter(pk=key).first()
    moves = {"pause": pause_trim, "resume": resume_trim}
    move = moves.get(request.POST.get("do", ""))
    if trim is None or move is None:
        raise Http404
    try:
        move(trim=trim, by=actor(request), now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("admin:ingestion_trim_changelist")


def chart_of(months: list[MonthHeld], kept: date | None) -> BarChart:
    """Events by month of receipt; those that are going stand as their own colour and pattern."""

    def bars(are_going: bool) -> list[Bar]:
        goes = [kept is not None and month.month < kept for month in months]
        return [
            Bar(month.events if going is are_going else None)
            for month, going in zip(months, goes, strict=True)
        ]

    series = [BarSeries(_("Kept"), bars(False))]
    if any(bar.value is not None for bar in bars(True)):
        series.append(BarSeries(_("Going"), bars(True)))
    return BarChart(
        title=_("Raw events by month of receipt"),
        categories=[date_format(month.month, "M y") for month in months],
        series=series,
        stacked=True,
        category_name=_("Month"),
    )


def _choose(request: HttpRequest, tenant: Tenant, now: datetime) -> Choice | None:
    """None: it was saved."""
    form = RetentionForm(request.POST)
    if not form.is_valid():
        return Choice(form)
    if request.POST.get("do") != "save":
        return Choice(form, what_would_go(tenant, **form.cleaned_data, now=now))
    try:
        change_retention(**form.cleaned_data, by=actor(request), now=now)
    except ValidationError as refusal:
        form.add_error(None, refusal)
        return Choice(form)
    messages.success(request, _("Saved. What is older is removed in the background."))
    return None


def _form_of(tenant: Tenant) -> RetentionForm:
    return RetentionForm(
        initial={"event_months": tenant.event_months, "activity_months": tenant.activity_months}
    )


def _check(request: HttpRequest, verb: str) -> None:
    if not request.user.has_perm(f"ingestion.{verb}_trim"):  # type: ignore[union-attr]
        raise PermissionDenied
