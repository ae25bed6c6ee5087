"""The tree of business units, and the company's own settings."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from tenants import operations
from tenants.access import Area, Level, access_of, units_visible_to
from tenants.console import INDENT, TenantAdmin, actor, page, sentences_of
from tenants.forms import BusinessUnitForm, TenantSettingsForm
from tenants.models import BusinessUnit, ZoneChange


@admin.register(BusinessUnit)
class BusinessUnitAdmin(TenantAdmin):
    form = BusinessUnitForm
    fields = ["name", "parent"]
    unit_lookup = None
    list_display = ["indented", "created_at"]
    list_display_links = ["indented"]
    ordering = ["path"]
    actions = None

    @display(description=gettext_lazy("business unit"))
    def indented(self, unit: BusinessUnit) -> str:
        return f"{INDENT * 2 * unit.depth}{'└ ' if unit.depth else ''}{unit.name}"

    def get_queryset(self, request: HttpRequest) -> QuerySet[BusinessUnit]:
        visible = access_of(request.user).visible(Area.UNITS, "path")
        return super().get_queryset(request).filter(visible)

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.settings_view)
        return [path("settings/", view, name="tenants_settings"), *super().get_urls()]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        parents = units_visible_to(access_of(request.user), Area.UNITS, Level.CHANGE)
        form.parents = parents.exclude(path__startswith=obj.path) if obj else parents
        return form

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["name"] if obj is not None and obj.is_corporate else ["name", "parent"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj is not None and obj.is_corporate)

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[Any, Any], set[Any], list]:
        """Only empty units can be deleted: the operation says what one still holds."""
        return [str(unit) for unit in objs], {}, set(), []

    def save_model(self, request: HttpRequest, obj: BusinessUnit, form: Any, change: bool) -> None:
        by, now = actor(request), timezone.now()
        if not change:
            made = operations.create_business_unit(name=obj.name, parent=obj.parent, by=by, now=now)
            obj.pk, obj.path = made.pk, made.path
            return
        before = BusinessUnit.objects.get(pk=obj.pk)
        operations.rename_business_unit(unit=before, name=obj.name, by=by, now=now)
        if not before.is_corporate:
            operations.move_business_unit(unit=before, parent=obj.parent, by=by, now=now)

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        operations.delete_business_unit(unit=obj, by=actor(request), now=timezone.now())

    def settings_view(self, request: HttpRequest) -> HttpResponse:
        """Name, time zone and currency of the company."""
        if access_of(request.user).level(Area.UNITS) < Level.CHANGE:
            raise PermissionDenied
        tenant = request.tenant  # type: ignore[attr-defined]
        form = TenantSettingsForm(request.POST or None, instance=tenant)
        if request.method == "POST" and form.is_valid():
            try:
                operations.change_tenant_settings(
                    tenant=tenant, **form.cleaned_data, by=actor(request), now=timezone.now()
                )
            except ValidationError as error:
                form.add_error(None, sentences_of(error))
            else:
                messages.success(request, _("Saved."))
                return redirect("admin:tenants_settings")
        content = {"title": _("Company settings"), "form": form, "zone_before": tenant.time_zone}
        content["recut"] = ZoneChange.objects.filter(finished_at=None).first()
        return page(request, "tenants/settings.html", content, status=422 if form.errors else 200)
