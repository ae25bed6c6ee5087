"""Who is in the company, and who is invited."""

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from tenants import operations
from tenants.access import Area, Level, access_of
from tenants.admin.confirming import confirm
from tenants.console import TenantAdmin, actor
from tenants.forms import InvitationForm, MembershipForm
from tenants.models import Invitation, Membership


class FormerFilter(admin.SimpleListFilter):
    """Members of today unless asked for those who left."""

    title = gettext_lazy("membership")
    parameter_name = "former"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", gettext_lazy("Former members"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Membership]) -> QuerySet[Membership]:
        return queryset.filter(ended_at__isnull=self.value() != "yes")


@admin.register(Membership)
class MembershipAdmin(TenantAdmin):
    form = MembershipForm
    fields = ["user", "business_unit", "role", "created_at", "ended_at"]
    readonly_fields = ["user", "business_unit", "created_at", "ended_at"]
    list_display = ["person", "role_name", "business_unit", "created_at"]
    list_select_related = ["user", "business_unit"]
    list_filter = [FormerFilter, "role"]
    search_fields = ["^user__email", "^user__name"]
    search_help_text = gettext_lazy("Start of a name or e-mail address")
    ordering = ["user__name", "user__email"]
    actions = None
    actions_list = ["invite"]

    @display(description=gettext_lazy("member"), header=True, ordering="user__name")
    def person(self, membership: Membership) -> list[str]:
        return [str(membership.user), membership.user.email]

    @display(description=gettext_lazy("role"), ordering="role")
    def role_name(self, membership: Membership) -> str:
        return str(membership.get_role_display())

    @action(
        description=gettext_lazy("Invite a member"), url_path="invite", permissions=["invite"], icon="mail"
    )
    def invite(self, request: HttpRequest) -> HttpResponse:
        return redirect("admin:tenants_invitation_add")

    def has_invite_permission(self, request: HttpRequest) -> bool:
        return access_of(request.user).level(Area.MEMBERS) == Level.CHANGE

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # people join by an invitation

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is None:
            return super().has_change_permission(request)
        may = access_of(request.user).may_grant(obj.role, obj.business_unit.path)
        return bool(may and obj.ended_at is None)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        form.access = access_of(request.user)
        return form

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[Any, Any], set[Any], list]:
        """Removing keeps the row and everything that names it."""
        return (
            [_("%(member)s; leads and history keep the name") % {"member": row} for row in objs],
            {},
            set(),
            [],
        )

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:
        before = Membership.objects.get(pk=obj.pk)
        operations.change_role(membership=before, role=obj.role, by=actor(request), now=timezone.now())

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        operations.remove_member(membership=obj, by=actor(request), now=timezone.now())


@admin.register(Invitation)
class InvitationAdmin(TenantAdmin):
    form = InvitationForm
    fields = ["email", "business_unit", "role"]
    list_display = ["email", "role_name", "business_unit", "invited_by", "state", "expires_at"]
    list_select_related = ["business_unit", "invited_by"]
    list_filter = [("accepted_at", admin.EmptyFieldListFilter)]
    search_fields = ["^email"]
    ordering = ["-created_at"]
    actions = None
    actions_detail = ["resend", "revoke"]

    @display(description=gettext_lazy("role"), ordering="role")
    def role_name(self, invitation: Invitation) -> str:
        return str(invitation.get_role_display())

    @display(
        description=gettext_lazy("state"),
        label={"accepted": "success", "open": "info", "expired": "warning", "unsent": "danger"},
    )
    def state(self, invitation: Invitation) -> tuple[str, str]:
        if invitation.accepted_at:
            return "accepted", _("accepted")
        if invitation.expires_at <= timezone.now():
            return "expired", _("expired")
        if invitation.mailed_at is None:
            return "unsent", _("not mailed yet")
        return "open", _("open")

    @display(description=gettext_lazy("state"))
    def state_word(self, invitation: Invitation) -> str:
        return self.state(invitation)[1]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and super().has_change_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [] if obj is None else ["email", "business_unit", "role"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        shown = ["state_word", "invited_by", "created_at", "mailed_at", "expires_at", "accepted_at"]
        return self.fields if obj is None else [*self.fields, *shown]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        form.access = access_of(request.user)
        return form

    def save_model(self, request: HttpRequest, obj: Invitation, form: Any, change: bool) -> None:
        made, _secret = operations.invite_member(
            email=obj.email,
            role=obj.role,
            business_unit=obj.business_unit,
            invited_by=request.user,
            by=actor(request),
            now=timezone.now(),
        )
        obj.pk = made.pk

    def response_add(
        self, request: HttpRequest, obj: Invitation, post_url_continue: Any = None
    ) -> HttpResponse:
        messages.success(
            request, _("%(email)s gets a mail with a link that works for seven days.") % {"email": obj.email}
        )
        if settings.EMAIL_BACKEND.endswith("filebased.EmailBackend"):
            messages.info(
                request,
                _("No mail server is set up: the mail is a file in %(folder)s.")
                % {"folder": settings.EMAIL_FILE_PATH},
            )
        return redirect("admin:tenants_invitation_changelist")

    @action(
        description=gettext_lazy("Send again"),
        url_path="resend",
        permissions=["open"],
        icon="forward_to_inbox",
    )
    def resend(self, request: HttpRequest, object_id: str) -> HttpResponse:
        invitation = self._open(request, object_id)
        return confirm(
            request,
            title=_("Send the invitation again?"),
            question=_("%(email)s gets a new link that works for seven days. The old link stops working.")
            % {"email": invitation.email},
            button=_("Send again"),
            back=reverse("admin:tenants_invitation_changelist"),
            do=lambda: operations.resend_invitation(
                invitation=invitation, by=actor(request), now=timezone.now()
            ),
            done=_("Sent again to %(email)s.") % {"email": invitation.email},
            danger=False,
        )

    @action(description=gettext_lazy("Revoke"), url_path="revoke", permissions=["open"], icon="block")
    def revoke(self, request: HttpRequest, object_id: str) -> HttpResponse:
        invitation = self._open(request, object_id)
        return confirm(
            request,
            title=_("Revoke the invitation?"),
            question=_("The link that %(email)s got stops working at once.") % {"email": invitation.email},
            button=_("Revoke"),
            back=reverse("admin:tenants_invitation_changelist"),
            do=lambda: operations.revoke_invitation(
                invitation=invitation, by=actor(request), now=timezone.now()
            ),
            done=_("The invitation of %(email)s is revoked.") % {"email": invitation.email},
        )

    def has_open_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Whether the invitation can still be sent again or revoked, by this user."""
        invitation = self.get_queryset(request).filter(pk=object_id, accepted_at__isnull=True).first()
        return invitation is not None and self._may(request, "change", invitation)

    def _open(self, request: HttpRequest, object_id: str) -> Invitation:
        rows = self.get_queryset(request).select_related("business_unit")
        invitation = get_object_or_404(rows, pk=object_id, accepted_at__isnull=True)
        if not access_of(request.user).may_grant(invitation.role, invitation.business_unit.path):
            raise PermissionDenied
        return invitation
