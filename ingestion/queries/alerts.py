"""What is wrong with the data that live signals rely on, in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from ingestion.models import DataAlert
from ingestion.models.alerts import EVERY_SOURCE
from tenants.access import MATRIX, Area, Level
from tenants.models import Membership, Source


@dataclass(frozen=True)
class Trouble:
    """An open incident: what it is about, and what to do."""

    alert: DataAlert
    title: str
    text: str


def open_troubles() -> list[Trouble]:
    """Of the current tenant, the newest first. 2 queries."""
    alerts = list(DataAlert.objects.filter(closed_at=None).order_by("-opened_at", "pk"))
    names: dict[Any, str] = dict(Source.objects.values_list("pk", "name")) if alerts else {}
    return [_trouble(alert, names) for alert in alerts]


def troubles_with(kind: int, name: str) -> list[Trouble]:
    """The open incidents of one event. 2 queries."""
    return [
        each for each in open_troubles() if (each.alert.event_kind, each.alert.event_name) == (kind, name)
    ]


def untold(troubles: Sequence[Trouble]) -> list[Trouble]:
    return [trouble for trouble in troubles if trouble.alert.told_at is None]


def people_who_mend_data() -> list[str]:
    """Addresses of those who may change what is received. 1 query."""
    roles = [role for role, rights in MATRIX.items() if rights[Area.EVENTS] >= Level.CHANGE]
    members = Membership.objects.filter(role__in=roles, ended_at__isnull=True, user__is_active=True)
    return sorted(set(members.values_list("user__email", flat=True)))


def _trouble(alert: DataAlert, sources: dict[Any, str]) -> Trouble:
    kinds = DataAlert.Kind
    said = {
        "source": sources.get(alert.source_id, ""),
        "event": alert.event_name or str(alert.get_event_kind_display() or ""),
        "property": alert.property,
        "was": alert.was,
        "now": alert.now,
        "number": alert.expected,
        "came": alert.came,
        "when": date_format(localtime(alert.last_seen_at), "DATETIME_FORMAT") if alert.last_seen_at else "",
    }
    titles = {
        kinds.SOURCE_SILENT: _("%(source)s is silent"),
        kinds.EVENT_STOPPED: _("“%(event)s” has stopped")
        if alert.source_id == EVERY_SOURCE
        else _("“%(event)s” no longer comes from %(source)s"),
        kinds.EVENT_FELL: _("“%(event)s” comes much less often"),
        kinds.PROPERTY_GONE: _("“%(event)s” comes without “%(property)s”"),
        kinds.TYPE_CHANGED: _("“%(property)s” of “%(event)s” is a %(now)s now, it was a %(was)s"),
    }
    silent = _("Last received %(when)s; about %(number)s events were to be expected since.")
    texts = {
        kinds.SOURCE_SILENT: silent + " " + _("Does the product still send, with a live key?"),
        kinds.EVENT_STOPPED: silent + " " + _("A live signal counts it. Was it renamed in the product?"),
        kinds.EVENT_FELL: _(
            "%(came)s in three whole days, about %(number)s are usual. A live signal counts it."
        ),
        kinds.PROPERTY_GONE: _("A live signal reads it. Was it renamed in the product?"),
        kinds.TYPE_CHANGED: _("A live signal reads it, and may not understand it any more."),
    }
    kind = DataAlert.Kind(alert.kind)
    return Trouble(alert, titles[kind] % said, texts[kind] % said)
