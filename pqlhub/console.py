"""The console: the admin site that every room registers its pages with."""

from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import include, path, reverse
from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite

from pqlhub.navigation import place
from tenants.console import switcher


class ConsoleSite(UnfoldAdminSite):
    """Open to members of a tenant and to platform operators; what they see is decided page by page."""

    index_title = _("Home")
    index_template = "pqlhub/home.html"

    def has_permission(self, request: HttpRequest) -> bool:
        if not request.user.is_authenticated or not request.user.is_active:
            return False
        return getattr(request, "tenant", None) is not None or bool(
            getattr(request.user, "is_platform_operator", False)
        )

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:
        """Log-in is allauth's. Who is logged in and still sees nothing belongs to no tenant."""
        if request.user.is_authenticated and not self.has_permission(request):
            return redirect("tenants:no_membership")
        return redirect_to_login(request.GET.get("next", reverse("admin:index")), reverse("account_login"))

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return redirect("account_logout")

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return redirect("account_change_password")

    def password_change_done(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return redirect("account_change_password")

    def app_index(
        self, request: HttpRequest, app_label: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Rooms are how the code is cut; the sidebar has the pages by job."""
        return redirect("admin:index")

    def get_urls(self) -> list[Any]:
        """Reports and sample data are about several rooms at once, so no model's pages carry them: they stand beside
        the models."""
        from pqlhub.sample.views import pages
        from reports.urls import console_pages

        return [
            path("reports/", include(console_pages)),
            path("sample-data/", include(pages(self.admin_view))),
            *super().get_urls(),
        ]

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        from pqlhub.home import home_context

        return super().index(request, {**home_context(request), **(extra_context or {})})

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        context = super().each_context(request)
        tenant = getattr(request, "tenant", None)
        context["tenant"] = tenant
        context["sample_of"] = tenant.sample_of if tenant else None
        context["place"] = place(request)
        if request.user.is_authenticated:
            context["switcher"] = switcher(request)
        return context


def stylesheet(request: HttpRequest) -> str:
    return static("console.css")


def chart_stylesheet(request: HttpRequest) -> str:
    return static("charts/charts.css")


def script(request: HttpRequest) -> str:
    return static("js/console.js")


def favicon(request: HttpRequest) -> str:
    return static("favicon.svg")


def context(request: HttpRequest) -> dict[str, Any]:
    """For pages outside the admin too."""
    return {"tenant": getattr(request, "tenant", None)}
