"""The catalogue of events."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse

from ingestion.views import catalogue, renames
from tenants.console import ReadOnlyAdmin


class EventNameAdmin(ReadOnlyAdmin):
    """The catalogue has its own page: a name is one line, whatever number of sources send it. Which live signals count
    an event is known to the room above, which registers this page and answers `used_by`."""

    unit_lookup = None

    def used_by(self, request: HttpRequest) -> Mapping[catalogue.Key, Sequence[catalogue.Use]]:
        """By kind and name of event, what uses it, of what this user may see."""
        raise NotImplementedError

    def get_urls(self) -> list[Any]:
        return [
            self.own_path("show/", catalogue.show_name, "show", used_by=self.used_by),
            self.own_path("map/", renames.map_name, "map"),
            self.own_path("unmap/", renames.unmap_name, "unmap"),
            self.own_path("mapping/", renames.show_progress, "mapping"),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return catalogue.list_names(request, self.used_by)
