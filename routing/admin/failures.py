"""The addresses of the page of stuck PQLs."""

from typing import Any

from django.contrib import admin

from routing.models import RoutingFailure
from routing.views import failures
from tenants.console import ReadOnlyAdmin


@admin.register(RoutingFailure)
class RoutingFailureAdmin(ReadOnlyAdmin):
    """A page of our own instead of Django's list: it says what stands in the way and asks again by itself."""

    unit_lookup = "qualification__definition__business_unit"

    def get_urls(self) -> list[Any]:
        return [
            self.own_path("", failures.list_failures, "changelist"),
            self.own_path("retry/", failures.retry_all, "retry_all"),
            self.own_path("<uuid:key>/retry/", failures.retry_one, "retry"),
        ]
