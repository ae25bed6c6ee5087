"""Puts each web request inside its tenant's transaction."""

from collections.abc import Callable
from uuid import UUID, uuid4

import structlog
from django.contrib import messages
from django.db import DataError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect

from tenants import audit, queries
from tenants.context import NoTenant, tenant_context
from tenants.viewer import looking

logger = structlog.get_logger(__name__)
Handler = Callable[[HttpRequest], HttpResponse]
# Pages of no tenant: before log-in, of machines with keys, and of platform operators, who see no tenant's data and must
# open other tenants' contexts.
TENANTLESS_PREFIXES = (
    "/accounts/",
    "/static/",
    "/live",
    "/ready",
    "/metrics",
    "/v1/",
    "/api/",
    "/batch",
    "/capture",
    "/e/",
    "/i/v",
    "/flags",
    "/decide",
    "/array/",
    "/beacon/",
    "/pixel/",
    "/projects/",
    "/sourceConfig",
    "/analytics.js/",
    "/analytics-next/",
    "/join/",
    "/no-membership/",
    "/switch/tenant/",
    "/operator/",
    "/tenants/tenant/",
    "/tenants/platformevent/",
)
UNHEARD_OF = (DataError, OverflowError)  # NUL in a text, a number beyond any column, a date beyond all years
SESSION_TENANT = "tenant_id"
SESSION_UNIT = "business_unit_id"


def request_id(get_response: Handler) -> Handler:
    """Give every request an id that logs and audit rows carry, and say it in the answer."""

    def middleware(request: HttpRequest) -> HttpResponse:
        value = uuid4().hex
        token = audit.request_id.set(value)
        try:
            response = get_response(request)
        finally:
            audit.request_id.reset(token)
        response["X-Request-Id"] = value
        return response

    return middleware


class TenantMiddleware:
    """The tenant is the one in the session, if this user is a member of it today; a session without one gets the user's
    first. The session never slides from one tenant to another by itself: a form filled in for one must not land in
    another. Times are shown and read in the tenant's zone.

    The whole request is one transaction, rolled back when the answer is a server error: the exception has become a
    response by then and would otherwise commit half of the work.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.tenant = None  # type: ignore[attr-defined]
        request.unit_id = None  # type: ignore[attr-defined]
        if request.path.startswith(TENANTLESS_PREFIXES) or not request.user.is_authenticated:
            return self.get_response(request)
        wanted = request.session.get(SESSION_TENANT)
        choice = queries.tenant_for_session(user=request.user, wanted=wanted)
        if wanted is not None and (choice is None or choice.tenant_id != wanted):
            return _no_longer_a_member(request)
        if choice is None:
            return self._outside(request)
        if wanted is None:
            request.session[SESSION_TENANT] = choice.tenant_id
        if choice.status != "active":
            return _suspended(request, choice)
        with tenant_context(choice.tenant_id):
            request.tenant = queries.get_tenant(choice.tenant_id)  # type: ignore[attr-defined]
            request.unit_id = _unit(request)  # type: ignore[attr-defined]
            with timezone.override(request.tenant.zone), looking(request.user):  # type: ignore[attr-defined]
                response = self.get_response(request)
            if response.status_code >= 500:
                transaction.set_rollback(True)
        return response

    def _outside(self, request: HttpRequest) -> HttpResponse:
        """A user without a tenant. Platform operators have pages of their own; tenants' pages send them away below."""
        if request.user.is_platform_operator:  # type: ignore[union-attr]
            return self.get_response(request)
        return redirect("tenants:no_membership")

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, NoTenant) and getattr(request, "tenant", None) is None:
            return redirect("tenants:no_membership")
        if isinstance(exception, UNHEARD_OF) and getattr(request, "tenant", None) is not None:
            return _unheard_of(exception)
        return None


def _unheard_of(exception: Exception) -> HttpResponse:
    """What was sent holds a value that no column has, which no form was asked about: filters and searches of lists."""
    logger.warning("value_unheard_of", exc_info=exception)
    transaction.set_rollback(True)
    why = str(exception).splitlines()[0]
    return HttpResponse(render_to_string("400.html", {"why": why}), status=400)


def _no_longer_a_member(request: HttpRequest) -> HttpResponse:
    request.session.pop(SESSION_TENANT, None)
    request.session.pop(SESSION_UNIT, None)
    messages.warning(request, _("You are no longer a member of the company you were working in."))
    if getattr(request, "htmx", False):
        return HttpResponseClientRedirect("/")
    return redirect("/")


def _suspended(request: HttpRequest, choice: queries.TenantChoice) -> HttpResponse:
    others = [other for other in queries.tenants_of(request.user.pk) if other.tenant_id != choice.tenant_id]
    content = {"tenant_name": choice.name, "others": others}
    return render(request, "tenants/suspended.html", content, status=403)


def _unit(request: HttpRequest) -> UUID | None:
    """The business unit the user narrowed the console to, or None for all they may see."""
    value = request.session.get(SESSION_UNIT)
    return UUID(value) if value else None
