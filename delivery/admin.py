"""The console's pages of the delivery room: destinations, and every delivery with its attempts."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.decorators import action

from delivery import operations
from delivery.forms import DestinationForm
from delivery.models import Delivery, Destination
from delivery.queries import FINISHED_STATES, delivery_counts
from delivery.rules.schedule import BREAKER_OPENS_AT
from delivery.views import deliveries, destinations
from tenants.access import access_of
from tenants.console import ReadOnlyAdmin, TenantAdmin, actor
from tenants.paginator import CappedPaginator

TAGS = {
    "active": "pq-tag pq-tag-good",
    "done": "pq-tag pq-tag-good",
    "paused": "pq-tag pq-tag-warn",
    "broken": "pq-tag pq-tag-bad",
    "dead": "pq-tag pq-tag-bad",
}


def state_tag(row: Destination | Delivery) -> str:
    """The state as a word in its colour."""
    return format_html('<span class="{}">{}</span>', TAGS.get(row.state, "pq-tag"), row.get_state_display())


@admin.register(Destination)
class DestinationAdmin(TenantAdmin):
    """Adding shows the signing secret once; the destination's own page has its state, tests and last deliveries."""

    form = DestinationForm
    fields = ["name", "business_unit", "url", "receives_all_leads"]
    list_display = ["name", "business_unit", "url", "standing", "waiting", "given_up"]
    list_select_related = ["business_unit"]
    list_filter = ["state"]
    ordering = ["name"]
    actions = None
    empty_template = "delivery/_no_destinations.html"

    def get_urls(self) -> list[Any]:
        return [
            self.own_path("<uuid:key>/change/", destinations.show_destination, "page"),
            self.own_path("<uuid:key>/edit/", self.edit_view, "edit"),
            self.own_path("<uuid:key>/do/", destinations.act, "act"),
            *super().get_urls(),
        ]

    def edit_view(self, request: HttpRequest, key: Any) -> HttpResponse:
        """Django's form; its usual address shows the destination's own page."""
        return self.changeform_view(request, str(key))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["business_unit"] if obj else []

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """What the columns count is counted once for the page."""
        changelist = super().get_changelist_instance(request)
        counts = delivery_counts([row.pk for row in changelist.result_list])
        for row in changelist.result_list:
            row.counted = counts[row.pk]
        return changelist

    def save_model(self, request: HttpRequest, obj: Destination, form: Any, change: bool) -> None:
        by, now = actor(request), timezone.now()
        values = {"name": obj.name, "url": obj.url, "receives_all_leads": obj.receives_all_leads}
        if change:
            operations.edit_destination(destination=obj, **values, by=by, now=now)
            return
        made, secret = operations.create_destination(
            business_unit=obj.business_unit, **values, by=by, now=now
        )
        obj.pk = made.pk
        request.destination_made = (made, secret)  # type: ignore[attr-defined]

    def response_add(
        self, request: HttpRequest, obj: Destination, post_url_continue: Any = None
    ) -> HttpResponse:
        made, secret = request.destination_made  # type: ignore[attr-defined]
        return destinations.secret_page(request, made, secret)

    def response_change(self, request: HttpRequest, obj: Destination) -> HttpResponse:
        messages.success(request, _("Saved."))
        return redirect("admin:delivery_destination_page", obj.pk)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # its deliveries are the record of what left the house: pause it

    @admin.display(description=gettext_lazy("State"), ordering="state")
    def standing(self, obj: Destination) -> str:
        if obj.state == Destination.State.ACTIVE and obj.failures_in_a_row >= BREAKER_OPENS_AT:
            return format_html('<span class="pq-tag pq-tag-bad">{}</span>', _("Failing"))
        return state_tag(obj)

    @admin.display(description=gettext_lazy("Waiting"))
    def waiting(self, obj: Any) -> int:
        return int(obj.counted.waiting)

    @admin.display(description=gettext_lazy("Given up"))
    def given_up(self, obj: Any) -> int:
        return int(obj.counted.dead)


class DestinationFilter(admin.SimpleListFilter):
    title = gettext_lazy("destination")
    parameter_name = "to"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        visible = access_of(request.user).visible(model_admin.area, "business_unit__path")
        return [(str(row.pk), row.name) for row in Destination.objects.filter(visible).order_by("name")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> QuerySet[Delivery]:
        if not self.value():
            return queryset
        known = {key for key, _name in self.lookup_choices}
        chosen = self.value() or ""
        return queryset.filter(destination_id=chosen) if chosen in known else queryset.none()


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    unit_lookup = "destination__business_unit"
    list_display = ["event_type", "destination", "standing", "attempts", "created_at", "next_try", "done_at"]
    list_select_related = ["destination"]
    list_filter = ["state", DestinationFilter, "event_type"]
    list_filter_submit = True
    ordering = ["-created_at", "-id"]
    paginator = CappedPaginator
    actions = ["replay"]
    empty_template = "delivery/_no_deliveries.html"

    def get_urls(self) -> list[Any]:
        return [
            self.own_path("<uuid:key>/change/", deliveries.show_delivery, "page"),
            self.own_path("<uuid:key>/replay/", deliveries.replay, "replay"),
            *super().get_urls(),
        ]

    @action(description=gettext_lazy("Send again"), permissions=["replay"])  # type: ignore[untyped-decorator]
    def replay(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """Those that are finished; what is still being tried is left alone."""
        sent = 0
        for delivery in queryset.filter(state__in=FINISHED_STATES)[:1000]:
            operations.replay_delivery(delivery=delivery, by=actor(request), now=timezone.now())
            sent += 1
        said = ngettext("%(n)d delivery is sent again.", "%(n)d deliveries are sent again.", sent)
        messages.success(request, said % {"n": sent})

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("delivery.change_destination"))

    @admin.display(description=gettext_lazy("State"), ordering="state")
    def standing(self, obj: Delivery) -> str:
        return state_tag(obj)

    @admin.display(description=gettext_lazy("Next attempt"), ordering="next_at", empty_value="–")
    def next_try(self, obj: Delivery) -> Any:
        return obj.next_at if obj.state == Delivery.State.WAITING else None
