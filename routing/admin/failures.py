"""The addresses of the page of stuck PQLs."""

from typing import Any

from django.contrib import admin
from django.urls import path

from routing.models import RoutingFailure
from routing.views import failures
from tenants.console import ReadOnlyAdmin


@admin.register(RoutingFailure)
class RoutingFailureAdmin(ReadOnlyAdmin):
    """A page of our own instead of Django's list: it says what stands in the way and asks again by itself."""

    unit_lookup = "qualification__definition__business_unit"

    def get_urls(self) -> list[Any]:
        def own(route: str, view: Any, name: str) -> Any:
            return path(route, self.admin_site.admin_view(view), name=f"routing_routingfailure_{name}")

        return [
            own("", failures.list_failures, "changelist"),
            own("retry/", failures.retry_all, "retry_all"),
            own("<uuid:key>/retry/", failures.retry_one, "retry"),
        ]
