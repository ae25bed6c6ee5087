"""The ingestion room's pages: actions, the catalogue, events as they come in, clean data, quarantine
and imports."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.humanize.templatetags.humanize import intcomma
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ingestion.forms.lists import ListForm
from ingestion.models import Event, ExclusionRule, ImportRun, List, QuarantinedEvent
from ingestion.operations import ListChanged, create_list, edit_list
from ingestion.queries.browse import newest_versions, recent_counts
from ingestion.queries.imports import waiting_files
from ingestion.queries.lists import BUILT_IN, Expiry, expiries
from ingestion.templatetags.data import filter_words, import_state, progress
from ingestion.views import actions, catalogue, events, exclusions, imports, lists, quarantine
from tenants.console import ReadOnlyAdmin, TenantAdmin, actor
from tenants.listing import Listing, moment
from tenants.paginator import CappedPaginator


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
        def own(route: str, view: Any, name: str, **extra: Any) -> Any:
            return path(route, self.admin_site.admin_view(view), extra, name=f"ingestion_action_{name}")

        return [
            own("add/", actions.add_action, "add"),
            own("preview/", actions.preview_action, "preview"),
            own("<uuid:key>/change/", actions.show_action, "change", used_by=self.used_by),
            own("<uuid:key>/backfill/", actions.backfill, "backfill"),
            own("<uuid:key>/archive/", actions.archive, "archive"),
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


@admin.register(List)
class ListAdmin(Listing, TenantAdmin):
    """The unit's own lists with how many rows they have, and below them those that come with the product."""

    form = ListForm
    fields = ["name", "business_unit", "kind", "description"]
    list_display = ["name", "business_unit", "kind", "rows", "expiry", "changed", "standing"]
    list_select_related = ["business_unit"]
    list_filter = ["business_unit", "kind", ("archived_at", admin.EmptyFieldListFilter)]
    list_after_template = "ingestion/_builtin_lists.html"
    empty_template = "ingestion/_no_lists.html"
    search_fields = ["^name"]
    ordering = ["archived_at", "name"]
    refusals = (*TenantAdmin.refusals, ListChanged)

    def get_urls(self) -> list[Any]:
        def own(route: str, view: Any, name: str) -> Any:
            return path(route, self.admin_site.admin_view(view), name=f"ingestion_list_{name}")

        return [
            own("<uuid:key>/change/", lists.show_list, "page"),
            own("<uuid:key>/edit/", self.edit_view, "edit"),
            own("<uuid:key>/rows/", lists.upload, "upload"),
            own("<uuid:key>/remove/", lists.remove, "remove"),
            own("<uuid:key>/archive/", lists.archive, "archive"),
            own("<uuid:key>/export/", lists.export, "export"),
            own("built-in/<slug:code>/", lists.show_builtin, "builtin"),
            *super().get_urls(),
        ]

    def edit_view(self, request: HttpRequest, key: Any) -> HttpResponse:
        """Django's form; its usual address shows the list's own page."""
        return self.changeform_view(request, str(key))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return super().changelist_view(
            request, {"built_in_lists": BUILT_IN.values(), **(extra_context or {})}
        )

    def prepare_rows(self, request: HttpRequest, rows: Sequence[Any]) -> None:
        found = expiries([row.pk for row in rows], today=timezone.localdate())
        for row in rows:
            row.expiring = found.get(row.pk, Expiry())

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["business_unit", "kind"] if obj else []

    def save_model(self, request: HttpRequest, obj: List, form: Any, change: bool) -> None:
        words = {"name": obj.name, "description": obj.description}
        by, now = actor(request), timezone.now()
        if change:
            edit_list(list=obj, **words, by=by, now=now, seen=form.seen)
            return
        made = create_list(business_unit=obj.business_unit, kind=obj.kind, **words, by=by, now=now)
        obj.pk = made.pk

    def response_add(self, request: HttpRequest, obj: List, post_url_continue: Any = None) -> HttpResponse:
        messages.success(request, _("“%s” is made. Now give it rows.") % obj.name)
        return redirect("admin:ingestion_list_page", obj.pk)

    def response_change(self, request: HttpRequest, obj: List) -> HttpResponse:
        messages.success(request, _("Saved."))
        return redirect("admin:ingestion_list_page", obj.pk)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # what it held is the record of what was decided by it: archive it

    @admin.display(description=gettext_lazy("Rows"), ordering="size")
    def rows(self, obj: List) -> str:
        return intcomma(obj.size)

    @admin.display(description=gettext_lazy("Expiry"))
    def expiry(self, obj: Any) -> str:
        words = [
            (obj.expiring.soon, "pq-tag pq-tag-warn", _("%s soon")),
            (obj.expiring.expired, "pq-tag", _("%s expired")),
        ]
        tags = [(look, text % intcomma(number)) for number, look, text in words if number]
        return format_html_join(" ", '<span class="{}">{}</span>', tags) or "–"

    @admin.display(description=gettext_lazy("Changed"), ordering="changed_at")
    def changed(self, obj: List) -> str:
        return moment(obj.changed_at)

    @admin.display(description=gettext_lazy("State"))
    def standing(self, obj: List) -> str:
        return format_html('<span class="pq-tag">{}</span>', _("archived")) if obj.archived_at else "–"


