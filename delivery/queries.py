"""Reads of the delivery room."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Greatest
from django.utils.translation import gettext_lazy as _

from delivery.models import Delivery, DeliveryAttempt, Destination
from delivery.rules.schedule import BREAKER_OPENS_AT
from tenants.access import MATRIX, Area, Level
from tenants.models import BusinessUnit, Membership
from tenants.personal import Holding, Scope
from tenants.secret_box import open_sealed


@dataclass(frozen=True)
class DeliveryCounts:
    """Deliveries of a destination that wait, and those that were given up."""

    waiting: int
    dead: int


_ABOUT = "t.subject_ref = ANY(%(leads)s::text[])"
# What this room holds about a person or an account: in the order in which it is emptied.
HOLDINGS = [
    Holding(
        "delivery_deliveryattempt",
        _("attempts to deliver, with what came back"),
        "t.delivery_id IN (SELECT d.id FROM delivery_delivery d WHERE d.tenant_id = %(tenant_id)s AND "
        + _ABOUT.replace("t.", "d.")
        + ")",
        is_appended=True,
    ),
    Holding("delivery_delivery", _("deliveries with what was sent"), _ABOUT),
]
OPEN_STATES = (Delivery.State.WAITING, Delivery.State.SENDING)
FINISHED_STATES = (Delivery.State.DONE, Delivery.State.DEAD, Delivery.State.WITHHELD)


def destinations_for_leads_of(business_unit: BusinessUnit) -> QuerySet[Destination]:
    """Where every lead of this unit is announced: its own destinations and those of the units above it."""
    return cast(
        "QuerySet[Destination]",
        Destination.objects.filter(
            business_unit_id__in=business_unit.lineage, receives_all_leads=True
        ).order_by("created_at"),
    )


def due_destinations(*, now: datetime) -> QuerySet[Destination]:
    """Active destinations with something to send now and a closed breaker, the one that waited longest first."""
    due = Delivery.objects.filter(
        destination=OuterRef("pk"), state__in=OPEN_STATES, next_at__lte=now
    ).order_by("next_at")
    rows = Destination.objects.filter(state=Destination.State.ACTIVE).exclude(open_again_at__gt=now)
    return cast(
        "QuerySet[Destination]",
        rows.filter(Exists(due)).annotate(oldest=Subquery(due.values("next_at")[:1])).order_by("oldest"),
    )


def next_due_at() -> datetime | None:
    """When the next attempt of any active destination is due, breakers included; None: nothing is open."""
    rows = Delivery.objects.filter(
        state__in=OPEN_STATES, destination__state=Destination.State.ACTIVE
    ).aggregate(at=Min(Greatest("next_at", Coalesce("destination__open_again_at", "next_at"))))
    return cast("datetime | None", rows["at"])


def signing_secrets(destination: Destination, *, now: datetime) -> list[str]:
    """The secrets that sign at this moment, the current one first. Raises CannotOpen."""
    names = ["secret"]
    until = destination.previous_secret_until
    if destination.previous_secret and until and until > now:
        names.append("previous_secret")
    table = Destination._meta.db_table
    return [
        open_sealed(getattr(destination, name), table=table, key=destination.pk, field=name) for name in names
    ]


def delivery_counts(destination_ids: Sequence[UUID]) -> dict[UUID, DeliveryCounts]:
    """How many deliveries of each destination wait and were given up. One query."""
    rows = Delivery.objects.filter(
        destination_id__in=destination_ids, state__in=[*OPEN_STATES, Delivery.State.DEAD]
    )
    counted = rows.values_list("destination_id").annotate(
        waiting=Count("id", filter=Q(state__in=OPEN_STATES)),
        dead=Count("id", filter=Q(state=Delivery.State.DEAD)),
    )
    found = {key: DeliveryCounts(waiting, dead) for key, waiting, dead in counted}
    return {key: found.get(key, DeliveryCounts(0, 0)) for key in destination_ids}


def newest_deliveries(destination: Destination, *, most: int = 20) -> list[Delivery]:
    """The last ones, each with `last_status` and `last_error` of its last attempt. One query."""
    tries = DeliveryAttempt.objects.filter(delivery=OuterRef("pk")).order_by("-id")
    rows = Delivery.objects.filter(destination=destination).order_by("-created_at", "-id")
    return list(
        rows.annotate(
            last_status=Subquery(tries.values("status")[:1]), last_error=Subquery(tries.values("error")[:1])
        )[:most]
    )


def attempts_of(delivery: Delivery) -> QuerySet[DeliveryAttempt]:
    """Every try, newest first."""
    return cast(
        "QuerySet[DeliveryAttempt]", DeliveryAttempt.objects.filter(delivery=delivery).order_by("-id")
    )


def failing_destinations() -> QuerySet[Destination]:
    """Active ones whose breaker is open: tried now and then until the receiver answers again."""
    rows = Destination.objects.filter(state=Destination.State.ACTIVE, failures_in_a_row__gte=BREAKER_OPENS_AT)
    return cast("QuerySet[Destination]", rows)


def untold_troubles() -> list[Destination]:
    """Destinations with an incident nobody was mailed about."""
    rows = Destination.objects.filter(trouble_since__isnull=False, told_at__isnull=True)
    return list(rows.select_related("business_unit").order_by("trouble_since"))


def people_concerned(destination: Destination) -> list[str]:
    """Addresses of those who may change the destination: owners of its unit and of those above, and corporate
    admins."""
    roles = [role for role, rights in MATRIX.items() if rights[Area.DESTINATIONS] >= Level.CHANGE]
    members = Membership.objects.filter(
        business_unit_id__in=destination.business_unit.lineage,
        role__in=roles,
        ended_at__isnull=True,
        user__is_active=True,
    )
    return sorted(set(members.values_list("user__email", flat=True)))


def sent_out(scope: Scope) -> list[dict[str, object]]:
    """What had left for other systems about these leads: [{destination, deliveries, leads, last}], by what the
    receivers know: the `webhook-id` of each delivery and the `lead.id` of its body. 1 query."""
    rows = (
        Delivery.objects.filter(subject_ref__in=scope.leads, attempts__gt=0)
        .order_by("created_at")
        .values_list("destination__name", "pk", "subject_ref", "created_at")
    )
    found: dict[str, dict[str, object]] = {}
    for name, key, lead, at in rows:
        line = found.setdefault(name, {"destination": name, "deliveries": [], "leads": [], "last": ""})
        line["deliveries"] = [*cast("list[str]", line["deliveries"]), str(key)]
        line["leads"] = sorted({*cast("list[str]", line["leads"]), lead})
        line["last"] = at.isoformat()
    return list(found.values())
