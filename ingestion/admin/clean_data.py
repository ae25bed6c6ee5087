"""Clean data: whose activity does not count."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from ingestion.models import ExclusionRule
from ingestion.views import exclusions
from tenants.console import ReadOnlyAdmin


@admin.register(ExclusionRule)
class ExclusionRuleAdmin(ReadOnlyAdmin):
    """Clean data has its own pages: a rule is added and deleted, with whom it concerns, and never changed."""

    unit_lookup = None

    def get_urls(self) -> list[Any]:
        return [
            self.own_path("add/", exclusions.add_rule, "add"),
            self.own_path("preview/", exclusions.preview_rule, "preview"),
            self.own_path("progress/", exclusions.show_progress, "progress"),
            self.own_path("<uuid:key>/delete/", exclusions.delete_rule, "delete"),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return exclusions.list_rules(request)
