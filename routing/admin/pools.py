"""Pools: who takes leads in turn, with the pointers that say whose turn it is."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from routing.forms.wording import turns
from routing.models import Lead, Pool, PoolMember
from routing.operations import add_member, create_pool, edit_member, edit_pool, remove_member
from routing.queries.tables import HELD_BY_REP, reps_of
from tenants.console import TabularInline, TenantAdmin, actor
from tenants.models import Membership


class MemberForm(forms.ModelForm):
    """A member of a pool; who they are is chosen once."""

    class Meta:
        model = PoolMember
        fields = ["membership", "weight", "capacity", "is_available", "position"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and not self.instance._state.adding:
            self.fields["membership"].disabled = True


class MemberInline(TabularInline):
    model = PoolMember
    form = MemberForm
    fields = [
        "membership",
        "weight",
        "capacity",
        "is_available",
        "position",
        "turns_taken",
        "received",
        "open_leads",
    ]
    readonly_fields = ["turns_taken", "received", "open_leads"]
    ordering = ["position", "id"]
    extra = 0
    tab = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[PoolMember]:
        rows: QuerySet[PoolMember] = super().get_queryset(request).select_related("membership__user", "pool")
        return rows

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        self.pool: Pool | None = obj
        rows = Lead.objects.filter(pool=obj, state__in=HELD_BY_REP) if obj else Lead.objects.none()
        self.open_by_rep = dict(rows.values_list("rep_id").annotate(number=Count("id")))
        return super().get_formset(request, obj, **kwargs)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "membership" and self.pool:
            # Who has left and is in the pool still is its row's value, or the form could not be saved any more.
            inside = Q(pk__in=PoolMember.objects.filter(pool=self.pool).values("membership_id"))
            reps = Membership.objects.filter(inside | Q(pk__in=reps_of(self.pool.business_unit).values("pk")))
            kwargs["queryset"] = reps.select_related("user").order_by("user__name", "id")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Without the links to add or change members of the tenant: that is done under Members."""
        formfield = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "membership":
            formfield.widget.can_add_related = formfield.widget.can_change_related = False
            formfield.widget.can_view_related = False
        return formfield

    @admin.display(description=gettext_lazy("Turns taken"))
    def turns_taken(self, obj: PoolMember) -> str:
        return turns(obj.pointer) if obj.pk else "–"

    @admin.display(description=gettext_lazy("Open leads"))
    def open_leads(self, obj: PoolMember) -> str:
        return str(self.open_by_rep.get(obj.membership_id, 0))


@admin.register(Pool)
class PoolAdmin(TenantAdmin):
    fields = ["name", "business_unit", "first_response_hours"]
    list_display = ["name", "business_unit", "reps", "first_response_hours", "open_leads", "waiting_leads"]
    list_select_related = ["business_unit"]
    ordering = ["name"]
    actions = None
    inlines = [MemberInline]
    change_form_before_template = "routing/pool_before.html"
    empty_template = "routing/_no_pools.html"

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:
        return self.inlines if obj else []

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["business_unit"] if obj else []

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """What the columns count is counted once for the page."""
        changelist = super().get_changelist_instance(request)
        pools = [pool.pk for pool in changelist.result_list]
        members = dict(
            PoolMember.objects.filter(pool_id__in=pools, is_available=True)
            .values_list("pool_id")
            .annotate(number=Count("id"))
        )
        leads = Lead.objects.filter(pool_id__in=pools).values("pool_id")
        counted = leads.annotate(
            held=Count("id", filter=Q(state__in=HELD_BY_REP)),
            waiting=Count("id", filter=Q(state=Lead.State.WAITING)),
        )
        counts = {row["pool_id"]: row for row in counted}
        for pool in changelist.result_list:
            pool.counted = counts.get(pool.pk, {"held": 0, "waiting": 0}) | {"reps": members.get(pool.pk, 0)}
        return changelist

    def save_model(self, request: HttpRequest, obj: Pool, form: Any, change: bool) -> None:
        values = {"name": obj.name, "first_response_hours": obj.first_response_hours}
        by, now = actor(request), timezone.now()
        if change:
            edit_pool(pool=obj, **values, by=by, now=now)
            return
        made = create_pool(business_unit=obj.business_unit, **values, by=by, now=now)
        obj.pk = made.pk

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Members through operations, so that pointers start where they must."""
        by, now = actor(request), timezone.now()
        for removed in formset.deleted_forms:
            if removed.instance.pk:
                remove_member(member=removed.instance, by=by, now=now)
        for row in formset.initial_forms:
            if row in formset.deleted_forms or not row.has_changed():
                continue
            values = {
                name: row.cleaned_data[name] for name in ("weight", "capacity", "is_available", "position")
            }
            edit_member(
                member=PoolMember.objects.select_related("pool").get(pk=row.instance.pk),
                **values,
                by=by,
                now=now,
            )
        for row in formset.extra_forms:
            if row.has_changed() and row not in formset.deleted_forms:
                add_member(pool=form.instance, **_new_member(row.cleaned_data), by=by, now=now)
        formset.new_objects, formset.changed_objects, formset.deleted_objects = [], [], []

    def response_add(self, request: HttpRequest, obj: Pool, post_url_continue: Any = None) -> HttpResponse:
        messages.success(request, _("The pool is made. Now add the reps who take its leads."))
        return redirect("admin:routing_pool_change", obj.pk)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=gettext_lazy("Reps available"))
    def reps(self, obj: Any) -> int:
        return int(obj.counted["reps"])

    @admin.display(description=gettext_lazy("Open leads"))
    def open_leads(self, obj: Any) -> int:
        return int(obj.counted["held"])

    @admin.display(description=gettext_lazy("Waiting"))
    def waiting_leads(self, obj: Any) -> int:
        return int(obj.counted["waiting"])


def _new_member(data: dict[str, Any]) -> dict[str, Any]:
    names = ("membership", "weight", "capacity", "is_available", "position")
    if not data.get("membership"):
        raise ValidationError(_("Choose the rep."))
    return {name: data[name] for name in names}
