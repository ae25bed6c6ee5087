"""Actions: what they match and how often."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.contrib.humanize.templatetags.humanize import intcomma
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ingestion.queries.browse import newest_versions, recent_counts
from ingestion.templatetags.data import filter_words
from ingestion.views import actions
from tenants.console import TenantAdmin
from tenants.listing import Listing


class ActionAdmin(Listing, TenantAdmin):
    """Actions with what they match and how often. Who uses them is known to the room above, which registers this page
    and answers `used_by`."""

    list_display = ["name", "business_unit", "matches", "recent", "used", "progress"]
    list_select_related = ["business_unit"]
    list_filter = ["business_unit", ("archived_at", admin.EmptyFieldListFilter)]
    empty_template = "ingestion/_no_actions.html"
    search_fields = ["^name"]
    ordering = ["archived_at", "name"]

    def used_by(self, action_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[Any]]:
        """Definitions that use each action."""
        raise NotImplementedError

    def get_urls(self) -> list[Any]:
        return [
            self.own_path("add/", actions.add_action, "add"),
            self.own_path("preview/", actions.preview_action, "preview"),
            self.own_path("<uuid:key>/change/", actions.show_action, "change", used_by=self.used_by),
            self.own_path("<uuid:key>/backfill/", actions.backfill, "backfill"),
            self.own_path("<uuid:key>/archive/", actions.archive, "archive"),
            *super().get_urls(),
        ]

    def prepare_rows(self, request: HttpRequest, rows: Sequence[Any]) -> None:
        keys = [action.pk for action in rows]
        versions = newest_versions(keys)
        counts = recent_counts([version.pk for version in versions.values()], now=timezone.now())
        used = self.used_by(keys)
        for action in rows:
            action.newest = versions[action.pk]
            action.recent = counts[action.newest.pk]
            action.users = used.get(action.pk, ())

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=gettext_lazy("Counts"))
    def matches(self, obj: Any) -> str:
        words = [filter_words(each) for each in obj.newest.filters]
        name = obj.newest.event_name or obj.newest.get_event_kind_display()
        return " · ".join([name, *words])

    @admin.display(description=gettext_lazy("Last 30 days"))
    def recent(self, obj: Any) -> str:
        return f"{intcomma(obj.recent.number)}{'' if obj.recent.is_all else '+'}"

    @admin.display(description=gettext_lazy("Used by"))
    def used(self, obj: Any) -> str:
        links = [(reverse("admin:scoring_definition_change", args=[row.pk]), row.name) for row in obj.users]
        return format_html_join(", ", '<a class="pq-link" href="{}">{}</a>', links) or "–"

    @admin.display(description=gettext_lazy("State"))
    def progress(self, obj: Any) -> str:
        if obj.archived_at:
            return format_html('<span class="pq-tag">{}</span>', _("archived"))
        if obj.newest.backfill_done_at is None:
            return format_html('<span class="pq-tag pq-tag-warn">{}</span>', _("counting history"))
        return format_html('<span class="pq-muted">{}</span>', _("version %s") % obj.newest.number)
