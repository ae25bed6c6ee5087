"""The page of an action: what it counts, tried on real events while it is edited."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.forms import BaseFormSet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ingestion.forms.actions import ActionForm, posted_filters, rearranged_filters, stored_filters
from ingestion.models import Action, ActionVersion
from ingestion.models.events import EventKind
from ingestion.operations import archive_action, create_action, edit_action
from ingestion.queries import close_names, event_names
from ingestion.queries.alerts import troubles_with
from ingestion.queries.browse import newest_versions, recent_counts
from ingestion.queries.matches import backfill_progress, property_shape, try_matching
from tenants.access import Area, Level, access_of, units_visible_to
from tenants.console import actor, find_visible, page
from tenants.models import BusinessUnit

UsedBy = Callable[[Sequence[UUID]], Mapping[UUID, Sequence[Any]]]


def add_action(request: HttpRequest) -> HttpResponse:
    """GET shows an empty form (`?event=` fills in one of the catalogue); POST creates."""
    if not request.user.has_perm("ingestion.add_action"):  # type: ignore[union-attr]
        raise PermissionDenied
    units = units_visible_to(access_of(request.user), Area.CATALOGUE, Level.CHANGE)
    if request.method == "POST":
        return _posted(request, None, None, units)
    form = ActionForm(units=units, is_new=True, initial=_initial_from(request))
    return _answer(request, None, None, form, stored_filters([]))


def show_action(request: HttpRequest, key: UUID, used_by: UsedBy) -> HttpResponse:
    """GET shows it, as a form for those who may change it; POST makes the next version. used_by: what the rooms above
    know about who uses it."""
    action, newest = _get(request, key)
    if request.method == "POST":
        _check_change(request, action)
        return _posted(request, action, newest, BusinessUnit.objects.none())
    form = ActionForm(units=BusinessUnit.objects.none(), is_new=False, initial=_initial_of(action, newest))
    return _answer(
        request, action, newest, form, stored_filters(newest.filters), used_by=used_by([key]).get(key, [])
    )


@require_POST
def preview_action(request: HttpRequest) -> HttpResponse:
    """The panel beside the form: what it would match among the newest events, as typed and not saved."""
    if not request.user.has_perm("ingestion.view_action"):  # type: ignore[union-attr]
        raise PermissionDenied
    return page(request, "ingestion/_matches.html", _matches_of(request.POST))


def backfill(request: HttpRequest, key: UUID) -> HttpResponse:
    """How far the newest version has been matched against history; asked for again until it is done."""
    action, newest = _get(request, key)
    context = {"action": action, "newest": newest, "progress": backfill_progress(newest)}
    return page(request, "ingestion/_backfill.html", context)


@require_POST
def archive(request: HttpRequest, key: UUID) -> HttpResponse:
    action, _newest = _get(request, key)
    _check_change(request, action)
    archive_action(action=action, by=actor(request), now=timezone.now())
    messages.success(
        request, _("“%s” is archived: nothing new can use it. Live definitions go on.") % action.name
    )
    return redirect("admin:ingestion_action_changelist")


def _posted(
    request: HttpRequest,
    action: Action | None,
    newest: ActionVersion | None,
    units: QuerySet[BusinessUnit],
) -> HttpResponse:
    command = request.POST.get("do", "save")
    if command.startswith("filters-"):
        form = ActionForm(units=units, is_new=action is None, initial=request.POST.dict())
        filters = rearranged_filters(request.POST, command.removeprefix("filters-"))
        return _answer(request, action, newest, form, filters)
    form = ActionForm(request.POST, units=units, is_new=action is None)
    filters = posted_filters(request.POST)
    saved = _save(request, action, form, filters) if form.is_valid() and filters.is_valid() else None
    if saved is None:
        return _answer(request, action, newest, form, filters, status=422)
    messages.success(request, _("Saved. Stored events are being matched in the background."))
    response = redirect("admin:ingestion_action_change", saved.pk)
    if request.htmx:  # type: ignore[attr-defined]
        response = HttpResponse(status=204, headers={"HX-Redirect": response.url})
    return response


def _save(
    request: HttpRequest, action: Action | None, form: ActionForm, filters: BaseFormSet
) -> Action | None:
    """Create or edit; None when refused, and the form then says why."""
    values = dict(form.cleaned_data) | {
        "filters": [each.to_filter() for each in filters.forms],
        "by": actor(request),
        "now": timezone.now(),
    }
    try:
        if action is None:
            return create_action(**values)
        edit_action(action=action, **values)
        return action
    except ValidationError as error:
        for field, texts in error.message_dict.items():
            for text in texts:
                form.add_error(field if field in form.fields else None, text)
        return None


def _answer(
    request: HttpRequest,
    action: Action | None,
    newest: ActionVersion | None,
    form: ActionForm,
    filters: BaseFormSet,
    *,
    status: int = 200,
    used_by: Sequence[Any] = (),
) -> HttpResponse:
    event_name = form["event_name"].value() or ""
    context: dict[str, Any] = {
        "action": action,
        "newest": newest,
        "form": form,
        "filters": filters,
        "known_events": event_names(limit=500),
        "did_you_mean": [] if not event_name or _is_known(form) else close_names(event_name),
        "properties": property_shape(event_name, _kind(form)),
        "may_change": action is None or request.user.has_perm("ingestion.change_action", action),  # type: ignore[union-attr]
        "title": action.name if action else _("New action"),
        "opts": Action._meta,
    }
    if request.htmx:  # type: ignore[attr-defined]
        response = page(request, "ingestion/_action.html", context, status=status)
        response["HX-Trigger-After-Swap"] = "draft-changed"
        return response
    if action and newest:
        context |= {
            "original": action,
            "progress": backfill_progress(newest),
            "troubles": troubles_with(newest.event_kind, newest.event_name),
            "used_by": used_by,
            "versions": action.versions.order_by("-number"),
            "recent": recent_counts([newest.pk], now=timezone.now())[newest.pk],
        }
    return page(request, "ingestion/action.html", context, status=status)


def _matches_of(data: Any) -> dict[str, Any]:
    """Whatever of the form is right is tried; a half-typed filter is left out and not an error yet."""
    filters = [each.to_filter() for each in posted_filters(data).forms if each.is_valid()]
    name, kind = data.get("event_name", "").strip(), data.get("event_kind", "")
    if not kind.isdigit() or int(kind) not in EventKind.values or (not name and int(kind) == EventKind.TRACK):
        return {}
    found = try_matching(
        event_kind=int(kind),
        event_name=name,
        filters=filters,
        number_property=data.get("number_property", "").strip(),
    )
    close = close_names(name) if name and not found.looked_at else []
    return {
        "found": found,
        "event_name": name,
        "number_property": data.get("number_property"),
        "close": close,
    }


def _get(request: HttpRequest, key: UUID) -> tuple[Action, ActionVersion]:
    action = find_visible(request, Action.objects.select_related("business_unit"), Area.CATALOGUE, key)
    return action, newest_versions([key])[key]


def _check_change(request: HttpRequest, action: Action) -> None:
    if not request.user.has_perm("ingestion.change_action", action):  # type: ignore[union-attr]
        raise PermissionDenied


def _initial_from(request: HttpRequest) -> dict[str, Any]:
    event, kind = request.GET.get("event", ""), request.GET.get("kind", "")
    is_kind = kind.isdigit() and int(kind) in EventKind.values
    return {"name": event, "event_name": event, "event_kind": int(kind) if is_kind else EventKind.TRACK}


def _initial_of(action: Action, newest: ActionVersion) -> dict[str, Any]:
    return {
        "name": action.name,
        "description": action.description,
        "event_kind": newest.event_kind,
        "event_name": newest.event_name,
        "number_property": newest.number_property,
    }


def _kind(form: ActionForm) -> int:
    value = str(form["event_kind"].value() or "")
    return int(value) if value.isdigit() else int(EventKind.TRACK)


def _is_known(form: ActionForm) -> bool:
    return bool(property_shape(form["event_name"].value(), _kind(form))) or any(
        known.name == form["event_name"].value() for known in event_names(form["event_name"].value())
    )