class EventNameAdmin(ReadOnlyAdmin):
    """The catalogue has its own page: a name is one line, whatever number of sources send it. Which live signals count
    an event is known to the room above, which registers this page and answers `used_by`."""

    unit_lookup = None

    def used_by(self, request: HttpRequest) -> Mapping[catalogue.Key, Sequence[catalogue.Use]]:
        """By kind and name of event, what uses it, of what this user may see."""
        raise NotImplementedError

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(catalogue.show_name)
        return [
            path("show/", view, {"used_by": self.used_by}, name="ingestion_eventname_show"),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return catalogue.list_names(request, self.used_by)


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    """The stream has its own page: lists by offset and exact counts do not go with millions of rows."""

    unit_lookup = None

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(events.show_event)
        return [path("<int:key>/show/", view, name="ingestion_event_show"), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return events.list_events(request)


@admin.register(ExclusionRule)
class ExclusionRuleAdmin(ReadOnlyAdmin):
    """Clean data has its own pages: a rule is added and deleted, with whom it concerns, and never changed."""

    unit_lookup = None

    def get_urls(self) -> list[Any]:
        def own(route: str, view: Any, name: str) -> Any:
            return path(route, self.admin_site.admin_view(view), name=f"ingestion_exclusionrule_{name}")

        return [
            own("add/", exclusions.add_rule, "add"),
            own("preview/", exclusions.preview_rule, "preview"),
            own("progress/", exclusions.show_progress, "progress"),
            own("<uuid:key>/delete/", exclusions.delete_rule, "delete"),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return exclusions.list_rules(request)


@admin.register(QuarantinedEvent)
class QuarantinedEventAdmin(Listing, ReadOnlyAdmin):
    unit_lookup = None
    list_display = ["received", "code", "short_detail", "event_name", "state"]
    list_filter = [("replayed_at", admin.EmptyFieldListFilter), "code"]
    empty_template = "ingestion/_no_quarantine.html"
    ordering = ["-received_at"]
    paginator = CappedPaginator
    actions = ["send_again", "download_csv"]

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(quarantine.show_quarantined)
        return [
            path("<uuid:key>/change/", view, name="ingestion_quarantinedevent_change"),
            *super().get_urls(),
        ]

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
        return Truncator(obj.detail).chars(100)

    @admin.display(description=gettext_lazy("State"))
    def state(self, obj: QuarantinedEvent) -> str:
        if obj.replayed_at:
            return format_html('<span class="pq-tag">{}</span>', _("sent again"))
        return format_html('<span class="pq-tag pq-tag-warn">{}</span>', _("waiting"))


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
        def own(route: str, view: Any, name: str) -> Any:
            return path(route, self.admin_site.admin_view(view), name=f"ingestion_importrun_{name}")

        return [
            own("add/", imports.add_import, "add"),
            own("<uuid:key>/map/", imports.map_file, "map"),
            own("<uuid:key>/check/", imports.check_file, "check"),
            own("<uuid:key>/file/", imports.act_on_file, "file_act"),
            own("<uuid:key>/change/", imports.show_run, "change"),
            own("<uuid:key>/act/", imports.act_on_run, "act"),
            own("<uuid:key>/rejected/", imports.download_rejected, "rejected"),
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
