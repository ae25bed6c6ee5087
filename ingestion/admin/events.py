"""Events as they come in."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from ingestion.models import Event
from ingestion.views import events
from tenants.console import ReadOnlyAdmin


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    """The stream has its own page: lists by offset and exact counts do not go with millions of rows."""

    unit_lookup = None

    def get_urls(self) -> list[Any]:
        return [self.own_path("<int:key>/show/", events.show_event, "show"), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return events.list_events(request)
