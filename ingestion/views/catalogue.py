"""The catalogue: every event name ever received, with its volume, its properties, and what counts it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from charts import Bar, BarChart, BarSeries, Sparkline, Svg, draw, figure
from ingestion.models import Action, EventName
from ingestion.models.events import EventKind
from ingestion.queries import KnownEvent, event_names
from ingestion.queries.alerts import open_troubles, troubles_with
from ingestion.queries.browse import COUNTABLE_KINDS, actions_by_event, event_profile
from ingestion.queries.catalogue import days_of
from ingestion.queries.renames import canonical_names
from ingestion.queries.showing import verdicts
from ingestion.queries.stream import sources
from ingestion.queries.tracking import plans_about, recent_violations
from ingestion.rules.catalogue import EXAMPLES, Days, has_gone_quiet, is_new, last_days
from ingestion.rules.personal_fields import is_personal
from ingestion.views.renames import rename_panel
from tenants.access import Area, access_of
from tenants.console import page
from tenants.context import current_tenant_id
from tenants.csv_file import csv_file
from tenants.queries import get_tenant

SHOWN = 200
Key = tuple[int, str]  # kind and name of an event


@dataclass(frozen=True)
class Use:
    """Something in a room above that an event feeds, and its page."""

    label: str
    url: str


UsedBy = Callable[[HttpRequest], Mapping[Key, Sequence[Use]]]


@dataclass(frozen=True)
class NameRow:
    """A line of the catalogue."""

    event: KnownEvent
    lately: int
    spark: Svg
    is_new: bool
    is_quiet: bool
    actions: Sequence[Action]
    uses: Sequence[Use]
    counts_as: str  # the other event's name; empty: itself


def list_names(request: HttpRequest, used_by: UsedBy) -> HttpResponse:
    """The most frequent names, or those that begin with `q`."""
    _check(request)
    text = request.GET.get("q", "").strip()
    with_all = request.GET.get("all") == "1"
    names = event_names(text, limit=SHOWN + 1, with_test_sources=with_all)
    days = days_of(names, with_test_sources=with_all)
    now = timezone.now()
    if request.GET.get("format") == "csv":
        return _as_csv(names, days, _today(now))
    counted = actions_by_event(_visible_actions(request))
    uses, today, other = used_by(request), _today(now), canonical_names()
    context = {
        "rows": [_row(each, days, counted, uses, other, now, today) for each in names[:SHOWN]],
        "has_more": len(names) > SHOWN,
        "text": text,
        "with_all": with_all,
        "troubles": open_troubles(),
        "title": _("Catalogue"),
        "opts": EventName._meta,
    }
    return page(request, "ingestion/catalogue.html", context)


def show_name(request: HttpRequest, used_by: UsedBy) -> HttpResponse:
    """One event: `?kind=1&name=Invite+Sent`."""
    _check(request)
    kind = request.GET.get("kind", "")
    if not kind.isascii() or not kind.isdigit() or int(kind) not in EventKind.values:
        raise Http404
    profile = event_profile(int(kind), request.GET.get("name", ""))
    if profile is None:
        raise Http404
    now = timezone.now()
    today = _today(now)
    key = (profile.kind, profile.name)
    panel = rename_panel(request, key)
    own = panel["mappings"].own
    keys = [key, (profile.kind, own.rename.to_name)] if own and own.rename.ended_at is None else [key]
    counted, uses = actions_by_event(_visible_actions(request)), used_by(request)
    names: dict[Any, str] = {source.pk: source.name for source in sources()}
    said, of_person = verdicts(), profile.kind == EventKind.IDENTIFY
    context = {
        "event": profile,
        "personal": {
            row.name for row in profile.properties if is_personal(row.name, said, of_person=of_person)
        },
        "chart": figure(_volume_chart(profile.days, today), sizes=("narrow", "medium"), heading=False),
        "troubles": troubles_with(profile.kind, profile.name),
        "is_new": is_new(profile.first_seen_at, now),
        "is_quiet": has_gone_quiet(profile.days, today),
        "by_source": [(row, names.get(row.source_id, "")) for row in profile.by_source],
        "actions": [action for each in keys for action in counted.get(each, ())],
        "uses": [use for each in keys for use in uses.get(each, ())],
        "examples": EXAMPLES,
        "plans": plans_about(keys[-1], [row.source_id for row in profile.by_source]),
        "violations": recent_violations(key, now=now),
        "may_act": profile.kind in COUNTABLE_KINDS and request.user.has_perm("ingestion.add_action"),  # type: ignore[union-attr]
        "title": profile.name or EventKind(profile.kind).label,
        "opts": EventName._meta,
        "original": profile.by_source[0],
    } | panel
    return page(request, "ingestion/event_name.html", context)


def _row(
    event: KnownEvent,
    days: Mapping[Key, Days],
    counted: Mapping[Key, Sequence[Action]],
    uses: Mapping[Key, Sequence[Use]],
    other: Mapping[Key, str],
    now: datetime,
    today: date,
) -> NameRow:
    key = (event.kind, event.name)
    keys = {key, (event.kind, other.get(key, event.name))}
    own = days.get(key, {})
    volumes = [number for _day, number in last_days(own, today)]
    return NameRow(
        event=event,
        lately=sum(volumes),
        spark=draw(Sparkline(title=_("Events per day, last 30 days"), values=volumes), width=120),
        is_new=is_new(event.first_seen_at, now),
        is_quiet=has_gone_quiet(own, today),
        actions=[action for each in keys for action in counted.get(each, ())],
        uses=[use for each in keys for use in uses.get(each, ())],
        counts_as=other.get(key, ""),
    )


def _as_csv(names: Sequence[KnownEvent], days: Mapping[Key, Days], today: date) -> HttpResponse:
    header = [_("event"), _("kind"), _("received"), _("last 30 days"), _("first seen"), _("last seen")]
    rows = [
        [
            row.name,
            EventKind(row.kind).label,
            row.received,
            sum(number for _day, number in last_days(days.get((row.kind, row.name), {}), today)),
            row.first_seen_at.isoformat(),
            row.last_seen_at.isoformat(),
        ]
        for row in names
    ]
    return csv_file("catalogue", [header, *rows])


def _volume_chart(days: Days, today: date) -> BarChart:
    lately = last_days(days, today)
    return BarChart(
        title=_("Events per day, last 30 days"),
        categories=[date_format(day, "M j") for day, _number in lately],
        series=[BarSeries(_("Events"), [Bar(number) for _day, number in lately])],
        category_name=_("Day"),
    )


def _today(now: datetime) -> date:
    return now.astimezone(get_tenant(current_tenant_id()).zone).date()


def _visible_actions(request: HttpRequest) -> Any:
    return Action.objects.filter(
        access_of(request.user).visible(Area.CATALOGUE, "business_unit__path"), archived_at=None
    ).order_by("name")


def _check(request: HttpRequest) -> None:
    if not request.user.has_perm("ingestion.view_eventname"):  # type: ignore[union-attr]
        raise PermissionDenied
