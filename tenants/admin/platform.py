"""Platform operators' pages: all companies, and the platform's own log. No company's data is on them.

These pages belong to no tenant (tenants.middleware), because what they do opens other tenants' contexts.
"""

from pathlib import Path
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.decorators import display

from tenants import audit, operations, queries
from tenants.console import ObjectPermissions, actor, page, sentences_of
from tenants.forms import NewTenantForm
from tenants.models import PlatformEvent, Tenant, User

STATUS_COLOURS = {"active": "success", "filling": "info", "suspended": "warning", "deleting": "danger"}


@admin.register(Tenant)
class CompanyAdmin(ObjectPermissions, ModelAdmin):
    list_display = ["name", "slug", "state", "time_zone", "created_at"]
    list_filter = ["status"]
    search_fields = ["^slug", "^name"]
    ordering = ["name"]
    list_fullwidth = True
    actions = None

    @display(description=gettext_lazy("status"), label=STATUS_COLOURS)
    def state(self, tenant: Tenant) -> tuple[str, str]:
        return tenant.status, str(tenant.get_status_display())

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # the company's own page asks for more than one click

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("<int:key>/do/", view(self.do_view), name="tenants_tenant_do"),
            path("<int:key>/exports/<str:name>", view(self.download_view), name="tenants_tenant_download"),
            *super().get_urls(),
        ]

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Not Django's: a new company's own context cannot be opened within another transaction."""
        self._check(request)
        form = NewTenantForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                tenant = operations.open_tenant(
                    **form.cleaned_data, invited_by=request.user, by=actor(request), now=timezone.now()
                )
            except (ValidationError, operations.Refused) as refusal:
                form.add_error(None, sentences_of(refusal))
            else:
                messages.success(
                    request,
                    _("%(tenant)s is ready; %(email)s is invited as its corporate admin.")
                    % {"tenant": tenant.name, "email": form.cleaned_data["admin_email"]},
                )
                return redirect("admin:tenants_tenant_change", tenant.pk)
        content = {"title": _("New company"), "form": form, "opts": self.opts}
        return page(request, "tenants/new_tenant.html", content, status=422 if form.errors else 200)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        self._check(request)
        tenant = (
            get_object_or_404(Tenant.objects.select_related("sample_of"), pk=object_id)
            if object_id.isdigit()
            else None
        )
        if tenant is None:
            raise Http404
        content = {
            "title": tenant.name,
            "company": tenant,
            "exports": _exports_of(tenant),
            "export_is_pending": queries.export_is_pending(tenant.slug),
            "events": PlatformEvent.objects.filter(target=tenant.slug).order_by("-id")[:20],
            "opts": self.opts,
        }
        return page(request, "tenants/tenant.html", content)

    def do_view(self, request: HttpRequest, key: int) -> HttpResponse:
        """Suspend, resume, export or delete: the name of the pressed button says which."""
        self._check(request)
        tenant = get_object_or_404(Tenant, pk=key)
        by, now = actor(request), timezone.now()
        verb = request.POST.get("verb")
        try:
            if verb == "suspend":
                operations.suspend_tenant(tenant=tenant, by=by, now=now)
            elif verb == "resume":
                operations.resume_tenant(tenant=tenant, by=by, now=now)
            elif verb == "export":
                operations.request_export(tenant=tenant, by=by, now=now)
            elif verb == "delete":
                confirmation = request.POST.get("confirmation", "").strip()
                operations.request_deletion(tenant=tenant, confirmation=confirmation, by=by, now=now)
            else:
                raise Http404
        except operations.Refused as refusal:
            messages.error(request, str(refusal))
        return redirect("admin:tenants_tenant_change", tenant.pk)

    def download_view(self, request: HttpRequest, key: int, name: str) -> HttpResponse:
        self._check(request)
        tenant = get_object_or_404(Tenant, pk=key)
        found = next((file for file in _exports_of(tenant) if file.name == name), None)
        if found is None:
            raise Http404
        audit.record_platform(
            by=actor(request),
            verb="tenant.export_downloaded",
            target=tenant.slug,
            now=timezone.now(),
            detail={"file": name},
        )
        return FileResponse(found.open("rb"), as_attachment=True, filename=name)  # type: ignore[return-value]

    def _check(self, request: HttpRequest) -> None:
        if not self.has_change_permission(request):
            raise PermissionDenied


def _exports_of(tenant: Tenant) -> list[Path]:
    """Finished exports of one company, newest first."""
    return sorted(operations.exports_folder().glob(f"{tenant.slug}-????????T??????Z.zip"), reverse=True)


@admin.register(PlatformEvent)
class PlatformEventAdmin(ObjectPermissions, ModelAdmin):
    list_display = ["at", "who", "what", "target"]
    list_display_links = None
    list_filter = [("at", RangeDateTimeFilter)]
    list_filter_submit = True
    search_fields = ["^target"]
    ordering = ["-id"]
    list_fullwidth = True
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[PlatformEvent]:
        people = User.objects.filter(pk=OuterRef("actor_id"))
        return super().get_queryset(request).annotate(actor_email=Subquery(people.values("email")[:1]))

    @display(description=gettext_lazy("by"))
    def who(self, event: Any) -> str:
        return event.actor_email or _("system or command line")

    @display(description=gettext_lazy("what"), ordering="verb")
    def what(self, event: PlatformEvent) -> str:
        return event.verb.rpartition(".")[2].replace("_", " ")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
