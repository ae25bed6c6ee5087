"""The list of routing tables. Adding asks for the unit and goes on to the editor."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext_lazy

from routing.models import RoutingTable
from routing.operations import save_table
from routing.views import tables
from tenants.console import TenantAdmin, actor


@admin.register(RoutingTable)
class RoutingTableAdmin(TenantAdmin):
    fields = ["business_unit"]
    list_display = ["business_unit", "number_of_lines", "otherwise", "updated_at"]
    list_select_related = ["business_unit", "default_pool"]
    ordering = ["business_unit__path"]
    actions = None
    empty_template = "routing/_no_tables.html"

    def get_urls(self) -> list[Any]:
        return [
            self.own_path("<uuid:key>/change/", tables.edit_table, "page"),
            self.own_path("<uuid:key>/try/", tables.try_table, "try"),
            self.own_path("<uuid:key>/place-held/", tables.place_held_leads, "place_held"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).annotate(lines=Count("rules"))

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        formfield: forms.ModelChoiceField = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "business_unit" and formfield.queryset is not None:
            formfield.queryset = formfield.queryset.exclude(
                pk__in=RoutingTable.objects.values("business_unit_id")
            )
            formfield.help_text = gettext_lazy("A unit without a table uses that of the unit above it.")
        return formfield

    def save_model(self, request: HttpRequest, obj: RoutingTable, form: Any, change: bool) -> None:
        made = save_table(business_unit=obj.business_unit, lines=[], by=actor(request), now=timezone.now())
        obj.pk = made.pk

    def response_add(
        self, request: HttpRequest, obj: RoutingTable, post_url_continue: Any = None
    ) -> HttpResponse:
        return redirect("admin:routing_routingtable_page", obj.pk)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=gettext_lazy("Lines"))
    def number_of_lines(self, obj: Any) -> int:
        return int(obj.lines)

    @admin.display(description=gettext_lazy("Otherwise"))
    def otherwise(self, obj: RoutingTable) -> str:
        return str(obj.default_pool or obj.get_default_target_display())
