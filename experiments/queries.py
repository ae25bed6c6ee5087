"""Reads of the experiments room."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import Length

from experiments.models import Arm, Experiment
from experiments.stats import leads_needed
from tenants.models import BusinessUnit

UNIT_KINDS = {1: "person", 2: "account"}
SHARES_SHOWN = (50, 20, 10, 5)
CASES_SHOWN = ((0.05, 0.5), (0.05, 1.0), (0.10, 0.2), (0.10, 0.5), (0.20, 0.5), (0.30, 0.2))


@dataclass(frozen=True)
class ArmCount:
    """One arm of an experiment and how many units it holds."""

    arm: Arm
    assigned: int
    released: int
    expected: float


@dataclass(frozen=True)
class SizeHint:
    """How many leads an effect of this size needs, for each of SHARES_SHOWN."""

    base_rate: float
    relative_lift: float
    leads: tuple[int, ...]


def running_for(*, business_unit: BusinessUnit, definition_id: UUID) -> QuerySet[Experiment]:
    """Running experiments that a lead of this unit and definition falls under, the widest first."""
    scope = Q(definition_id__isnull=True) | Q(definition_id=definition_id)
    rows: QuerySet[Experiment] = Experiment.objects.filter(
        scope, state=Experiment.State.RUNNING, business_unit_id__in=business_unit.lineage
    )
    return rows.order_by(
        Length("business_unit__path"), F("definition_id").asc(nulls_first=True), "started_at", "id"
    )


def arm_counts(experiment: Experiment) -> list[ArmCount]:
    """Assigned and released units per arm, with the number expected at today's shares."""
    arms = list(
        Arm.objects.filter(experiment=experiment)
        .annotate(
            units=Count("assignments"),
            released=Count("assignments", filter=Q(assignments__released_at__isnull=False)),
        )
        .order_by("position")
    )
    total = sum(arm.units for arm in arms)
    return [ArmCount(arm, arm.units, arm.released, total * arm.weight / 10_000) for arm in arms]


def size_hints() -> list[SizeHint]:
    """The table of the create form: leads needed at 80 % power and 5 % error."""
    return [
        SizeHint(
            base,
            lift,
            tuple(
                leads_needed(base_rate=base, relative_lift=lift, holdout_share=share / 100)
                for share in SHARES_SHOWN
            ),
        )
        for base, lift in CASES_SHOWN
    ]
