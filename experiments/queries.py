"""Reads of the experiments room."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import Length
from django.utils.translation import gettext_lazy as _

from experiments.models import Arm, Assignment, Experiment
from experiments.stats import leads_needed
from ingestion.queries.sql import fetch
from tenants.models import BusinessUnit
from tenants.personal import SUBJECTS, Holding

_UNITS = SUBJECTS.format(kind="unit_kind", id="unit_id")
# What this room holds about a person or an account. An erasure leaves it: arms, buckets, points and moments under a key
# that leads to nobody. Without these rows whoever is contacted and then asks to be forgotten would leave one arm only,
# and the comparison would be wrong for everybody else.
HOLDINGS = [
    Holding(
        "experiments_exposure",
        _("when an experiment would have acted"),
        "t.assignment_id IN (SELECT a.id FROM experiments_assignment a WHERE a.tenant_id = %(tenant_id)s AND "
        + _UNITS.replace("t.", "a.")
        + ")",
        is_kept=True,
    ),
    Holding("experiments_assignment", _("assignments to experiments"), _UNITS, is_kept=True),
]
UNIT_KINDS = {1: "person", 2: "account"}
SHARES_SHOWN = (50, 20, 10, 5)
CASES_SHOWN = ((0.05, 0.5), (0.05, 1.0), (0.10, 0.2), (0.10, 0.5), (0.20, 0.5), (0.30, 0.2))

# Each assigned person goes under every key it was merged into since. Identities and accounts are those of today: who
# joins late mixes arms as much as who was there from the start.
_MIXED = """
WITH RECURSIVE measured AS (
    SELECT a.id, a.experiment_id, a.arm_id, a.unit_kind, a.unit_id
    FROM experiments_assignment AS a
    JOIN experiments_experiment AS e ON e.tenant_id = a.tenant_id AND e.id = a.experiment_id
    WHERE a.tenant_id = %(tenant_id)s AND (e.state = 'running' OR e.stopped_at > %(since)s)
),
known_as (id, experiment_id, arm_id, person_id) AS (
    SELECT id, experiment_id, arm_id, unit_id FROM measured WHERE unit_kind = 1
    UNION
    SELECT k.id, k.experiment_id, k.arm_id, p.merged_into_id FROM known_as AS k
    JOIN ingestion_person AS p ON p.tenant_id = %(tenant_id)s AND p.id = k.person_id
    WHERE p.merged_into_id IS NOT NULL
),
clash (one, other) AS (
    SELECT k.id, m.id FROM known_as AS k
    JOIN ingestion_identity AS i ON i.tenant_id = %(tenant_id)s AND i.person_id = k.person_id
    JOIN ingestion_accountmembership AS s ON s.tenant_id = %(tenant_id)s AND s.identity_id = i.id
    JOIN measured AS m ON m.unit_kind = 2 AND m.unit_id = s.account_id AND m.experiment_id = k.experiment_id
    WHERE m.arm_id <> k.arm_id
    UNION
    SELECT a.id, b.id FROM known_as AS a
    JOIN known_as AS b ON b.experiment_id = a.experiment_id AND b.person_id = a.person_id
    WHERE b.arm_id <> a.arm_id
)
SELECT one FROM clash UNION SELECT other FROM clash
"""


@dataclass(frozen=True)
class ArmCount:
    """One arm of an experiment and how many units it holds. Mixed ones are assigned, and not in the comparison."""

    arm: Arm
    assigned: int
    released: int
    mixed: int
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
            mixed=Count("assignments", filter=Q(assignments__mixed_at__isnull=False)),
        )
        .order_by("position")
    )
    total = sum(arm.units for arm in arms)
    return [ArmCount(arm, arm.units, arm.released, arm.mixed, total * arm.weight / 10_000) for arm in arms]


def shares_and_counts(keys: Sequence[UUID]) -> dict[UUID, tuple[int, int]]:
    """For each holdout: the control's share in hundredths of a percent, and the units assigned. Two queries."""
    shares = dict(
        Arm.objects.filter(experiment_id__in=keys, is_control=True).values_list("experiment_id", "weight")
    )
    counts = dict(
        Assignment.objects.filter(experiment_id__in=keys)
        .values_list("experiment_id")
        .annotate(number=Count("id"))
    )
    return {key: (shares.get(key, 0), counts.get(key, 0)) for key in keys}


def in_two_arms(*, since: datetime) -> set[int]:
    """Ids of assignments whose people were assigned to two arms of one experiment: a person and an account they belong
    to, or persons who turned out to be one. Of experiments that run, or were stopped after `since`. One query.

    Somebody who belongs to two accounts of different arms mixes neither: their own leads follow the account they joined
    first, and one adviser of many companies would else throw all of these out.
    """
    return {row[0] for row in fetch(_MIXED, since=since)}


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
