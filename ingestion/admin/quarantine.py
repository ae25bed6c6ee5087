"""What could not be read, and sending it again."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ingestion.models import QuarantinedEvent
from ingestion.models.subjects import shown_text
from ingestion.views import quarantine
from tenants.console import ReadOnlyAdmin
from tenants.listing import Listing, moment
from tenants.paginator import CappedPaginator


@admin.register(QuarantinedEvent)
class QuarantinedEventAdmin(Listing, ReadOnlyAdmin):
    unit_lookup = None
    list_display = ["received", "code", "short_detail", "event_name", "state"]
    list_filter = [("replayed_at", admin.EmptyFieldListFilter), "code"]
    empty_template = "ingestion/_no_quarantine.html"
    list_before_template = "ingestion/_quarantine_groups.html"
    ordering = ["-received_at"]
    paginator = CappedPaginator
    actions = ["send_again", "download_csv"]

    def get_urls(self) -> list[Any]:
        return [
            self.own_path("groups/", quarantine.show_groups, "groups"),
            self.own_path("groups/again/", quarantine.replay_group, "act"),
            self.own_path("<uuid:key>/change/", quarantine.show_quarantined, "change"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        context = quarantine.groups_of(request) | (extra_context or {})
        filters = request.GET.copy()
        filters.pop("groups", None)  # ours; the list would take it for a filter
        request.GET = filters  # type: ignore[assignment]
        return super().changelist_view(request, context)

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("ingestion.change_quarantinedevent"))

    @admin.action(description=gettext_lazy("Send again as they are"), permissions=["replay"])
    def send_again(self, request: HttpRequest, queryset: Any) -> None:
        quarantine.replay_many(request, queryset)

    @admin.display(description=gettext_lazy("Received"), ordering="received_at")
    def received(self, obj: QuarantinedEvent) -> str:
        return moment(obj.received_at)

    @admin.display(description=gettext_lazy("What to do"))
    def short_detail(self, obj: QuarantinedEvent) -> str:
        return Truncator(shown_text(obj.detail)).chars(100)

    @admin.display(description=gettext_lazy("State"))
    def state(self, obj: QuarantinedEvent) -> str:
        if obj.replayed_at:
            return format_html('<span class="pq-tag">{}</span>', _("sent again"))
        return format_html('<span class="pq-tag pq-tag-warn">{}</span>', _("waiting"))
