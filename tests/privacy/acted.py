"""What has been done with a person: a PQL, its lead, and a push that went out."""

from delivery.models import Delivery, DeliveryAttempt
from routing.models import Lead
from routing.operations import route_one
from tenants.models import BusinessUnit
from tests.factories.delivery import make_destination
from tests.factories.routing import live_definition, make_pql


def delivered_lead(person, now) -> tuple[object, Lead]:
    """The destination that was told of a new lead of the person, and the lead."""
    root = BusinessUnit.objects.get(parent__isnull=True)
    destination, _secret = make_destination(root, now=now)
    lead = route_one(make_pql(live_definition(root), person, now=now), now=now)
    delivery = Delivery.objects.get(subject_ref=str(lead.pk))
    Delivery.objects.filter(pk=delivery.pk).update(attempts=1, state=Delivery.State.DONE, done_at=now)
    DeliveryAttempt.objects.create(
        delivery=delivery, at=now, duration_ms=5, status=200, response="thanks for ada-1842"
    )
    return destination, lead
