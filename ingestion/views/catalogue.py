"""The catalogue: every event name ever received, with its properties and what counts it."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from ingestion.models import Action, EventName
from ingestion.models.events import EventKind
from ingestion.queries import event_names
from ingestion.queries.browse import COUNTABLE_KINDS, actions_by_event, event_profile
from ingestion.queries.stream import sources
from tenants.access import Area, access_of
from tenants.console import page
from tenants.csv_file import csv_file

SHOWN = 200


def list_names(request: HttpRequest) -> HttpResponse:
    """The most frequent names, or those that begin with `q`."""
    _check(request)
    text = request.GET.get("q", "").strip()
    names = event_names(text, limit=SHOWN + 1)
    if request.GET.get("format") == "csv":
        header = [_("event"), _("kind"), _("received"), _("last seen")]
        rows = [
            [row.name, EventKind(row.kind).label, row.received, row.last_seen_at.isoformat()] for row in names
        ]
        return csv_file("catalogue", [header, *rows])
    used = actions_by_event(_visible_actions(request))
    context = {
        "rows": [{"event": row, "actions": used.get((row.kind, row.name), [])} for row in names[:SHOWN]],
        "has_more": len(names) > SHOWN,
        "text": text,
        "title": _("Catalogue"),
        "opts": EventName._meta,
    }
    return page(request, "ingestion/catalogue.html", context)


def show_name(request: HttpRequest) -> HttpResponse:
    """One event: `?kind=1&name=Invite+Sent`."""
    _check(request)
    kind = request.GET.get("kind", "")
    if not kind.isdigit() or int(kind) not in EventKind.values:
        raise Http404
    profile = event_profile(int(kind), request.GET.get("name", ""))
    if profile is None:
        raise Http404
    names: dict[Any, str] = {source.pk: source.name for source in sources()}
    context = {
        "event": profile,
        "by_source": [(row, names.get(row.source_id, "")) for row in profile.by_source],
        "actions": actions_by_event(_visible_actions(request)).get((profile.kind, profile.name), []),
        "may_act": profile.kind in COUNTABLE_KINDS and request.user.has_perm("ingestion.add_action"),  # type: ignore[union-attr]
        "title": profile.name,
        "opts": EventName._meta,
        "original": profile.by_source[0],
    }
    return page(request, "ingestion/event_name.html", context)


def _visible_actions(request: HttpRequest) -> Any:
    return Action.objects.filter(
        access_of(request.user).visible(Area.CATALOGUE, "business_unit__path"), archived_at=None
    ).order_by("name")


def _check(request: HttpRequest) -> None:
    if not request.user.has_perm("ingestion.view_eventname"):  # type: ignore[union-attr]
        raise PermissionDenied
