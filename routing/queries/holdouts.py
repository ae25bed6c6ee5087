"""What the pages of holdouts read about leads and PQLs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from experiments.models import Experiment, Exposure
from routing.models import Lead
from scoring.models import Qualification

LATELY = timedelta(days=28)


def recent_pqls(*, now: datetime) -> int:
    """PQLs of the last 28 days, at most 100,000 of them counted: the pace at which a holdout fills."""
    rows = Qualification.objects.filter(opened_at__gte=now - LATELY, opened_at__lt=now)
    return rows[:100_000].count()


@dataclass(frozen=True)
class HeldOut:
    """A lead that a holdout keeps back. is_mixed: its people were assigned to the other arm too."""

    lead: Lead
    is_mixed: bool


def held_out_by(experiment: Experiment, *, visible: QuerySet[Lead], most: int = 100) -> Sequence[HeldOut]:
    """The newest leads this holdout keeps from the reps, of those the user may see."""
    refs = Exposure.objects.filter(assignment__experiment=experiment, assignment__arm__is_control=True)
    newest = dict(refs.order_by("-id").values_list("action_ref", "assignment__mixed_at")[: most * 2])
    rows = visible.filter(pk__in=list(newest)).select_related("qualification__definition", "business_unit")
    leads = rows.order_by("-created_at", "-id")[:most]
    return [HeldOut(lead, newest[str(lead.pk)] is not None) for lead in leads]
