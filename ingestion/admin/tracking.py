"""Tracking plans: what sources may send."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from ingestion.models import TrackingPlan, Violation
from ingestion.queries.tracking import summaries
from ingestion.templatetags.tracking import mode_name
from ingestion.views import tracking, violations
from tenants.console import ReadOnlyAdmin
from tenants.listing import Listing


@admin.register(TrackingPlan)
class TrackingPlanAdmin(Listing, ReadOnlyAdmin):
    """Each plan has pages of its own; it is archived, never deleted."""

    unit_lookup = None
    list_display = ["name", "for_sources", "mode", "events", "lately", "standing"]
    list_filter = [("archived_at", admin.EmptyFieldListFilter)]
    empty_template = "ingestion/_no_plans.html"
    ordering = ["archived_at", "name"]

    def get_urls(self) -> list[Any]:
        return [
            self.own_path("add/", tracking.add_plan, "add"),
            self.own_path("<uuid:key>/change/", tracking.show_plan, "page"),
            self.own_path("<uuid:key>/settings/", tracking.edit_settings, "settings"),
            self.own_path("<uuid:key>/event/", tracking.edit_event, "event"),
            self.own_path("<uuid:key>/event/remove/", tracking.remove_event, "remove"),
            self.own_path("<uuid:key>/collect/", tracking.collect_events, "collect"),
            self.own_path("<uuid:key>/json/", tracking.edit_json, "json"),
            self.own_path("<uuid:key>/versions/<int:number>/", tracking.show_version, "version"),
            self.own_path("<uuid:key>/versions/<int:number>/download/", tracking.download, "download"),
            self.own_path("<uuid:key>/publish/", tracking.publish, "publish"),
            self.own_path("<uuid:key>/discard/", tracking.discard, "discard"),
            self.own_path("<uuid:key>/archive/", tracking.archive, "archive"),
            *super().get_urls(),
        ]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm("ingestion.add_trackingplan"))

    def prepare_rows(self, request: HttpRequest, rows: Sequence[Any]) -> None:
        found = summaries([row.pk for row in rows], now=timezone.now())
        for row in rows:
            row.summary = found[row.pk]

    @admin.display(description=gettext_lazy("Sources"))
    def for_sources(self, obj: Any) -> str:
        return ", ".join(source.name for source in obj.summary.sources) or "–"

    @admin.display(description=gettext_lazy("Mode"))
    def mode(self, obj: Any) -> str:
        return mode_name(obj.summary.live.document["mode"]) if obj.summary.live else "–"

    @admin.display(description=gettext_lazy("Events"))
    def events(self, obj: Any) -> str:
        return str(len(obj.summary.shown.document["events"])) if obj.summary.shown else "–"

    @admin.display(description=gettext_lazy("Last 7 days"))
    def lately(self, obj: Any) -> str:
        number = obj.summary.departures
        if not number:
            return "–"
        words = ngettext("%d kind of violation", "%d kinds of violations", number) % number
        return format_html('<span class="pq-tag pq-tag-warn">{}</span>', words)

    @admin.display(description=gettext_lazy("State"))
    def standing(self, obj: Any) -> str:
        if obj.archived_at:
            return format_html('<span class="pq-tag">{}</span>', _("archived"))
        live = obj.summary.live
        if live is None:
            return format_html('<span class="pq-tag pq-tag-warn">{}</span>', _("draft, checks nothing yet"))
        words = _("version %s") % live.number
        if obj.summary.draft:
            words += ", " + _("with a draft")
        return format_html('<span class="pq-muted">{}</span>', words)


@admin.register(Violation)
class ViolationAdmin(ReadOnlyAdmin):
    """What departs has its own page: grouped, with what to do."""

    unit_lookup = None

    def get_urls(self) -> list[Any]:
        return [self.own_path("<int:key>/accept/", violations.accept, "accept"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return violations.list_violations(request)
