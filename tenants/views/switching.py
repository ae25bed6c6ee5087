"""Which tenant and which business unit the console shows: kept in the session."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from tenants import audit, operations, queries
from tenants.access import Area, Level, access_of
from tenants.context import tenant_context
from tenants.middleware import SESSION_TENANT, SESSION_UNIT
from tenants.models import BusinessUnit


@login_required
@require_POST
def switch_tenant(request: HttpRequest) -> HttpResponse:
    """Work in another tenant the user is a member of. Its audit log says so."""
    choices = queries.tenants_of(request.user.pk)
    choice = next((c for c in choices if str(c.tenant_id) == request.POST.get("tenant")), None)
    if choice is None:
        raise Http404
    return _enter(request, choice.tenant_id)


@login_required
@require_POST
def switch_to_sample(request: HttpRequest) -> HttpResponse:
    """Work in the sample data of the company one is in, as corporate admins may."""
    choice = queries.tenant_for_session(user=request.user, wanted=request.session.get(SESSION_TENANT))
    if choice is None or choice.status != "active":
        raise Http404
    with tenant_context(choice.tenant_id):
        if access_of(request.user).level(Area.UNITS) < Level.CHANGE:
            raise PermissionDenied
    company = queries.get_tenant(choice.tenant_id)
    try:
        sample = operations.enter_sample(company=company, user=request.user, now=timezone.now())
    except operations.Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("/")
    return _enter(request, sample.pk)


def _enter(request: HttpRequest, tenant_id: int) -> HttpResponse:
    with tenant_context(tenant_id):
        audit.record(
            by=audit.actor_for(request.user),
            verb="tenant.entered",
            target=queries.get_tenant(tenant_id),
            now=timezone.now(),
        )
    request.session[SESSION_TENANT] = tenant_id
    request.session.pop(SESSION_UNIT, None)
    request.session.cycle_key()
    return redirect("/")


@login_required
@require_POST
def switch_unit(request: HttpRequest) -> HttpResponse:
    """Narrow the console's lists to one business unit and those below it, or show all again (an empty `unit`)."""
    wanted = request.POST.get("unit", "")
    if not wanted:
        request.session.pop(SESSION_UNIT, None)
    else:
        unit = next((u for u in BusinessUnit.objects.all() if str(u.pk) == wanted), None)
        if unit is None or not access_of(request.user).covers(unit.path):
            raise Http404
        request.session[SESSION_UNIT] = wanted
    back = request.POST.get("next", "")
    return redirect(back if url_has_allowed_host_and_scheme(back, allowed_hosts=None) else "/")
