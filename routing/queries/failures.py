"""PQLs that routing could not take up."""

from datetime import datetime
from typing import cast
from uuid import UUID

from django.db.models import Min, QuerySet

from routing.models import RoutingFailure
from tenants.access import Access, Area, Level

UNIT_PATH = "qualification__definition__business_unit__path"


def visible_failures(access: Access, level: Level = Level.VIEW) -> QuerySet[RoutingFailure]:
    """Those of the units whose routing this user may see (or change), the one that waits longest first."""
    rows: QuerySet[RoutingFailure] = RoutingFailure.objects.filter(
        access.visible(Area.ROUTING, UNIT_PATH, level)
    )
    return rows.select_related("qualification__definition__business_unit").order_by("first_failed_at", "id")


def tried_later(*, now: datetime) -> QuerySet[RoutingFailure, UUID]:
    """Those whose next try has not come: keys of their PQLs."""
    rows: QuerySet[RoutingFailure] = RoutingFailure.objects.filter(next_at__gt=now)
    return rows.values_list("qualification_id", flat=True)


def next_try_at(*, now: datetime) -> datetime | None:
    """The earliest next try after now, None when nothing is stuck."""
    rows = RoutingFailure.objects.filter(next_at__gt=now).aggregate(at=Min("next_at"))
    return cast("datetime | None", rows["at"])
