"""The catalogue of plans with what they allow, the limits, and the rules that tell an account's plan."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import localize
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from ingestion.forms.plans import LimitForm, PlanForm, PlanRuleForm
from ingestion.models import Action, Limit, Plan, PlanLimit, PlanRule
from ingestion.operations import (
    allow,
    allow_freely,
    archive_plan,
    create_limit,
    create_plan,
    create_plan_rule,
    delete_plan_rule,
    edit_limit,
    edit_plan,
)
from ingestion.rules.money import amount_of
from tenants.access import Area, access_of
from tenants.console import TabularInline, TenantAdmin, actor
from tenants.listing import Listing


class PlanLimitForm(forms.ModelForm):
    """What a plan allows; of which limit is chosen once."""

    class Meta:
        model = PlanLimit
        fields = ["limit", "amount", "is_hard"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and not self.instance._state.adding:
            self.fields["limit"].disabled = True
            self.initial["amount"] = f"{self.instance.amount.normalize():f}"


class PlanLimitInline(TabularInline):
    model = PlanLimit
    form = PlanLimitForm
    fields = ["limit", "amount", "is_hard"]
    extra = 0
    tab = False

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        self.plan: Plan | None = obj
        return super().get_formset(request, obj, **kwargs)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "limit" and self.plan:
            units = self.plan.business_unit.lineage
            kwargs["queryset"] = Limit.objects.filter(business_unit_id__in=units).order_by("name")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        return _without_links(field) if db_field.name == "limit" else field


@admin.register(Plan)
class PlanAdmin(Listing, TenantAdmin):
    form = PlanForm
    fields = ["name", "business_unit", "key", "price", "currency", "billing"]
    list_display = ["name", "business_unit", "key", "price", "billing", "allows", "standing"]
    list_select_related = ["business_unit"]
    list_filter = ["business_unit", ("archived_at", admin.EmptyFieldListFilter)]
    empty_template = "ingestion/_no_sold_plans.html"
    search_fields = ["^name", "^key"]
    ordering = ["archived_at", "name"]
    inlines = [PlanLimitInline]
    actions = ["archive", "download_csv"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Plan]:
        rows: QuerySet[Plan] = super().get_queryset(request).prefetch_related("limits__limit")
        return rows

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:
        return self.inlines if obj else []

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["business_unit"] if obj else []

    def save_model(self, request: HttpRequest, obj: Plan, form: Any, change: bool) -> None:
        save = edit_plan if change else create_plan
        save(plan=obj, by=actor(request), now=timezone.now())

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        by, now = actor(request), timezone.now()
        for removed in formset.deleted_forms:
            if removed.instance.pk and not removed.instance._state.adding:
                allow_freely(row=removed.instance, by=by, now=now)
        for row in formset.forms:
            if row.has_changed() and row not in formset.deleted_forms:
                values = {name: row.cleaned_data[name] for name in ("limit", "amount", "is_hard")}
                allow(plan=form.instance, **values, by=by, now=now)
        formset.new_objects, formset.changed_objects, formset.deleted_objects = [], [], []

    def response_add(self, request: HttpRequest, obj: Plan, post_url_continue: Any = None) -> HttpResponse:
        messages.success(request, _("The plan is made. Now say what it allows."))
        return redirect("admin:ingestion_plan_change", obj.pk)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # accounts have been on it: archive it

    @admin.action(description=gettext_lazy("Archive"), permissions=["change"])
    def archive(self, request: HttpRequest, queryset: Any) -> None:
        for plan in queryset:
            if self.has_change_permission(request, plan):
                archive_plan(plan=plan, by=actor(request), now=timezone.now())

    @admin.display(description=gettext_lazy("Price"), ordering="price_minor")
    def price(self, obj: Plan) -> str:
        if obj.price_minor is None:
            return "–"
        return f"{localize(amount_of(obj.price_minor, obj.currency))} {obj.currency}"

    @admin.display(description=gettext_lazy("Allows"))
    def allows(self, obj: Plan) -> str:
        rows = sorted(obj.limits.all(), key=lambda row: row.limit.name)
        return ", ".join(f"{row.limit.name} {localize(row.amount.normalize())}" for row in rows) or "–"

    @admin.display(description=gettext_lazy("State"))
    def standing(self, obj: Plan) -> str:
        return format_html('<span class="pq-tag">{}</span>', _("archived")) if obj.archived_at else "–"


@admin.register(Limit)
class LimitAdmin(Listing, TenantAdmin):
    form = LimitForm
    fields = ["name", "business_unit", "kind", "action", "returning_action", "gauge_trait", "resets"]
    list_display = ["name", "business_unit", "kind", "measure", "resets"]
    list_select_related = ["business_unit", "action", "returning_action"]
    list_filter = ["business_unit", "kind"]
    empty_template = "ingestion/_no_limits.html"
    ordering = ["name"]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.related_model is Action:
            seen = access_of(request.user).visible(Area.CATALOGUE, "business_unit__path")
            kwargs["queryset"] = Action.objects.filter(seen, archived_at=None).order_by("name")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        return _without_links(field) if db_field.name in ("action", "returning_action") else field

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["business_unit"] if obj else []

    def save_model(self, request: HttpRequest, obj: Limit, form: Any, change: bool) -> None:
        save = edit_limit if change else create_limit
        save(limit=obj, by=actor(request), now=timezone.now())

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=gettext_lazy("Usage is known by"))
    def measure(self, obj: Limit) -> str:
        if obj.gauge_trait:
            return _("trait %s") % obj.gauge_trait
        if obj.returning_action:
            return _("%(action)s less %(returning)s") % {
                "action": obj.action,
                "returning": obj.returning_action,
            }
        return str(obj.action)


@admin.register(PlanRule)
class PlanRuleAdmin(Listing, TenantAdmin):
    """Added and deleted, never changed: what a rule has told is history."""

    unit_lookup = None
    form = PlanRuleForm
    fields = ["source", "name", "fact", "status", "plan_property", "trial_days"]
    list_display = ["name", "source", "tells"]
    empty_template = "ingestion/_no_plan_rules.html"
    ordering = ["source", "name"]

    def save_model(self, request: HttpRequest, obj: PlanRule, form: Any, change: bool) -> None:
        found = create_plan_rule(rule=obj, by=actor(request), now=timezone.now())
        if obj.source == PlanRule.Source.TRAIT:
            text = ngettext("History told it %(n)d time.", "History told it %(n)d times.", found)
            messages.success(request, text % {"n": found})

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        delete_plan_rule(rule=obj, by=actor(request), now=timezone.now())

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> HttpResponse:
        return redirect(reverse("admin:ingestion_planrule_changelist"))

    @admin.display(description=gettext_lazy("Tells"))
    def tells(self, obj: PlanRule) -> str:
        if obj.source == PlanRule.Source.TRAIT:
            return str(obj.get_fact_display())
        parts = [_("status %s") % obj.get_status_display()] if obj.status else []
        parts += [_("trial of %s days") % obj.trial_days] if obj.trial_days else []
        parts += [_("the plan in “%s”") % obj.plan_property] if obj.plan_property else []
        return ", ".join(parts)


def _without_links(field: Any) -> Any:
    """No pencil and plus beside the choice."""
    for verb in ("add", "change", "delete", "view"):
        setattr(field.widget, f"can_{verb}_related", False)
    return field
