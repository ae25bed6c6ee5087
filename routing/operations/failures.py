"""PQLs that could not be routed: why, when it is tried again, and trying again by hand."""

from datetime import datetime

from django.db import DatabaseError, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from routing.models import RoutingFailure
from routing.rules.retries import pause_after
from scoring.models import Qualification
from tenants import audit
from tenants.audit import Actor
from tenants.context import current_tenant_id
from tenants.work import wake


class CannotRoute(Exception):
    """Something people have set up stands in the way. The message says what, and what to do."""


def note_failure(qualification: Qualification, error: Exception, *, now: datetime) -> None:
    """Keep why this PQL is stuck and when it is tried again. Others are routed meanwhile."""
    failure = RoutingFailure.objects.filter(qualification=qualification).first()
    failure = failure or RoutingFailure(qualification=qualification, first_failed_at=now, attempts=0)
    failure.attempts += 1
    failure.reason = _reason(error)
    failure.last_tried_at, failure.next_at = now, now + pause_after(failure.attempts)
    failure.save()


def forget_settled() -> None:
    """Drop the failures of PQLs that are routed by now, or have ended."""
    is_open = Q(qualification__state=Qualification.State.OPEN, qualification__routed_at__isnull=True)
    RoutingFailure.objects.exclude(is_open).delete()


def make_due(failures: QuerySet[RoutingFailure], *, now: datetime) -> int:
    """Have routing try these at once. Returns how many."""
    changed = failures.update(next_at=now)
    if changed:
        wake(tenant_id=current_tenant_id(), kind="route", at=now)
    return changed


@transaction.atomic
def try_again(*, failures: QuerySet[RoutingFailure], by: Actor, now: datetime) -> int:
    """Somebody has mended what stood in the way, or wants to see. Returns how many are tried."""
    rows = list(failures.select_related("qualification__definition__business_unit"))
    for definition in {row.qualification.definition for row in rows}:
        audit.record(by=by, verb="definition.routing_retried", target=definition, now=now)
    return make_due(RoutingFailure.objects.filter(pk__in=[row.pk for row in rows]), now=now)


def _reason(error: Exception) -> str:
    if isinstance(error, CannotRoute):
        return str(error)
    said = (
        _("The database refused it (%(kind)s); that often passes by itself.")
        if isinstance(error, DatabaseError)
        else _("PQL Hub itself failed on it (%(kind)s); no setting of yours is known to be wrong.")
    )
    what_to_do = _("If it stays, show this to whoever runs PQL Hub: the server's log has the details.")
    return f"{said % {'kind': type(error).__name__}} {what_to_do}"
