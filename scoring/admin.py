"""The scoring room's pages: definitions, motions, replays, PQLs, and the persons and accounts they are about."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import RangeDateFilter
from unfold.utils import parse_date_str

from ingestion.admin import ActionAdmin, EventNameAdmin, ListAdmin
from ingestion.models import Account, Action, EventName, List, Person
from ingestion.queries import subject_labels
from ingestion.templatetags.data import progress
from ingestion.views import links
from ingestion.views.catalogue import Key, Use
from scoring.forms.definitions import DefinitionForm, MotionForm
from scoring.models import Definition, Level, Motion, Qualification, ReplayRun
from scoring.operations import create_definition, create_motion, edit_motion
from scoring.queries.held_out import known_pqls, visible_pqls
from scoring.queries.overview import (
    DefinitionRow,
    definition_rows,
    definitions_using,
    live_signals_by_event,
    signals_asking,
)
from scoring.queries.past import releasable_pqls
from scoring.queries.preview import reasons
from scoring.queries.replays import progress_of
from scoring.templatetags.points import points, signed_points
from scoring.views import definitions, draft, past, qualifications, replays, subjects, templates
from scoring.views.panels import subject_url_name
from tenants.access import Area, access_of, units_visible_to
from tenants.access import Level as Access
from tenants.console import ReadOnlyAdmin, TenantAdmin, actor
from tenants.listing import Listing, moment
from tenants.paginator import CappedPaginator


class OwnedAdmin(Listing, TenantAdmin):
    """Forms that begin with the unit the user works in: the one the console is narrowed to, or their only one."""

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        units = list(units_visible_to(access_of(request.user), self.area, Access.CHANGE)[:2])
        chosen = getattr(request, "unit_id", None) or (units[0].pk if len(units) == 1 else None)
        return {"business_unit": chosen, **super().get_changeform_initial_data(request)}


@admin.register(Motion)
class MotionAdmin(OwnedAdmin):
    form = MotionForm
    fields = ["name", "business_unit", "start_action", "goal_action", "goal_window_days"]
    list_display = ["name", "business_unit", "start_action", "goal_action", "goal_window_days"]
    list_select_related = ["business_unit", "start_action", "goal_action"]
    ordering = ["name"]
    empty_template = "scoring/_no_motions.html"

    def save_model(self, request: HttpRequest, obj: Motion, form: Any, change: bool) -> None:
        by, now = actor(request), timezone.now()
        if change:
            edit_motion(motion=obj, by=by, now=now)
            return
        made = create_motion(
            business_unit=obj.business_unit,
            name=obj.name,
            start_action=obj.start_action,
            goal_action=obj.goal_action,
            goal_window_days=obj.goal_window_days,
            by=by,
            now=now,
        )
        obj.pk = made.pk

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Definition)
class DefinitionAdmin(OwnedAdmin):
    """Adding asks for the facts and goes on to the editor; everything else happens on the definition's own page."""

    form = DefinitionForm
    fields = ["name", "business_unit", "motion", "level", "description"]
    list_display = ["name", "business_unit", "motion", "level", "state", "open_pqls"]
    list_select_related = ["business_unit", "motion"]
    list_filter = ["level", "motion", ("archived_at", admin.EmptyFieldListFilter)]
    ordering = ["archived_at", "name"]
    empty_template = "scoring/_no_definitions.html"

    def get_urls(self) -> list[Any]:
        return [
            self.own_path("templates/", templates.choose_template, "templates"),
            self.own_path("templates/<slug:key>/", templates.use_template, "use_template"),
            self.own_path("<uuid:key>/change/", definitions.show_definition, "page"),
            self.own_path("<uuid:key>/draft/", draft.edit_draft, "draft"),
            self.own_path("<uuid:key>/discard/", draft.discard, "discard"),
            self.own_path("<uuid:key>/preview/", draft.preview_draft, "preview"),
            self.own_path("<uuid:key>/new-draft/", definitions.start_draft, "new_draft"),
            self.own_path("<uuid:key>/publish/", definitions.publish, "publish"),
            self.own_path("<uuid:key>/archive/", definitions.archive, "archive"),
            *super().get_urls(),
        ]

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Templates come first; the blank form, which is one of the choices, says so in its address."""
        if request.method == "GET" and "blank" not in request.GET:
            return redirect("admin:scoring_definition_templates")
        return super().add_view(request, form_url, extra_context)

    def save_model(self, request: HttpRequest, obj: Definition, form: Any, change: bool) -> None:
        made = create_definition(
            business_unit=obj.business_unit,
            motion=obj.motion,
            name=obj.name,
            level=obj.level,
            description=obj.description,
            by=actor(request),
            now=timezone.now(),
        )
        obj.pk = made.pk

    def response_add(
        self, request: HttpRequest, obj: Definition, post_url_continue: Any = None
    ) -> HttpResponse:
        return redirect("admin:scoring_definition_draft", obj.pk)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def prepare_rows(self, request: HttpRequest, rows: Sequence[Any]) -> None:
        found = definition_rows(list(rows), pqls=known_pqls(access_of(request.user)))
        for definition in rows:
            definition.row = found[definition.pk]
            definition.sees_pqls = request.user.has_perm("scoring.view_qualification")  # type: ignore[union-attr]

    @admin.display(description=gettext_lazy("State"))
    def state(self, obj: Any) -> str:
        row: DefinitionRow = obj.row
        tags = []
        if obj.archived_at:
            tags.append(("pq-tag", _("archived")))
        elif row.live:
            tags.append(("pq-tag pq-tag-good", _("version %s live") % row.live.number))
        if row.testing:
            tags.append(("pq-tag", _("version %s testing") % row.testing.number))
        if row.draft and not obj.archived_at:
            tags.append(("pq-tag pq-tag-warn", _("draft")))
        if row.is_outdated and not obj.archived_at:
            tags.append(("pq-tag pq-tag-warn", _("uses an older action or list")))
        return format_html_join(" ", '<span class="{}">{}</span>', tags)

    @admin.display(description=gettext_lazy("PQLs now"))
    def open_pqls(self, obj: Any) -> str:
        if not obj.sees_pqls:
            return str(obj.row.open_pqls)
        url = reverse("admin:scoring_qualification_changelist")
        query = f"definition__id__exact={obj.pk}&state__exact=open"
        return format_html('<a class="pq-link" href="{}?{}">{}</a>', url, query, obj.row.open_pqls)


@admin.register(ReplayRun)
class ReplayRunAdmin(Listing, ReadOnlyAdmin):
    unit_lookup = "version__definition__business_unit"
    list_display = ["name", "first_day", "last_day", "state", "begun"]
    list_select_related = ["version__definition"]
    empty_template = "scoring/_no_replays.html"
    ordering = ["-created_at"]

    def get_urls(self) -> list[Any]:
        return [
            self.own_path("add/", replays.add_replay, "add"),
            self.own_path("<uuid:key>/change/", replays.show_replay, "change"),
            *super().get_urls(),
        ]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm("scoring.add_replayrun"))

    @admin.display(description=gettext_lazy("Replay of"))
    def name(self, obj: ReplayRun) -> str:
        words = {"name": obj.version.definition.name, "number": obj.version.number}
        return _("%(name)s, version %(number)s") % words

    @admin.display(description=gettext_lazy("State"))
    def state(self, obj: ReplayRun) -> str:
        if obj.finished_at:
            return format_html('<span class="pq-tag pq-tag-good">{}</span>', _("done"))
        return progress(progress_of(obj))

    @admin.display(description=gettext_lazy("Begun"), ordering="created_at")
    def begun(self, obj: ReplayRun) -> str:
        return moment(obj.created_at)


class DaysFilter(RangeDateFilter):
    """From a day through a day of the tenant's calendar; the theme's own compares with midnight in UTC."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        for ends, test in (("from", "gte"), ("to", "lte")):
            if day := parse_date_str(str(self.used_parameters.get(f"{self.parameter_name}_{ends}", ""))):
                queryset = queryset.filter(**{f"{self.parameter_name}__date__{test}": day})
        return queryset


