"""Storage: how long history is kept."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from ingestion.models import Trim
from ingestion.views import storage
from tenants.console import ReadOnlyAdmin


@admin.register(Trim)
class TrimAdmin(ReadOnlyAdmin):
    unit_lookup = None

    def get_urls(self) -> list[Any]:
        return [self.own_path("<uuid:key>/move/", storage.move_trim, "move"), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return storage.show_storage(request)
