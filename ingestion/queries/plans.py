"""The plan of an account now and before, how much of its limits it uses, and the catalogue a unit has."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q

from ingestion.models import ActionVersion, Activity, Limit, Plan, PlanFact, PlanLimit, TraitValue
from ingestion.rules.plans import Said, State, period_start, state_at
from tenants.models import BusinessUnit

MONTHS = {Plan.Billing.MONTH: 1, Plan.Billing.YEAR: 12, Plan.Billing.NONE: 1}
SHOWN = 50  # of the timeline


@dataclass(frozen=True)
class Usage:
    """How much of a limit is used. `share`: in percent, rounded down; None where it is not known (a trait that was
    never sent). `since`: the first day that is counted; None: all time."""

    name: str
    used: Decimal | None
    amount: Decimal
    is_hard: bool
    since: date | None = None

    @property
    def share(self) -> int | None:
        return None if self.used is None else int(max(self.used, Decimal(0)) * 100 / self.amount)

    @property
    def bar(self) -> int:
        return min(self.share or 0, 100)

    @property
    def level(self) -> str:
        """fine, near (from 80 %), reached (from 100 %) or unknown."""
        if self.share is None:
            return "unknown"
        return "reached" if self.share >= 100 else "near" if self.share >= 80 else "fine"

    @property
    def is_blocked(self) -> bool:
        return self.is_hard and self.level == "reached"


@dataclass(frozen=True)
class AccountPlan:
    """What the page of an account shows. `plan`: the catalogue's, None for one it does not have."""

    state: State
    plan: Plan | None
    usages: tuple[Usage, ...]
    timeline: tuple[PlanFact, ...]


def account_plan(account_id: int, plans: Q, *, now: datetime, today: date) -> AccountPlan | None:
    """The account's plan as of now, among the plans of the catalogue that `plans` selects; None where nothing was ever
    said about it. today: in the tenant's zone. At most 3 queries and 2 for each limit of its plan."""
    facts = list(PlanFact.objects.filter(account_id=account_id).order_by("-valid_from", "-message_id", "-pk"))
    if not facts:
        return None
    state = state_at(map(said, facts), now, today)
    plan = plan_called(state.plan, plans)
    usages = usages_of(account_id, plan, state, now=now, today=today) if plan else []
    return AccountPlan(state, plan, tuple(usages), tuple(facts[:SHOWN]))


def said(row: PlanFact) -> Said:
    return Said(row.fact, row.value, row.valid_from, row.message_id)


def usable_limits(unit: BusinessUnit) -> list[Limit]:
    """Those a unit may ask: its own and those of the units above it, by name. 1 query."""
    return [*Limit.objects.filter(business_unit_id__in=unit.lineage).order_by("name", "pk")]


def plan_called(key: str, plans: Q) -> Plan | None:
    """The plan of this key; of several the nearest to corporate, and one that is sold before one that is not."""
    if not key:
        return None
    rows = Plan.objects.filter(plans, key=key).select_related("business_unit")
    return min(rows, key=lambda row: (row.archived_at is not None, len(row.business_unit.path)), default=None)


def usages_of(account_id: int, plan: Plan, state: State, *, now: datetime, today: date) -> list[Usage]:
    """Each limit of the plan with what the account uses of it. 1 query and 2 for each."""
    rows = PlanLimit.objects.filter(plan=plan).select_related("limit").order_by("limit__name")
    return [_usage(account_id, row, plan, state, now, today) for row in rows]


def first_day_counted(limit: Limit, plan: Plan, state: State, today: date) -> date | None:
    if limit.resets == Limit.Resets.MONTH:
        return today.replace(day=1)
    if limit.resets == Limit.Resets.BILLING:
        return period_start(state.period_start, today, MONTHS[Plan.Billing(plan.billing)])
    return None


def _usage(account_id: int, row: PlanLimit, plan: Plan, state: State, now: datetime, today: date) -> Usage:
    limit, since = row.limit, first_day_counted(row.limit, plan, state, today)
    gauge = limit.gauge_trait
    used = _gauge(account_id, gauge, now) if gauge else _counted(account_id, limit, since, now)
    return Usage(limit.name, used, row.amount, row.is_hard, since)


def _gauge(account_id: int, name: str, now: datetime) -> Decimal | None:
    rows = TraitValue.objects.filter(
        subject_kind=TraitValue.Subject.ACCOUNT, subject_id=account_id, name=name, valid_from__lt=now
    ).filter(is_shadowed=False)
    number: Decimal | None = (
        rows.order_by("-valid_from", "-message_id").values_list("number", flat=True).first()
    )
    return number


def _counted(account_id: int, limit: Limit, since: date | None, now: datetime) -> Decimal:
    numbers = []
    for action_id in (limit.action_id, limit.returning_action_id):
        version = _newest(action_id)
        rows = Activity.objects.filter(
            account_id=account_id, action_version_id=version, exclusion=0, ts__lt=now
        )
        numbers.append(rows.filter(local_day__gte=since).count() if since else rows.count())
    return Decimal(numbers[0] - numbers[1])


def _newest(action_id: Any) -> int | None:
    rows = ActionVersion.objects.filter(action_id=action_id).order_by("-number")
    key: int | None = rows.values_list("pk", flat=True).first() if action_id else None
    return key