@admin.register(Qualification)
class QualificationAdmin(Listing, ReadOnlyAdmin):
    """Every episode of being a PQL, without those held out unless the user may see these."""

    unit_lookup = "definition__business_unit"
    list_display = [
        "subject",
        "definition",
        "band_tag",
        "score",
        "why",
        "state_tag",
        "opened",
        "closed",
    ]
    list_display_links = ["opened"]
    list_select_related = ["definition"]
    list_filter = ["definition", "state", "band", "subject_kind", ("opened_at", DaysFilter)]
    empty_template = "scoring/_no_pqls.html"
    list_before_template = "scoring/_past_waits.html"
    list_filter_submit = True
    ordering = ["-opened_at"]
    paginator = CappedPaginator

    def get_urls(self) -> list[Any]:
        return [
            self.own_path("<uuid:key>/change/", qualifications.show_qualification, "change"),
            self.own_path("past/", past.list_past, "past"),
            self.own_path("past/<uuid:key>/", past.release, "release"),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        waiting = releasable_pqls(access_of(request.user)).count()
        return super().changelist_view(request, {**(extra_context or {}), "past_waiting": waiting})

    def get_queryset(self, request: HttpRequest) -> Any:
        seen = visible_pqls(access_of(request.user))
        return super().get_queryset(request).filter(pk__in=seen.values("pk"))

    def prepare_rows(self, request: HttpRequest, rows: Sequence[Any]) -> None:
        for level in Level.values:
            those = [row for row in rows if row.subject_kind == level]
            names = subject_labels(level, {row.subject_id for row in those}) if those else {}
            kind = "account" if level == Level.ACCOUNT else "person"
            for row in those:
                row.label = names.get(row.subject_id, f"#{row.subject_id}")
                row.sees_subject = request.user.has_perm(f"ingestion.view_{kind}")  # type: ignore[union-attr]

    @admin.display(description=gettext_lazy("Who"))
    def subject(self, obj: Any) -> str:
        if not obj.sees_subject:
            return str(obj.label)
        url = reverse(subject_url_name(obj.subject_kind), args=[obj.subject_id])
        return format_html('<a class="pq-link" href="{}">{}</a>', url, obj.label)

    @admin.display(description=gettext_lazy("Band"))
    def band_tag(self, obj: Qualification) -> str:
        return format_html('<span class="pq-band-{}">{}</span>', slugify(obj.band), obj.band)

    @admin.display(description=gettext_lazy("Score"), ordering="points")
    def score(self, obj: Qualification) -> str:
        return points(obj.points)

    @admin.display(description=gettext_lazy("Why"))
    def why(self, obj: Qualification) -> str:
        return " · ".join(f"{name} {signed_points(given)}" for name, given in reasons(obj.contributions)[:2])

    @admin.display(description=gettext_lazy("Opened"), ordering="opened_at")
    def opened(self, obj: Qualification) -> str:
        return moment(obj.opened_at)

    @admin.display(description=gettext_lazy("Closed"), ordering="closed_at")
    def closed(self, obj: Qualification) -> str:
        return moment(obj.closed_at)

    @admin.display(description=gettext_lazy("State"), ordering="state")
    def state_tag(self, obj: Qualification) -> str:
        look = (
            " pq-tag-good" if obj.state in (Qualification.State.OPEN, Qualification.State.CONVERTED) else ""
        )
        tag = format_html('<span class="pq-tag{}">{}</span>', look, obj.get_state_display())
        if not obj.is_historical:
            return tag
        return format_html('{} <span class="pq-tag">{}</span>', tag, _("from history"))


@admin.register(Action)
class ActionInUseAdmin(ActionAdmin):
    """The page of actions, with the definitions that use them."""

    def used_by(self, action_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[Any]]:
        return definitions_using(action_ids)


@admin.register(List)
class ListInUseAdmin(ListAdmin):
    """The page of lists, with the signals that ask each."""

    def used_by(self, request: HttpRequest, list_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[Use]]:
        seen = {
            row.pk
            for row in Definition.objects.filter(
                access_of(request.user).visible(Area.DEFINITIONS, "business_unit__path")
            )
        }
        return {
            key: [_use_of(definition, signal, definition.pk in seen) for definition, signal in uses]
            for key, uses in signals_asking(list_ids).items()
        }


def _use_of(definition: Definition, signal: str, is_seen: bool) -> Use:
    """Of another unit only that there is one."""
    if not is_seen:
        return Use(_("a definition of another business unit"), "")
    address = reverse("admin:scoring_definition_change", args=[definition.pk])
    return Use(f"{definition.name}: {signal}", address)


@admin.register(EventName)
class EventNameInUseAdmin(EventNameAdmin):
    """The catalogue, with the live signals that count each event."""

    def used_by(self, request: HttpRequest) -> Mapping[Key, Sequence[Use]]:
        seen = access_of(request.user).visible(Area.DEFINITIONS, "business_unit__path")
        found = live_signals_by_event(Definition.objects.filter(seen))
        return {
            event: [
                Use(
                    f"{definition.name}: {signal}",
                    reverse("admin:scoring_definition_change", args=[definition.pk]),
                )
                for definition, signal in uses
            ]
            for event, uses in found.items()
        }


class SubjectAdmin(ReadOnlyAdmin):
    """Persons and accounts have pages of their own: by key, with their scores. Registered here and not in ingestion
    because scores are known here."""

    unit_lookup = None
    level: int

    def get_urls(self) -> list[Any]:
        return [
            self.own_path("", subjects.list_subjects, "changelist", level=self.level),
            self.own_path("<int:key>/change/", subjects.show_subject, "change", level=self.level),
            self.own_path("<int:key>/change/timeline/", subjects.show_timeline, "timeline", level=self.level),
            self.own_path("<int:key>/change/explain/", subjects.explain_subject, "explain", level=self.level),
        ]


@admin.register(Person)
class PersonAdmin(SubjectAdmin):
    level = Level.PERSON

    def get_urls(self) -> list[Any]:
        route = "<int:key>/change/links/<int:link>/"
        undo = self.own_path(route + "undo/", links.undo_link, "undo")
        return [undo, self.own_path(route + "redo/", links.redo_link, "redo"), *super().get_urls()]


@admin.register(Account)
class AccountAdmin(SubjectAdmin):
    level = Level.ACCOUNT
