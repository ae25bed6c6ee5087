"""PQLs that only the past has brought, and that nobody has released to routing."""

from django.db.models import Q, QuerySet

from scoring.models import Qualification
from tenants.access import Access, Area, Level

UNIT = "definition__business_unit__path"
PAST = Q(is_historical=True, released_at__isnull=True, state=Qualification.State.OPEN)


def releasable_pqls(access: Access) -> QuerySet[Qualification]:
    """Those that this user may send to routing, in the units whose routing they may change. To count, not to name:
    whether one is held out is not decided before routing takes it up."""
    rows: QuerySet[Qualification] = Qualification.objects.filter(
        PAST, access.visible(Area.ROUTING, UNIT, Level.CHANGE)
    )
    return rows
