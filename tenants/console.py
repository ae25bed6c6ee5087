"""What every page of the console on Django admin has in common: whose rows it shows and how it saves."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from unfold.admin import ModelAdmin
from unfold.admin import TabularInline as UnfoldTabularInline

from tenants import audit, queries
from tenants.access import MODEL_AREAS, Area, Level, access_of, units_visible_to
from tenants.audit import Actor
from tenants.models import BusinessUnit
from tenants.operations import Refused

Row = TypeVar("Row", bound=Model)

INDENT = "\N{NO-BREAK SPACE}" * 3


class ObjectPermissions:
    """Asks about the row, not only about its kind: a unit's owner may change the unit's rows, and only read those of
    the corporate unit."""

    opts: Any

    def _may(self, request: HttpRequest, verb: str, obj: Model | None) -> bool:
        return bool(request.user.has_perm(f"{self.opts.app_label}.{verb}_{self.opts.model_name}", obj))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "view", obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "add", obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "change", obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "delete", obj)


class TabularInline(ObjectPermissions, UnfoldTabularInline):
    """Rows edited inside their parent's form; `obj` is the parent, whose business unit decides."""

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """The columns' headings are no labels to a screen reader."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None:
            # A choice of a row wears a frame of buttons.
            widget = getattr(field.widget, "widget", field.widget)
            widget.attrs["aria-label"] = field.label
        return field


class TenantAdmin(ObjectPermissions, ModelAdmin):
    """A list and a form over one tenant table. Subclasses name `unit_lookup`, the way from a row to its business unit,
    and save through an operation: they override save_model (and delete_model), never rely on Django's."""

    unit_lookup: str | None = "business_unit"
    list_per_page = 50
    show_full_result_count = False
    list_fullwidth = True
    warn_unsaved_form = True
    compressed_fields = True
    refusals: tuple[type[Exception], ...] = (Refused, ValidationError)  # what operations say no with

    @property
    def area(self) -> Area:
        return MODEL_AREAS[self.opts.label_lower]

    def own_path(self, route: str, view: Callable[..., Any], name: str, **extra: Any) -> URLPattern:
        """An address beside Django's own, behind the console's log-in, named after the model and `name`."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_{name}"
        return path(route, self.admin_site.admin_view(view), extra, name=name)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        if self.unit_lookup is None:
            return rows
        rows = rows.filter(access_of(request.user).visible(self.area, f"{self.unit_lookup}__path"))
        chosen = getattr(request, "unit_id", None)
        narrowed = chosen and BusinessUnit.objects.filter(pk=chosen).first()
        if narrowed and request.resolver_match and request.resolver_match.url_name.endswith("_changelist"):
            rows = rows.filter(**{f"{self.unit_lookup}__path__startswith": narrowed.path})
        return rows

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Business units are chosen here and edited on their own page: no pencil and plus beside the field."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and getattr(db_field, "related_model", None) is BusinessUnit:
            for verb in ("add", "change", "delete", "view"):
                setattr(field.widget, f"can_{verb}_related", False)
        return field

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.related_model is BusinessUnit:
            units = units_visible_to(access_of(request.user), self.area, Level.CHANGE)
            kwargs["queryset"] = units
            if len(only := list(units[:2])) == 1:  # nothing to choose
                kwargs["initial"] = only[0].pk
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """What an operation refuses is said on the form, which keeps everything the user typed."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except self.refusals as refusal:
            request.refusal = sentences_of(refusal)  # type: ignore[attr-defined]
            return super().changeform_view(request, *args, **kwargs)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        refusal = getattr(request, "refusal", None)
        return type(form.__name__, (_RefusedForm, form), {"refusal": refusal}) if refusal else form

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        try:
            return super().delete_view(request, object_id, extra_context)
        except self.refusals as refusal:
            return self._refuse(request, refusal)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Actions on chosen rows happen all or not at all."""
        try:
            with transaction.atomic():
                return super().changelist_view(request, extra_context)
        except self.refusals as refusal:
            return self._refuse(request, refusal)

    def _refuse(self, request: HttpRequest, refusal: Exception) -> HttpResponse:
        for sentence in sentences_of(refusal):
            messages.error(request, sentence)
        return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        """One button saves."""
        context |= {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        raise NotImplementedError(f"{type(self).__name__} must save through an operation.")

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for row in queryset:
            self.delete_model(request, row)

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        raise NotImplementedError(f"{type(self).__name__} must delete through an operation.")


class _RefusedForm:
    """Mixed into a form whose operation said no a moment ago: valid by itself, and refused."""

    refusal: list[str]

    def clean(self) -> Any:
        super().clean()  # type: ignore[misc]
        raise ValidationError(self.refusal)


def sentences_of(refusal: Exception) -> list[str]:
    """What a refusal says to the user."""
    return list(refusal.messages) if isinstance(refusal, ValidationError) else [str(refusal)]


class ReadOnlyAdmin(TenantAdmin):
    """Rows that machines write: to be looked at."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def actor(request: HttpRequest) -> Actor:
    """Who the audit log names for a change made in the console."""
    return audit.actor_for(request.user)


@dataclass(frozen=True)
class UnitChoice:
    """A business unit in the switcher; the label is indented by its depth in the tree."""

    key: UUID
    label: str


def switcher(request: HttpRequest) -> dict[str, Any]:
    """What templates/tenants/_switcher.html shows: the user's tenants and, in this one, the units they have a role in.
    Two queries; one outside a tenant."""
    tenant = getattr(request, "tenant", None)
    units: list[UnitChoice] = []
    if tenant is not None:
        access = access_of(request.user)
        visible = [unit for unit in BusinessUnit.objects.order_by("path") if access.covers(unit.path)]
        units = [UnitChoice(unit.pk, f"{INDENT * unit.depth}{unit.name}") for unit in visible]
    return {
        "tenants": queries.tenants_of(request.user.pk),
        "tenant_id": tenant.pk if tenant else None,
        "units": units,
        "unit_id": getattr(request, "unit_id", None),
    }


def find_visible(
    request: HttpRequest, rows: QuerySet[Row], area: Area, key: UUID, *, unit_lookup: str = "business_unit"
) -> Row:
    """The row with this key, if this user may see rows of its business unit. Raises Http404."""
    visible = access_of(request.user).visible(area, f"{unit_lookup}__path")
    found = rows.filter(visible, pk=key).first()
    if found is None:
        raise Http404
    return found


def is_fragment(request: HttpRequest) -> bool:
    """htmx asks for a part of the page. A link that it follows (boosted) wants the whole."""
    return bool(request.htmx and not request.htmx.boosted)  # type: ignore[attr-defined]


def page(
    request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200
) -> TemplateResponse:
    """One of our own pages inside the console's frame, or (a template that starts with _) a fragment of it."""
    frame = {} if template.rpartition("/")[2].startswith("_") else admin.site.each_context(request)
    return TemplateResponse(request, template, {**frame, **context}, status=status)
