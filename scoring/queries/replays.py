"""What a replay found."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, Min, Q

from scoring.models import ReplayQualification, ReplayRun


def ever_qualified(run: ReplayRun) -> dict[int, date]:
    """Subject id -> the first local day at whose end it qualified."""
    rows = ReplayQualification.objects.filter(run=run).values("subject_id").annotate(first=Min("first_day"))
    return dict(rows.values_list("subject_id", "first"))


def qualified_at_end_of(run: ReplayRun, day: date) -> set[int]:
    """The subjects that qualified at the end of a local day of the run."""
    rows = ReplayQualification.objects.filter(Q(left_day__isnull=True) | Q(left_day__gt=day), run=run)
    return set(rows.filter(first_day__lte=day).values_list("subject_id", flat=True))


@dataclass(frozen=True)
class DayCount:
    """At the end of a local day: how many qualified, and how many had begun to that day."""

    day: date
    qualified: int
    entered: int


@dataclass(frozen=True)
class ReplaySummary:
    """What a run found so far; its days reach to done_through."""

    subjects: int
    episodes: int
    at_end: int
    days: tuple[DayCount, ...]


def summarise(run: ReplayRun) -> ReplaySummary:
    """Counts of a run, day by day. 3 queries."""
    rows = ReplayQualification.objects.filter(run=run)
    entered = dict(rows.values_list("first_day").annotate(number=Count("*")))
    left = dict(rows.filter(left_day__isnull=False).values_list("left_day").annotate(number=Count("*")))
    days, qualified = [], 0
    last = run.done_through or run.first_day - timedelta(days=1)
    for place in range((last - run.first_day).days + 1):
        day = run.first_day + timedelta(days=place)
        qualified += entered.get(day, 0) - left.get(day, 0)
        days.append(DayCount(day, qualified, entered.get(day, 0)))
    return ReplaySummary(
        subjects=rows.aggregate(number=Count("subject_id", distinct=True))["number"],
        episodes=sum(entered.values()),
        at_end=qualified,
        days=tuple(days),
    )


def progress_of(run: ReplayRun) -> float:
    """The share of its days that a run has evaluated, from 0 to 1."""
    if run.done_through is None:
        return 0.0
    return ((run.done_through - run.first_day).days + 1) / ((run.last_day - run.first_day).days + 1)
