"""Holdouts for tests."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from experiments.models import Experiment
from experiments.operations import Assigned, assign, create_holdout, start
from tenants.audit import SYSTEM
from tenants.models import BusinessUnit

DEFINITION = "01890000-0000-7000-8000-000000000001"


def running_holdout(
    unit: BusinessUnit,
    *,
    now: datetime,
    percent: Decimal | int = 50,
    name: str = "Do calls pay?",
    **fields: Any,
) -> Experiment:
    holdout = create_holdout(business_unit=unit, name=name, percent=percent, by=SYSTEM, now=now, **fields)
    return start(experiment=holdout, by=SYSTEM, now=now)


def assign_person(unit: BusinessUnit, person_id: int, *, now: datetime, **fields: Any) -> Assigned:
    values = {
        "business_unit": unit,
        "definition_id": DEFINITION,
        "unit_kind": 1,
        "unit_id": person_id,
        "points": 5000,
        "action_ref": f"lead-{person_id}",
        "now": now,
    }
    return assign(**(values | fields))
