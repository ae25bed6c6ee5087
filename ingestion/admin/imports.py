"""Files of history."""

from typing import Any

from django.contrib import admin
from django.contrib.humanize.templatetags.humanize import intcomma
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ingestion.models import ImportRun
from ingestion.queries.imports import waiting_files
from ingestion.templatetags.data import import_state, progress
from ingestion.views import imports
from tenants.console import ReadOnlyAdmin
from tenants.listing import Listing, moment


@admin.register(ImportRun)
class ImportRunAdmin(Listing, ReadOnlyAdmin):
    unit_lookup = None
    list_display = ["file_name", "source", "state_tag", "rows", "rows_rejected", "started", "finished"]
    list_select_related = ["source"]
    list_filter = ["state"]
    empty_template = "ingestion/_no_imports.html"
    ordering = ["-started_at"]
    list_before_template = "ingestion/waiting_files.html"

    def get_urls(self) -> list[Any]:
        return [
            self.own_path("add/", imports.add_import, "add"),
            self.own_path("<uuid:key>/map/", imports.map_file, "map"),
            self.own_path("<uuid:key>/check/", imports.check_file, "check"),
            self.own_path("<uuid:key>/file/", imports.act_on_file, "file_act"),
            self.own_path("<uuid:key>/change/", imports.show_run, "change"),
            self.own_path("<uuid:key>/act/", imports.act_on_run, "act"),
            self.own_path("<uuid:key>/rejected/", imports.download_rejected, "rejected"),
            *super().get_urls(),
        ]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm("ingestion.add_importrun"))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        may_import = self.has_add_permission(request)
        waiting = waiting_files(now=timezone.now())[:20] if may_import else []
        return super().changelist_view(request, {**(extra_context or {}), "waiting_files": waiting})

    @admin.display(description=gettext_lazy("State"))
    def state_tag(self, obj: ImportRun) -> str:
        return import_state(obj)

    @admin.display(description=gettext_lazy("Started"), ordering="started_at")
    def started(self, obj: ImportRun) -> str:
        return moment(obj.started_at)

    @admin.display(description=gettext_lazy("Finished"), ordering="finished_at")
    def finished(self, obj: ImportRun) -> str:
        return moment(obj.finished_at)

    @admin.display(description=gettext_lazy("Rows read"))
    def rows(self, obj: ImportRun) -> str:
        if not obj.rows_total or obj.state == ImportRun.State.DONE:
            return intcomma(obj.rows_read)
        share = min(1.0, obj.rows_read / obj.rows_total)
        return format_html("{} {}", progress(share), _("of %s") % intcomma(obj.rows_total))
