"""Who did what in this company: read-only, in sentences."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import DropdownFilter, RangeDateTimeFilter
from unfold.decorators import action, display
from unfold.views import ChangeList

from tenants import audit
from tenants.access import Area, access_of
from tenants.audit_sentences import audit_sentences, kind_name
from tenants.console import ReadOnlyAdmin
from tenants.models import AuditEvent, BusinessUnit, Membership, User


class ActorFilter(DropdownFilter):
    title = gettext_lazy("by")
    parameter_name = "actor"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        people = User.objects.filter(pk__in=Membership.objects.values("user_id"))
        return [(str(user.pk), str(user)) for user in people.order_by("name", "email")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEvent]) -> QuerySet[AuditEvent]:
        known = {key for key, _name in self.lookup_choices}
        return queryset.filter(actor_id=self.value()) if self.value() in known else queryset


class KindFilter(DropdownFilter):
    title = gettext_lazy("of a")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        kinds = AuditEvent.objects.values_list("target_type", flat=True).distinct().order_by("target_type")
        return [(kind, capfirst(kind_name(kind))) for kind in kinds]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEvent]) -> QuerySet[AuditEvent]:
        return queryset.filter(target_type=self.value()) if self.value() else queryset


class SentenceList(ChangeList):
    """A page of the log, its names looked up once for all rows."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        events: list[Any] = list(self.result_list)  # type: ignore[has-type]
        sentences = audit_sentences(events)
        for event in events:
            event.sentence = sentences[event.pk]
        self.result_list = events


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    unit_lookup = None
    list_display = ["at", "what_happened", "changed_fields", "sequence"]
    fields = [
        "sequence",
        "at",
        "what_happened",
        "changed_fields",
        "verb",
        "target_type",
        "target_id",
        "request_id",
    ]
    readonly_fields = ["what_happened", "changed_fields"]
    list_filter = [ActorFilter, KindFilter, ("at", RangeDateTimeFilter)]
    list_filter_submit = True
    ordering = ["-sequence"]
    actions = None
    actions_list = ["verify"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEvent]:
        """Of the units whose log this user may read; what belongs to no unit is for those who read the root's."""
        access = access_of(request.user)
        units = BusinessUnit.objects.filter(access.visible(Area.AUDIT, "path"))
        seen = Q(business_unit_id__in=units.values("pk"))
        if units.filter(parent__isnull=True).exists():
            seen = Q()
        return super().get_queryset(request).filter(seen)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:
        return SentenceList

    @display(description=gettext_lazy("what happened"))
    def what_happened(self, event: Any) -> str:
        return getattr(event, "sentence", None) or audit_sentences([event])[event.pk]

    @display(description=gettext_lazy("fields"))
    def changed_fields(self, event: AuditEvent) -> str:
        return ", ".join(event.fields)

    @action(
        description=gettext_lazy("Check the chain"), url_path="verify", permissions=["whole"], icon="link"
    )
    def verify(self, request: HttpRequest) -> HttpResponse:
        """Every row's hash covers the one before it: one that was changed or taken out shows."""
        broken = audit.first_broken_link()
        if broken is None:
            messages.success(request, _("The chain is whole: no row was changed or taken out."))
        else:
            messages.error(
                request,
                _("The chain breaks at row %(number)s: a row was changed or taken out.") % {"number": broken},
            )
        return redirect("admin:tenants_auditevent_changelist")

    def has_whole_permission(self, request: HttpRequest) -> bool:
        return (
            access_of(request.user).level(Area.AUDIT, BusinessUnit.objects.get(parent__isnull=True).path) > 0
        )
