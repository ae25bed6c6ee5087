"""Where the privacy pages stand in the console."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from pqlhub.privacy import views
from tenants.console import ReadOnlyAdmin


class ErasureAdmin(ReadOnlyAdmin):
    """Registered here and not in ingestion: what is held about somebody is known to every room."""

    unit_lookup = None

    def get_urls(self) -> list[Any]:
        return [
            self.own_path("of/<slug:kind>/<int:key>/", views.ask, "of"),
            self.own_path("of/<slug:kind>/<int:key>/export/", views.export, "ask_export"),
            self.own_path("exports/<uuid:key>/", views.show_export, "export"),
            self.own_path("exports/<uuid:key>/download/", views.download_export, "download"),
            self.own_path("<uuid:key>/change/", views.show_erasure, "change"),
            self.own_path("<uuid:key>/proof/", views.download_proof, "proof"),
            self.own_path("<uuid:key>/act/", views.act_on_erasure, "act"),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return views.list_requests(request)
