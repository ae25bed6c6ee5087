"""The link in an invitation's mail, and the page for people who belong to no company."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from tenants import operations, queries
from tenants.context import tenant_context
from tenants.forms import JoinForm
from tenants.middleware import SESSION_TENANT, SESSION_UNIT
from tenants.models import Invitation, Tenant, User

LOGIN_BACKEND = "tenants.accounts.LoginBackend"


@never_cache
@sensitive_post_parameters("password", "password_again")
def join(request: HttpRequest, secret: str) -> HttpResponse:
    """Accept an invitation, as the signed-in user or by making an account. The tenant is known only by the secret."""
    found = queries.find_invitation(secret, now=timezone.now())
    if found is None:
        return render(request, "tenants/invitation_closed.html", status=404)
    tenant = queries.get_tenant(found[0])
    with tenant_context(tenant.pk):
        invitation = queries.get_invitation(found[1])
        state = _state(request.user, invitation)
    if request.method == "POST" and state in ("accept", "new_account"):
        return _accept(request, tenant, invitation, state)
    return _page(request, tenant, invitation, state)


def _state(user: User, invitation: Invitation) -> str:
    if user.is_authenticated:
        return "accept" if user.email == invitation.email else "other_user"
    return "sign_in" if User.objects.filter(email=invitation.email).exists() else "new_account"


def _accept(request: HttpRequest, tenant: Tenant, invitation: Invitation, state: str) -> HttpResponse:
    form = JoinForm(request.POST if state == "new_account" else None)
    if state == "new_account" and not form.is_valid():
        return _page(request, tenant, invitation, state, form=form, status=422)
    values = form.cleaned_data if state == "new_account" else {}
    user = request.user if state == "accept" else None
    try:
        joined = _join(tenant, invitation.pk, user, values)
    except ValidationError as error:
        form.add_error("password", error)
        return _page(request, tenant, invitation, state, form=form, status=422)
    except operations.Refused as refusal:
        return _page(request, tenant, invitation, state, form=form, refusal=str(refusal), status=409)
    if state == "new_account":
        login(request, joined, backend=LOGIN_BACKEND)
    request.session[SESSION_TENANT] = tenant.pk
    request.session.pop(SESSION_UNIT, None)
    request.session.cycle_key()
    messages.success(request, _("Welcome to %(tenant)s.") % {"tenant": tenant.name})
    return redirect("/")


def _join(tenant: Tenant, invitation_id: UUID, user: User | None, values: dict[str, str]) -> User:
    with tenant_context(tenant.pk):
        membership = operations.accept_invitation(
            invitation_id=invitation_id,
            user=user,
            name=values.get("name", ""),
            password=values.get("password", ""),
            now=timezone.now(),
        )
        return membership.user


def _page(
    request: HttpRequest,
    tenant: Tenant,
    invitation: Invitation,
    state: str,
    *,
    form: JoinForm | None = None,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    content = {
        "tenant": tenant,
        "invitation": invitation,
        "state": state,
        "form": form or JoinForm(),
        "refusal": refusal,
    }
    return render(request, "tenants/join.html", content, status=status)


@login_required
def no_membership(request: HttpRequest) -> HttpResponse:
    """For a user whom no tenant has as a member."""
    if queries.tenants_of(request.user.pk):
        return redirect("/")
    return render(request, "tenants/no_membership.html", status=403)


@login_required
def own_email(request: HttpRequest) -> HttpResponse:
    """In place of allauth's page: an address is what an invitation was sent to, so nobody changes it by themselves."""
    return render(request, "account/email.html")
