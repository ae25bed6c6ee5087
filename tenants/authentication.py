"""Lets API callers in by a personal or service token (Authorization: Bearer pql_a_...)."""

from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from tenants import queries
from tenants.queries import TokenOwner


@dataclass(frozen=True)
class TokenUser:
    """What DRF calls the user of a request made with an API token."""

    owner: TokenOwner

    @property
    def is_authenticated(self) -> bool:
        return True

    @property
    def pk(self) -> Any:
        return self.owner.user_id


class ApiTokenAuthentication(BaseAuthentication):
    keyword = "Bearer"

    def authenticate(self, request: Request) -> tuple[TokenUser, TokenOwner] | None:
        parts = get_authorization_header(request).split()
        if len(parts) != 2 or parts[0].lower() != b"bearer":
            return None
        owner = queries.find_api_token(parts[1].decode("latin-1"), now=timezone.now())
        if owner is None:
            raise AuthenticationFailed(
                _("This API token is unknown, expired or revoked. Make a new one under Settings.")
            )
        return TokenUser(owner), owner

    def authenticate_header(self, request: Request) -> str:
        return self.keyword


class HasScope(BasePermission):
    """The token carries the scope its view names for this method, and a personal token's person may still do that
    somewhere within the token's business unit."""

    def has_permission(self, request: Request, view: Any) -> bool:
        owner = request.auth
        if not isinstance(owner, TokenOwner):
            return False
        scope = view.scope
        if scope is None:
            return request.method == "OPTIONS"
        if scope == "":
            return True
        if scope not in owner.scopes:
            self.message = _("This token lacks the scope %(scope)s.") % {"scope": scope}
            return False
        if view.access is not None and not view.access.may_use_within(scope, view.token.business_unit.path):
            self.message = _("Your role does not allow %(scope)s in this business unit.") % {"scope": scope}
            return False
        return True


class ApiTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = ApiTokenAuthentication
    name = "apiToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}
