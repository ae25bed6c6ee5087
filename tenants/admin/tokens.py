"""Tokens for the REST API, for a person's scripts and for services."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from tenants import operations
from tenants.access import access_of
from tenants.admin.confirming import confirm
from tenants.console import TenantAdmin, actor, page
from tenants.forms import ApiTokenForm
from tenants.models import ApiToken


@admin.register(ApiToken)
class ApiTokenAdmin(TenantAdmin):
    form = ApiTokenForm
    list_display = [
        "name",
        "shown_prefix",
        "acts_for",
        "business_unit",
        "scope_names",
        "state",
        "expires_at",
        "last_used_at",
    ]
    list_select_related = ["business_unit", "user", "created_by"]
    list_filter = [("revoked_at", admin.EmptyFieldListFilter)]
    ordering = ["revoked_at", "-created_at"]
    empty_template = "tenants/_no_tokens.html"
    actions = None
    actions_detail = ["revoke"]

    @display(description=gettext_lazy("starts with"))
    def shown_prefix(self, token: ApiToken) -> str:
        return f"{token.prefix}…"

    @display(description=gettext_lazy("acts for"))
    def acts_for(self, token: ApiToken) -> str:
        return str(token.user) if token.user else _("a service")

    @display(description=gettext_lazy("may"))
    def scope_names(self, token: ApiToken) -> str:
        return ", ".join(str(ApiToken.Scope(scope).label) for scope in token.scopes)

    @display(
        description=gettext_lazy("state"),
        label={"live": "success", "expired": "warning", "revoked": "danger"},
    )
    def state(self, token: ApiToken) -> tuple[str, str]:
        if token.revoked_at:
            return "revoked", _("revoked")
        return ("expired", _("expired")) if token.expires_at <= timezone.now() else ("live", _("live"))

    @display(description=gettext_lazy("state"))
    def state_word(self, token: ApiToken) -> str:
        return self.state(token)[1]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # a token is made and revoked, never changed

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        if obj is None:
            return ["name", "kind", "business_unit", "scopes", "days"]
        return [
            "name", "shown_prefix", "acts_for", "created_by", "business_unit", "scope_names", "state_word",
            "created_at", "expires_at", "revoked_at", "last_used_at",
        ]  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [] if obj is None else self.get_fields(request, obj)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is not None:
            return super().get_form(request, obj, change=change, **(kwargs | {"form": forms.ModelForm}))
        form = super().get_form(request, obj, change=change, **kwargs)
        form.access = access_of(request.user)
        return form

    def save_model(self, request: HttpRequest, obj: ApiToken, form: Any, change: bool) -> None:
        made, secret = operations.issue_api_token(
            name=obj.name,
            business_unit=obj.business_unit,
            scopes=form.cleaned_data["scopes"],
            user=request.user if form.cleaned_data["kind"] == "personal" else None,
            created_by=request.user,
            expires_at=form.expires_at(timezone.now()),
            by=actor(request),
            now=timezone.now(),
        )
        obj.pk = made.pk
        request.token_made = (made, secret)  # type: ignore[attr-defined]

    def response_add(
        self, request: HttpRequest, obj: ApiToken, post_url_continue: Any = None
    ) -> HttpResponse:
        token, secret = request.token_made  # type: ignore[attr-defined]
        me = request.build_absolute_uri(reverse("tenants:me"))
        content = {
            "title": _("Your new API token"),
            "token": token,
            "secret": secret,
            "example": f"curl {me} -H 'Authorization: Bearer {secret}'",
        }
        return page(request, "tenants/token_made.html", content)

    @action(description=gettext_lazy("Revoke"), url_path="revoke", permissions=["revoke"], icon="block")
    def revoke(self, request: HttpRequest, object_id: str) -> HttpResponse:
        token = get_object_or_404(self.get_queryset(request), pk=object_id)
        if not self.has_revoke_permission(request, object_id):
            raise PermissionDenied
        return confirm(
            request,
            title=_("Revoke this token?"),
            question=_("Whatever uses “%(name)s” is refused at once.") % {"name": token.name},
            button=_("Revoke"),
            back=reverse("admin:tenants_apitoken_changelist"),
            do=lambda: operations.revoke_api_token(token=token, by=actor(request), now=timezone.now()),
            done=_("“%(name)s” is revoked.") % {"name": token.name},
        )

    def has_revoke_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        token = self.get_queryset(request).filter(pk=object_id, revoked_at__isnull=True).first()
        return token is not None and self._may(request, "change", token)
