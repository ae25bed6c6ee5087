"""Do not contact: the traits that say so. Personal data: the fields that are."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from ingestion.models import ContactRule, PersonalField
from ingestion.views import consent, personal_fields
from tenants.console import ReadOnlyAdmin


@admin.register(ContactRule)
class ContactRuleAdmin(ReadOnlyAdmin):
    unit_lookup = None

    def get_urls(self) -> list[Any]:
        return [
            self.own_path("<uuid:key>/delete/", consent.delete_rule, "delete"),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return consent.list_contact_rules(request)


@admin.register(PersonalField)
class PersonalFieldAdmin(ReadOnlyAdmin):
    unit_lookup = None

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return personal_fields.list_personal_fields(request)
