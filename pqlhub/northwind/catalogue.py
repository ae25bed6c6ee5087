"""What the company sells, and how its messages tell which plan an account is on."""

from datetime import datetime
from decimal import Decimal

from ingestion import operations as ingestion
from ingestion.models import Action, Limit, Plan, PlanRule
from pqlhub.simulator.account_state import TRIAL_DAYS
from pqlhub.simulator.commerce import LIMITS, SEAT_PRICE
from pqlhub.simulator.definitions import BOARD_CREATED, INVITE_ACCEPTED
from tenants.audit import SYSTEM
from tenants.models import BusinessUnit

PLANS = {"trial": "Trial", "free": "Free", "team": "Team", "business": "Business"}
BOARDS_A_MONTH = {"trial": 20, "free": 10, "team": 100}
_TRAIT, _EVENT = PlanRule.Source.TRAIT, PlanRule.Source.EVENT


def sell(unit: BusinessUnit, *, now: datetime) -> None:
    """Fill the catalogue of a unit whose actions are defined. Before history: an event's rule holds from then on."""
    seats = _limit(unit, now, name="Seats", kind=Limit.Kind.SEATS, action=_action(INVITE_ACCEPTED.name))
    boards = _limit(
        unit, now, name="Boards", kind=Limit.Kind.RECORDS, action=_action(BOARD_CREATED.name), resets="month"
    )
    for key, name in PLANS.items():
        price = SEAT_PRICE.get(key)
        plan = ingestion.create_plan(
            plan=Plan(
                business_unit=unit, key=key, name=name, price_minor=price, currency="EUR" if price else ""
            ),
            by=SYSTEM,
            now=now,
        )
        for limit, amount, is_hard in (
            (seats, LIMITS[key].get("seats"), True),
            (boards, BOARDS_A_MONTH.get(key), False),
        ):
            if amount is not None:
                ingestion.allow(
                    plan=plan, limit=limit, amount=Decimal(amount), is_hard=is_hard, by=SYSTEM, now=now
                )
    for rule in _rules():
        ingestion.create_plan_rule(rule=rule, by=SYSTEM, now=now)


def _rules() -> list[PlanRule]:
    return [
        PlanRule(source=_TRAIT, name="plan", fact=PlanRule.Fact.PLAN),
        PlanRule(source=_EVENT, name="Trial Started", status="trial", trial_days=TRIAL_DAYS),
        PlanRule(source=_EVENT, name="Trial Ended", status="free"),
        PlanRule(source=_EVENT, name="Subscription Started", status="paid", plan_property="plan"),
        PlanRule(source=_EVENT, name="Subscription Cancelled", status="cancelled"),
    ]


def _limit(unit: BusinessUnit, now: datetime, **values: object) -> Limit:
    return ingestion.create_limit(limit=Limit(business_unit=unit, **values), by=SYSTEM, now=now)


def _action(name: str) -> Action:
    return Action.objects.get(name=name)
