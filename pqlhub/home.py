"""The home page: what needs attention now, or, in a tenant that has just begun, the next step.

Composed here because it looks into every room. A fixed number of queries at any size: lists are counted up
to a bound and shown as "1,000+" beyond it.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncDate
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from charts import LineChart, Point, Series, figure
from delivery.models import Delivery, Destination
from delivery.queries import failing_destinations
from ingestion.models import Account, EventName, QuarantinedEvent
from ingestion.queries.alerts import open_troubles
from pqlhub.sample.views import SampleState, may_have_sample, state_of
from routing.models import Lead, RoutingTable
from routing.queries.failures import visible_failures
from routing.queries.visible import visible_leads
from scoring.models import Version
from scoring.queries.held_out import visible_pqls
from tenants.access import Access, Area, Level, access_of
from tenants.models import Source, WriteKey
from tenants.quotas import nearly_used_up

COUNTED_TO = 1_000
# What each of the first steps needs of who does it.
STEPS_NEED = (
    (Area.SOURCES, Level.CHANGE),
    (Area.SOURCES, Level.CHANGE),
    (Area.PEOPLE, Level.VIEW),
    (Area.DEFINITIONS, Level.CHANGE),
    (Area.ROUTING, Level.VIEW),
    (Area.LEADS, Level.VIEW),
)
TREND_DAYS = 30


@dataclass(frozen=True)
class Figure:
    """A number that wants a look, and where the rows behind it are."""

    label: str
    value: str
    note: str
    link: str
    is_urgent: bool = False
    is_kept: bool = False  # shown also when there is nothing urgent about it


@dataclass(frozen=True)
class Step:
    """One line of the checklist of an empty tenant."""

    title: str
    text: str
    link: str
    label: str
    is_done: bool
    is_next: bool = False
    may_open: bool = True


def home_context(request: HttpRequest) -> dict[str, Any]:
    """What the home template shows for this user. Platform operators without a tenant get a pointer to their pages."""
    if getattr(request, "tenant", None) is None:
        return {"figures": [], "steps": [], "is_operator": True}
    now, access = timezone.now(), access_of(request.user)
    steps = _mark_next(_steps(), access)
    finished = all(step.is_done for step in steps)
    figures = [*_lead_figures(access, now), *_data_figures(access, now), *_delivery_figures(access)]
    figures += [*_alert_figures(access), *_quota_figures(access, now), *_routing_figures(access)]
    return {
        "figures": [one for one in figures if one.is_urgent or one.is_kept],
        "is_calm": not any(one.is_urgent for one in figures),
        "trend": _trend(access, request.tenant.zone, now),  # type: ignore[attr-defined]
        "steps": [] if finished or access.only_own_leads else steps,
        "sample": _sample(request, is_new=not finished),
        "steps_done": sum(step.is_done for step in steps),
        "newest": _newest_leads(access),
        "can_see_leads": access.level(Area.LEADS) >= Level.VIEW,
        "is_operator": False,
    }


def _sample(request: HttpRequest, *, is_new: bool) -> SampleState | None:
    """For who may have sample data: until the first steps are done, and as long as there is some."""
    if not may_have_sample(request):
        return None
    state = state_of(request.tenant)  # type: ignore[attr-defined]
    return state if is_new or state.status else None


def _steps() -> list[Step]:
    """Source → first event → accounts → template → route → first lead."""
    source = WriteKey.objects.filter(revoked_at__isnull=True).exists()
    event = EventName.objects.exists()
    accounts = Account.objects.exists()
    definition = Version.objects.filter(state=Version.State.LIVE).exists()
    route = RoutingTable.objects.exists()
    lead = Lead.objects.exclude(state=Lead.State.HELD_OUT).exists()
    keys = _keys_of_first_source()
    return [
        Step(
            _("Connect a source"),
            _("Make a write key for the product that sends events."),
            keys,
            _("Make a key"),
            source,
        ),
        Step(
            _("Send the first event"),
            _("Point the analytics SDK you already use at PQL Hub; the source's page has the lines to copy."),
            keys,
            _("Show me how"),
            event,
        ),
        Step(
            _("See your accounts"),
            _(
                "Send group calls, or context.groupId with every event, so that events count for the right company."
            ),
            reverse("admin:ingestion_account_changelist"),
            _("Accounts"),
            accounts,
        ),
        Step(
            _("Say what a PQL is"),
            _("Start from a template, see who would qualify today, and publish it."),
            reverse("admin:scoring_definition_templates"),
            _("Make a definition"),
            definition,
        ),
        Step(
            _("Route the leads"),
            _("Send them to a pool of reps in turn, to one rep, or to your automation."),
            reverse("admin:routing_routingtable_changelist"),
            _("Set up routing"),
            route,
        ),
        Step(
            _("Get the first lead"),
            _("It appears seconds after the moment it happens, with the reasons."),
            reverse("admin:routing_lead_changelist"),
            _("Leads"),
            lead,
        ),
    ]


def _keys_of_first_source() -> str:
    """Where a write key is made: at the first source, or at a new one."""
    first = Source.objects.order_by("created_at").values_list("pk", flat=True).first()
    return (
        reverse("admin:tenants_source_keys", args=[first]) if first else reverse("admin:tenants_source_add")
    )


def _mark_next(steps: list[Step], access: Access) -> list[Step]:
    """With the first that is open marked, and those that this user may do."""
    first_open = next((step for step in steps if not step.is_done), None)
    return [
        replace(step, is_next=step is first_open, may_open=access.level(area) >= level)
        for step, (area, level) in zip(steps, STEPS_NEED, strict=True)
    ]


def _lead_figures(access: Access, now: datetime) -> list[Figure]:
    if access.level(Area.LEADS) < Level.VIEW:
        return []
    leads, link = visible_leads(access), reverse("admin:routing_lead_changelist")
    late = _count(leads.filter(state=Lead.State.NEW, respond_by__lt=now))
    figures = [
        Figure(
            _("New leads"),
            _count(leads.filter(state=Lead.State.NEW)),
            _("not answered yet"),
            f"{link}?state__exact=new",
            is_kept=True,
        ),
        Figure(_("Past their time"), late, _("first response is overdue"), f"{link}?late=1", late != "0"),
    ]
    if not access.only_own_leads:
        waiting = _count(leads.filter(state=Lead.State.WAITING))
        held = _count(leads.filter(state=Lead.State.HOLD))
        figures += [
            Figure(
                _("Waiting for a rep"),
                waiting,
                _("every rep is full or away"),
                f"{link}?state__exact=waiting",
                waiting != "0",
            ),
            Figure(
                _("On hold"),
                held,
                _("nobody works them; the routing table can send them on"),
                f"{link}?state__exact=hold",
                held != "0",
            ),
        ]
    return figures


def _routing_figures(access: Access) -> list[Figure]:
    stuck = _count(visible_failures(access))
    return [
        Figure(
            _("Stuck PQLs"),
            stuck,
            _("could not become leads; see why and try again"),
            reverse("admin:routing_routingfailure_changelist"),
            stuck != "0",
        )
    ]


def _data_figures(access: Access, now: datetime) -> list[Figure]:
    if access.level(Area.EVENTS) < Level.VIEW:
        return []
    since = now - timedelta(days=1)
    bad = _count(QuarantinedEvent.objects.filter(received_at__gte=since, replayed_at__isnull=True))
    last = EventName.objects.order_by("-last_seen_at").values_list("last_seen_at", flat=True).first()
    silent = last is not None and now - last > timedelta(hours=1)
    note = _("last event %(when)s ago") % {"when": _age(now - last)} if last else _("no event yet")
    return [
        Figure(
            _("In quarantine"),
            bad,
            _("events of the last 24 hours that could not be read"),
            reverse("admin:ingestion_quarantinedevent_changelist"),
            bad != "0",
            is_kept=access.level(Area.LEADS) < Level.VIEW,  # who looks after events has no other number
        ),
        Figure(
            _("Event stream"),
            _("silent") if silent else _("flowing") if last else _("waiting"),
            note,
            reverse("admin:ingestion_event_changelist"),
            silent,
            is_kept=True,
        ),
    ]


def _alert_figures(access: Access) -> list[Figure]:
    """What live signals rely on and does not arrive as it used to."""
    if access.level(Area.EVENTS) < Level.VIEW:
        return []
    troubles = open_troubles()
    if not troubles:
        return []
    catalogue = reverse("admin:ingestion_eventname_changelist")
    note = troubles[0].title if len(troubles) == 1 else _("%s, and more") % troubles[0].title
    return [Figure(_("Data in trouble"), str(len(troubles)), note, catalogue, is_urgent=True)]


def _quota_figures(access: Access, now: datetime) -> list[Figure]:
    """Sources that have used four fifths of their quota, or all of it."""
    if access.level(Area.SOURCES) < Level.VIEW:
        return []
    return [
        Figure(
            _("Quota of %(source)s") % {"source": source},
            f"{usage.percent} %",
            _("used up: senders are refused until %(day)s")
            % {"day": date_format(usage.ends, "SHORT_DATE_FORMAT")}
            if usage.is_used_up and source.refuses_over_quota
            else _("used; it begins anew on %(day)s") % {"day": date_format(usage.ends, "SHORT_DATE_FORMAT")},
            reverse("admin:tenants_source_keys", args=[source.pk]),
            is_urgent=True,
        )
        for source, usage in nearly_used_up(now=now)
    ]


def _delivery_figures(access: Access) -> list[Figure]:
    if access.level(Area.DESTINATIONS) < Level.VIEW:
        return []
    visible = access.visible(Area.DESTINATIONS, "destination__business_unit__path")
    dead = _count(Delivery.objects.filter(visible, state=Delivery.State.DEAD))
    mine = access.visible(Area.DESTINATIONS, "business_unit__path")
    broken = _count(Destination.objects.filter(mine, state=Destination.State.BROKEN))
    failing = _count(failing_destinations().filter(mine))
    destinations = reverse("admin:delivery_destination_changelist")
    return [
        Figure(
            _("Not delivered"),
            dead,
            _("gave up after every retry; replay them when the receiver is back"),
            f"{reverse('admin:delivery_delivery_changelist')}?state__exact=dead",
            dead != "0",
        ),
        Figure(
            _("Stopped destinations"),
            broken,
            _("receive nothing until somebody resumes them"),
            f"{destinations}?state__exact=broken",
            broken != "0",
        ),
        Figure(
            _("Failing destinations"),
            failing,
            _("do not answer; tried again with growing pauses"),
            f"{destinations}?state__exact=active",
            failing != "0",
        ),
    ]


def _trend(access: Access, zone: ZoneInfo, now: datetime) -> str:
    """New PQLs a day over the last month, in the tenant's zone; '' for those who may not read reports."""
    if access.level(Area.REPORTS) < Level.VIEW:
        return ""
    since = (
        (now - timedelta(days=TREND_DAYS - 1))
        .astimezone(zone)
        .replace(hour=0, minute=0, second=0, microsecond=0)
    )
    rows = visible_pqls(access).filter(opened_at__gte=since)
    counts = dict(
        rows.annotate(day=TruncDate("opened_at", tzinfo=zone)).values_list("day").annotate(number=Count("pk"))
    )
    if not counts:
        return ""
    days = [since.date() + timedelta(days=number) for number in range(TREND_DAYS)]
    line = Series(_("New PQLs"), [Point(day, counts.get(day, 0)) for day in days])
    return figure(LineChart(title=_("New PQLs a day"), series=[line], maturing_from=days[-1]))


def _newest_leads(access: Access) -> list[Lead]:
    if access.level(Area.LEADS) < Level.VIEW:
        return []
    newest = visible_leads(access).select_related("rep", "rep__user").order_by("-created_at")
    return list(newest[:8])


def _count(rows: "QuerySet[Any]") -> str:
    number = rows[: COUNTED_TO + 1].count()
    return f"{COUNTED_TO:,}+" if number > COUNTED_TO else f"{number:,}"


def _age(age: timedelta) -> str:
    minutes = int(age.total_seconds() // 60)
    if minutes < 1:
        return _("less than a minute")
    if minutes < 120:
        return _("%(n)d min") % {"n": minutes}
    return _("%(n)d h") % {"n": minutes // 60} if minutes < 2880 else _("%(n)d days") % {"n": minutes // 1440}
