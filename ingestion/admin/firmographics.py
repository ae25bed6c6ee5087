"""Whose word about a trait goes first, and vendors and CRMs that are asked for traits."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy

from ingestion.forms.precedence import PLACES, PrecedenceForm
from ingestion.models import CrmConnection, Enrichment, PrecedenceSweep, TraitPrecedence, TraitValue
from ingestion.operations import drop_precedence, set_precedence
from ingestion.views import crm, enrichments
from tenants.console import ReadOnlyAdmin, TenantAdmin, actor
from tenants.listing import Listing


@admin.register(TraitPrecedence)
class TraitPrecedenceAdmin(Listing, TenantAdmin):
    form = PrecedenceForm
    unit_lookup = None
    list_display = ["shown_trait", "order"]
    ordering = ["trait"]
    empty_template = "ingestion/_no_precedence.html"
    list_before_template = "ingestion/precedence_sweep.html"
    actions: Any = []

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ["trait", *(name for name, _label in PLACES)]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change=change, **(kwargs | {"fields": ["trait"]}))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        more = {"sweep": PrecedenceSweep.objects.first()}
        return super().changelist_view(request, {**(extra_context or {}), **more})

    @admin.display(description=gettext_lazy("Trait"), ordering="trait")
    def shown_trait(self, obj: TraitPrecedence) -> str:
        return str(obj)

    @admin.display(description=gettext_lazy("Whose word goes first"))
    def order(self, obj: TraitPrecedence) -> str:
        return " → ".join(str(TraitValue.Origin(origin).label) for origin in obj.origins)

    def save_model(self, request: HttpRequest, obj: TraitPrecedence, form: Any, change: bool) -> None:
        saved = set_precedence(trait=obj.trait, origins=obj.origins, by=actor(request), now=timezone.now())
        obj.pk = saved.pk

    def delete_model(self, request: HttpRequest, obj: TraitPrecedence) -> None:
        drop_precedence(row=obj, by=actor(request), now=timezone.now())


@admin.register(Enrichment)
class EnrichmentAdmin(ReadOnlyAdmin):
    """Enrichments have their own pages: they are tried before they are switched on."""

    unit_lookup = None

    def get_urls(self) -> list[Any]:
        return [
            self.own_path("add/", enrichments.add_enrichment, "add"),
            self.own_path("<uuid:key>/change/", enrichments.show_enrichment, "change"),
            self.own_path("<uuid:key>/try/", enrichments.try_domain, "try"),
            self.own_path("<uuid:key>/act/", enrichments.switch, "act"),
            self.own_path("<uuid:key>/delete/", enrichments.delete_enrichment, "delete"),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return enrichments.show_enrichments(request)


@admin.register(CrmConnection)
class CrmConnectionAdmin(ReadOnlyAdmin):
    """CRM connections have their own pages, as enrichments do."""

    unit_lookup = None

    def get_urls(self) -> list[Any]:
        return [
            self.own_path("add/", crm.add_connection, "add"),
            self.own_path("<uuid:key>/change/", crm.show_connection, "change"),
            self.own_path("<uuid:key>/try/", crm.try_connection, "try"),
            self.own_path("<uuid:key>/act/", crm.act, "act"),
            self.own_path("<uuid:key>/delete/", crm.delete_connection, "delete"),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return crm.show_connections(request)
