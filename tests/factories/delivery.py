"""Destinations and deliveries for tests."""

from datetime import datetime
from typing import Any, cast

from delivery.models import Delivery, Destination
from delivery.operations import create_destination, enqueue
from tenants.audit import SYSTEM
from tenants.models import BusinessUnit


def make_destination(
    unit: BusinessUnit, url: str = "https://hooks.example.com/pql", *, now: datetime, **fields: Any
) -> tuple[Destination, str]:
    """A destination and its secret."""
    values = {"business_unit": unit, "name": "CRM bridge", "url": url, "by": SYSTEM, "now": now}
    return create_destination(**(values | fields))


def make_delivery(
    destination: Destination, *, now: datetime, effect_key: str = "one", **fields: Any
) -> Delivery:
    values = {"event_type": "pql.created", "subject_ref": "lead-1", "payload": {"lead": "Acme GmbH"}}
    values |= fields
    return cast(Delivery, enqueue(destination=destination, effect_key=effect_key, now=now, **values))
