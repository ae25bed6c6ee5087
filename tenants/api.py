"""What every REST page has in common: a token opens its tenant, scopes and the business unit bound what it may do, and
errors are {"code", "message"}."""

from contextlib import ExitStack
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import transaction
from django.db.models import Q
from django.http import Http404, HttpRequest, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tenants import queries
from tenants.access import SCOPE_RIGHTS, Access, access_of
from tenants.authentication import ApiTokenAuthentication, HasScope
from tenants.context import tenant_context
from tenants.models import ApiToken, BusinessUnit
from tenants.operations import Refused, note_token_use
from tenants.viewer import looking

USE_NOTED_EVERY = timedelta(minutes=5)


class TenantAPIView(APIView):
    """A view for API tokens. It runs in one transaction of the token's tenant, rolled back when it answers an error.

    Subclasses name `required_scopes`, by method: {"GET": "leads:read"}; an empty string asks for no scope. Rows are
    limited with `self.visible("business_unit__path")`, single rows checked with `self.allows(unit.path)`."""

    authentication_classes = [ApiTokenAuthentication]
    permission_classes = [HasScope]
    required_scopes: dict[str, str] = {}
    token: ApiToken

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        with ExitStack() as self._opened:
            response = super().dispatch(request, *args, **kwargs)
            if hasattr(response, "render"):
                response.render()  # now, while the tenant is open
        return response

    def perform_authentication(self, request: Request) -> None:
        super().perform_authentication(request)
        if request.auth is None:
            raise exceptions.NotAuthenticated(_("Send an API token: Authorization: Bearer pql_a_..."))
        now = timezone.now()
        self._opened.enter_context(tenant_context(request.auth.tenant_id))
        self.token = queries.get_api_token(request.auth.token_id)
        if self.token.user is not None:
            self._opened.enter_context(looking(self.token.user))
        self._refuse_former_members()
        self._note_use(now)

    def handle_exception(self, exc: Exception) -> Response:
        response = error_response(exc)
        if response is None:
            raise exc
        if hasattr(self, "token"):
            transaction.set_rollback(True)
        if response.status_code == status.HTTP_401_UNAUTHORIZED:
            response["WWW-Authenticate"] = self.get_authenticate_header(self.request)
        response.exception = True
        return response

    @cached_property
    def access(self) -> Access | None:
        """What the token's person may do today; None for a service token."""
        return access_of(self.token.user) if self.token.user else None

    @property
    def scope(self) -> str | None:
        """The scope this request needs; "" for none; None when the view names nothing for the method: nobody may."""
        method = "GET" if self.request.method == "HEAD" else self.request.method
        return self.required_scopes.get(method or "")

    def allows(self, unit_path: str) -> bool:
        """Whether this request may touch a row of the unit: the token covers it, and so does its person's role."""
        if not unit_path.startswith(self.token.business_unit.path):
            return False
        return self.access is None or not self.scope or self.access.may_use(self.scope, unit_path)

    def visible(self, path_lookup: str) -> Q:
        """A filter for the rows this request may touch; path_lookup leads to BusinessUnit.path."""
        condition = Q(**{f"{path_lookup}__startswith": self.token.business_unit.path})
        if self.access is not None and self.scope:
            condition &= self.access.visible(
                SCOPE_RIGHTS[self.scope][0], path_lookup, SCOPE_RIGHTS[self.scope][1]
            )
        return condition

    def _refuse_former_members(self) -> None:
        person = self.token.user
        if person is not None and not (person.is_active and self.access is not None and self.access.grants):
            raise exceptions.AuthenticationFailed(_("The person this token acts for is no longer a member."))

    def _note_use(self, now: datetime) -> None:
        if self.token.last_used_at is None or now - self.token.last_used_at > USE_NOTED_EVERY:
            note_token_use(token=self.token, now=now)


def error_response(error: Exception) -> Response | None:
    """An error as {"code", "message"} with its status, plus "fields" for wrong input; None for what is our fault."""
    if isinstance(error, Http404):
        error = exceptions.NotFound(_("There is no such thing, or this token may not see it."))
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    elif isinstance(error, Refused):
        return Response({"code": "refused", "message": str(error)}, status=status.HTTP_409_CONFLICT)
    elif isinstance(error, DjangoValidationError):
        error = exceptions.ValidationError(serializers.as_serializer_error(error))
    if not isinstance(error, exceptions.APIException):
        return None
    body: dict[str, Any] = {"code": str(getattr(error.detail, "code", error.default_code))}
    if isinstance(error, exceptions.ValidationError):
        body |= {"message": _("Some fields are wrong; see “fields”."), "fields": error.detail}
    else:
        body["message"] = str(error.detail)
    return Response(body, status=error.status_code)


def unknown_address(request: HttpRequest) -> JsonResponse:
    """A program must not take the page to log in for an answer."""
    message = _("There is nothing at this address. All calls are described at /api/docs/.")
    return JsonResponse({"code": "not_found", "message": message}, status=404)


unknown_address.csrf_exempt = True  # type: ignore[attr-defined]


class _UnitSerializer(serializers.ModelSerializer):
    class Meta:
        model = BusinessUnit
        fields = ["id", "name"]


class _MeSerializer(serializers.Serializer):
    """Who a token is, and what it may do."""

    tenant = serializers.DictField(child=serializers.CharField())
    token = serializers.DictField()
    business_unit = _UnitSerializer()
    user = serializers.DictField(child=serializers.CharField(), allow_null=True)


class MeView(TenantAPIView):
    """Who the token is: to check that a client is set up right."""

    required_scopes = {"GET": ""}

    @extend_schema(operation_id="me", responses=_MeSerializer)
    def get(self, request: Request) -> Response:
        tenant = queries.get_tenant(self.token.tenant_id)
        person = self.token.user
        facts = {
            "tenant": {
                "slug": tenant.slug,
                "name": tenant.name,
                "time_zone": tenant.time_zone,
                "currency": tenant.currency,
            },
            "token": {
                "name": self.token.name,
                "kind": "personal" if person else "service",
                "scopes": self.token.scopes,
                "expires_at": self.token.expires_at.isoformat(),
            },
            "business_unit": self.token.business_unit,
            "user": {"email": person.email, "name": person.name} if person else None,
        }
        return Response(_MeSerializer(facts).data)
