"""Identity: what keeps strangers from becoming one person."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from ingestion.models import IdentityRule
from ingestion.views import protection
from tenants.console import ReadOnlyAdmin


@admin.register(IdentityRule)
class IdentityRuleAdmin(ReadOnlyAdmin):
    """Merge protection has its own pages: a rule is added and deleted, and never changed."""

    unit_lookup = None

    def get_urls(self) -> list[Any]:
        return [
            self.own_path("add/", protection.add_rule, "add"),
            self.own_path("trust/", protection.trust_id, "trust"),
            self.own_path("progress/", protection.show_redraw, "progress"),
            self.own_path("domains/", protection.switch_domains, "domains"),
            self.own_path("sweep/", protection.show_sweep, "sweep"),
            self.own_path("<uuid:key>/delete/", protection.delete_rule, "delete"),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return protection.show_protection(request)
