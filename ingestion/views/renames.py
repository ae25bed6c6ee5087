"""Mapping an event name to another one, on the event's page of the catalogue."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ingestion.models import EventRename
from ingestion.operations import map_event, unmap_event
from ingestion.queries import close_names, event_names
from ingestion.queries.browse import COUNTABLE_KINDS
from ingestion.queries.renames import Key, mappings_of
from tenants.console import actor, page, sentences_of

OFFERED = 500


def rename_panel(request: HttpRequest, key: Key) -> dict[str, Any]:
    """What the panel of an event's page shows: what it counts as, and the form that says so."""
    kind, name = key
    mappings = mappings_of(kind, name)
    may_map = bool(name) and kind in COUNTABLE_KINDS and _may(request, "add")
    is_free = may_map and mappings.own is None and not mappings.others
    return {
        "mappings": mappings,
        "may_map": is_free,
        "may_unmap": _may(request, "delete"),
        "close": [each for each in close_names(name, limit=4) if each != name] if is_free else [],
        "known_names": [
            row.name for row in event_names(limit=OFFERED) if row.kind == kind and row.name != name
        ]
        if is_free
        else [],
        "to_name": request.GET.get("to", ""),
    }


@require_POST
def map_name(request: HttpRequest) -> HttpResponse:
    """The event counts as another one from now on: `kind`, `name`, `to`."""
    if not _may(request, "add"):
        raise PermissionDenied
    kind, name = _key(request)
    wanted = request.POST.get("to", "").replace("\0", "")
    try:
        rename = map_event(
            event_kind=kind, from_name=name, to_name=wanted, by=actor(request), now=timezone.now()
        )
    except ValidationError as refusal:
        for text in sentences_of(refusal):
            messages.error(request, text)
        return _back(kind, name, wanted)
    messages.success(request, _("It counts as “%s” from now on. Past events follow.") % rename.to_name)
    return _back(kind, name)


@require_POST
def unmap_name(request: HttpRequest) -> HttpResponse:
    """The event counts as itself alone again: `kind`, `name`."""
    if not _may(request, "delete"):
        raise PermissionDenied
    kind, name = _key(request)
    rename = EventRename.objects.filter(event_kind=kind, from_name=name).first()
    if rename is not None:
        unmap_event(rename=rename, by=actor(request), now=timezone.now())
        messages.success(request, _("It counts as “%s” no longer. Scores follow.") % rename.to_name)
    return _back(kind, name)


def show_progress(request: HttpRequest) -> HttpResponse:
    """How far history has followed; asked for again until it has."""
    if not _may(request, "view"):
        raise PermissionDenied
    kind, name = request.GET.get("kind", ""), request.GET.get("name", "")
    if not kind.isascii() or not kind.isdigit() or len(kind) > 4:
        raise Http404
    context = {"mappings": mappings_of(int(kind), name), "event": {"kind": kind, "name": name}}
    return page(request, "ingestion/_mapping.html", context)


def _key(request: HttpRequest) -> Key:
    kind, name = request.POST.get("kind", ""), request.POST.get("name", "").replace("\0", "")
    if not kind.isascii() or not kind.isdigit() or len(kind) > 4:
        raise Http404
    return int(kind), name


def _back(kind: int, name: str, wanted: str = "") -> HttpResponseRedirect:
    query = {"kind": kind, "name": name} | ({"to": wanted} if wanted else {})
    return redirect(f"{reverse('admin:ingestion_eventname_show')}?{urlencode(query)}#counts-as")


def _may(request: HttpRequest, verb: str) -> bool:
    return bool(request.user.has_perm(f"ingestion.{verb}_eventrename"))  # type: ignore[union-attr]
