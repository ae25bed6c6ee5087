"""The list of leads."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.text import slugify
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ingestion.queries.paging import starts_with
from routing.models import Lead
from routing.queries.cases import top_reasons
from routing.queries.visible import visible_leads
from routing.views import leads
from routing.views.export import leads_as_csv
from scoring.models import Definition
from tenants.access import access_of
from tenants.console import ReadOnlyAdmin
from tenants.csv_file import MOST_ROWS
from tenants.models import Membership
from tenants.viewer import hides_personal_data


class ShowFilter(admin.SimpleListFilter):
    """Open leads unless asked otherwise."""

    title = gettext_lazy("show")
    parameter_name = "show"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("closed", _("closed")), ("all", _("open and closed"))]

    def choices(self, changelist: Any) -> Any:
        rows = list(super().choices(changelist))
        rows[0]["display"] = _("open")
        return rows

    def queryset(self, request: HttpRequest, queryset: QuerySet[Lead]) -> QuerySet[Lead]:
        if self.value() == "closed" or (self.value() is None and "state__exact" not in request.GET):
            wanted = {"state": Lead.State.CLOSED}
            return queryset.filter(**wanted) if self.value() else queryset.exclude(**wanted)
        return queryset


class LateFilter(admin.SimpleListFilter):
    title = gettext_lazy("answer")
    parameter_name = "late"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("1", _("late"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Lead]) -> QuerySet[Lead]:
        if self.value() == "1":
            return queryset.filter(state=Lead.State.NEW, respond_by__lt=timezone.now())
        return queryset


class DefinitionFilter(admin.SimpleListFilter):
    title = gettext_lazy("definition")
    parameter_name = "definition"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Of leads this user may see: a rep has no other look at definitions."""
        used = visible_leads(access_of(request.user)).values("qualification__definition_id")
        return [(str(row.pk), row.name) for row in Definition.objects.filter(pk__in=used).order_by("name")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Lead]) -> QuerySet[Lead]:
        return queryset.filter(qualification__definition_id=key) if (key := _uuid(self.value())) else queryset


class RepFilter(admin.SimpleListFilter):
    title = gettext_lazy("rep")
    parameter_name = "rep"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        used = visible_leads(access_of(request.user)).values("rep_id")
        rows = Membership.objects.filter(pk__in=used).select_related("user").order_by("user__name", "id")
        return [(str(row.pk), str(row.user)) for row in rows]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Lead]) -> QuerySet[Lead]:
        return queryset.filter(rep_id=key) if (key := _uuid(self.value())) else queryset


@admin.register(Lead)
class LeadAdmin(ReadOnlyAdmin):
    """A rep's own leads, a manager's team's. Held-out leads are in no list of leads, whoever looks."""

    list_display = ["who", "score", "why", "waiting", "owner", "standing"]
    list_filter = [ShowFilter, "state", LateFilter, "band", "disposition", RepFilter, DefinitionFilter]
    list_filter_submit = True
    search_fields = ["search"]
    search_help_text = gettext_lazy("Beginning of the person's or the account's name")
    list_select_related = ["rep__user", "qualification__definition"]
    ordering = ["-created_at", "-id"]
    actions = None
    list_before_template = "routing/_leads_tools.html"
    empty_template = "routing/_no_leads.html"

    def get_urls(self) -> list[Any]:
        return [
            self.own_path("<uuid:key>/change/", leads.show_lead, "page"),
            self.own_path("<uuid:key>/dispose/", leads.dispose_lead, "dispose"),
            self.own_path("<uuid:key>/reopen/", leads.reopen_lead, "reopen"),
            self.own_path("<uuid:key>/reassign/", leads.reassign_lead, "reassign"),
            self.own_path("<uuid:key>/release/", leads.release_lead, "release"),
            # "_changelist": narrowed to the chosen unit like the list
            self.own_path("export/", self.export_view, "export_changelist"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Lead]:
        visible = visible_leads(access_of(request.user)).values("pk")
        return super().get_queryset(request).filter(pk__in=visible)

    def get_list_display(self, request: HttpRequest) -> list[str]:
        own_only = access_of(request.user).only_own_leads
        return [column for column in self.list_display if not (own_only and column == "owner")]

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        own_only = access_of(request.user).only_own_leads
        return [row for row in self.list_filter if not (own_only and row is RepFilter)]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Lead], search_term: str
    ) -> tuple[QuerySet[Lead], bool]:
        text = search_term.strip().lower()
        if text:
            by_account = Q(starts_with("account_search", text))
            # Who may not see a name must not find it out letter by letter either.
            found = by_account if hides_personal_data() else by_account | Q(starts_with("search", text))
            queryset = queryset.filter(found)
        return queryset, False

    def export_view(self, request: HttpRequest) -> HttpResponse:
        """What the list shows, with its filters and search."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = self.get_changelist_instance(request).get_queryset(request)
        return leads_as_csv(rows.select_related("rep__user", "qualification__definition")[:MOST_ROWS])

    @admin.display(description=gettext_lazy("Lead"), ordering="subject_label")
    def who(self, obj: Lead) -> str:
        return format_html(
            '<span class="pq-strong">{}</span> <span class="pq-muted pq-below">{}</span>',
            obj.shown_label,
            obj.shown_account_label or obj.qualification.definition,
        )

    @admin.display(description=gettext_lazy("Score"), ordering="points")
    def score(self, obj: Lead) -> str:
        return format_html(
            '<b class="pq-lead-points">{}</b> <span class="pq-band-{}">{}</span>',
            f"{obj.points / 100:g}",
            slugify(obj.band),
            obj.band,
        )

    @admin.display(description=gettext_lazy("Why"))
    def why(self, obj: Lead) -> str:
        reasons = top_reasons(obj.qualification.contributions, 3)
        lines = ((line["name"], f"{line['points'] / 100:+g}") for line in reasons)
        return format_html(
            '<ul class="pq-reasons">{}</ul>',
            format_html_join("", '<li>{} <span class="pq-muted">{}</span></li>', lines),
        )

    @admin.display(description=gettext_lazy("Waiting"), ordering="created_at")
    def waiting(self, obj: Lead) -> str:
        now = timezone.now()
        age = timesince(obj.created_at, now, depth=1)
        if obj.state != Lead.State.NEW or obj.respond_by is None:
            return age
        late = obj.respond_by < now
        tag = "pq-tag pq-tag-bad" if late else "pq-tag"
        text = (
            _("%(time)s late") % {"time": timesince(obj.respond_by, now, depth=1)}
            if late
            else _("%(time)s left") % {"time": timesince(now, obj.respond_by, depth=1)}
        )
        return format_html('{} <span class="{}">{}</span>', age, tag, text)

    @admin.display(description=gettext_lazy("Rep"), ordering="rep__user__name", empty_value="–")
    def owner(self, obj: Lead) -> str | None:
        return str(obj.rep.user) if obj.rep else None

    @admin.display(description=gettext_lazy("State"), ordering="state")
    def standing(self, obj: Lead) -> str:
        said = obj.get_disposition_display() if obj.disposition else ""
        return format_html("{} <span class='pq-muted pq-below'>{}</span>", obj.get_state_display(), said)


def _uuid(value: str | None) -> UUID | None:
    try:
        return UUID(value or "")
    except ValueError:
        return None
