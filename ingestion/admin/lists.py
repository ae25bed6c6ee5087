"""Lists of domains and ids."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.humanize.templatetags.humanize import intcomma
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ingestion.forms.lists import ListForm
from ingestion.models import List
from ingestion.operations import ListChanged, create_list, edit_list
from ingestion.queries.lists import BUILT_IN, Expiry, expiries
from ingestion.views import lists
from tenants.console import TenantAdmin, actor
from tenants.listing import Listing, moment


class ListAdmin(Listing, TenantAdmin):
    """The unit's own lists with how many rows they have, and below them those that come with the product. Which signals
    ask a list is known to the room above, which registers this page and answers `used_by`."""

    form = ListForm
    fields = ["name", "business_unit", "kind", "description"]
    list_display = ["name", "business_unit", "kind", "rows", "expiry", "changed", "used", "standing"]
    list_select_related = ["business_unit"]
    list_filter = ["business_unit", "kind", ("archived_at", admin.EmptyFieldListFilter)]
    list_after_template = "ingestion/_builtin_lists.html"
    empty_template = "ingestion/_no_lists.html"
    search_fields = ["^name"]
    ordering = ["archived_at", "name"]
    refusals = (*TenantAdmin.refusals, ListChanged)

    def get_urls(self) -> list[Any]:
        return [
            self.own_path("<uuid:key>/change/", lists.show_list, "page", used_by=self.used_by),
            self.own_path("<uuid:key>/edit/", self.edit_view, "edit"),
            self.own_path("<uuid:key>/rows/", lists.upload, "upload"),
            self.own_path("<uuid:key>/remove/", lists.remove, "remove"),
            self.own_path("<uuid:key>/archive/", lists.archive, "archive", used_by=self.used_by),
            self.own_path("<uuid:key>/export/", lists.export, "export"),
            self.own_path("built-in/<slug:code>/", lists.show_builtin, "builtin"),
            *super().get_urls(),
        ]

    def used_by(self, request: HttpRequest, list_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[Any]]:
        """The signals that ask each list, as links for this user."""
        raise NotImplementedError

    def edit_view(self, request: HttpRequest, key: Any) -> HttpResponse:
        """Django's form; its usual address shows the list's own page."""
        return self.changeform_view(request, str(key))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return super().changelist_view(
            request, {"built_in_lists": BUILT_IN.values(), **(extra_context or {})}
        )

    def prepare_rows(self, request: HttpRequest, rows: Sequence[Any]) -> None:
        found = expiries([row.pk for row in rows], today=timezone.localdate())
        used = self.used_by(request, [row.pk for row in rows])
        for row in rows:
            row.expiring = found.get(row.pk, Expiry())
            row.signals = len(used.get(row.pk, ()))

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

    @admin.display(description=gettext_lazy("Signals"))
    def used(self, obj: Any) -> str:
        return intcomma(obj.signals) if obj.signals else "–"

    @admin.display(description=gettext_lazy("Changed"), ordering="changed_at")
    def changed(self, obj: List) -> str:
        return moment(obj.changed_at)

    @admin.display(description=gettext_lazy("State"))
    def standing(self, obj: List) -> str:
        return format_html('<span class="pq-tag">{}</span>', _("archived")) if obj.archived_at else "–"
