"""How the company acts on PQLs: pools, routing tables, a holdout, and an automation that takes webhooks."""

from datetime import datetime

from delivery import operations as delivery
from experiments import operations as experiments
from pqlhub.northwind.company import Company
from routing import operations as routing
from routing.models import Pool, Target
from routing.operations import RuleLine
from tenants.audit import SYSTEM
from tenants.context import tenant_context

HOLDOUT_PERCENT = 20  # of accounts: what a company of this size needs to see an effect


def arrange_acting(company: Company, *, now: datetime) -> None:
    """Pools, tables and the holdout, as of the first day of the history."""
    with tenant_context(company.tenant.pk):
        boards = _pool(company, "Boards", "Boards sales", ["rosa", "ravi"], now)
        insights = _pool(company, "Insights", "Insights sales", ["rui"], now)
        _save_tables(company, boards, insights, None, now)
        holdout = experiments.create_holdout(
            business_unit=company.units["Boards"],
            name="Does calling help?",
            percent=HOLDOUT_PERCENT,
            definition_id=company.definitions["Team ready to buy"].pk,
            by=SYSTEM,
            now=now,
        )
        experiments.start(experiment=holdout, by=SYSTEM, now=now)


def connect_automation(company: Company, *, url: str, now: datetime) -> str:
    """From now on warm persons go to the company's own automation. Returns the webhook's signing secret."""
    with tenant_context(company.tenant.pk):
        destination, secret = delivery.create_destination(
            business_unit=company.units["Boards"],
            name="Onboarding mails",
            url=url,
            receives_all_leads=False,
            by=SYSTEM,
            now=now,
        )
        boards, insights = (Pool.objects.get(name=name) for name in ("Boards sales", "Insights sales"))
        _save_tables(company, boards, insights, destination, now)
    return secret


def _pool(company: Company, unit: str, name: str, people: list[str], now: datetime) -> Pool:
    pool = routing.create_pool(business_unit=company.units[unit], name=name, by=SYSTEM, now=now)
    for person in people:
        routing.add_member(pool=pool, membership=company.members[person], capacity=40, by=SYSTEM, now=now)
    return pool


def _save_tables(company: Company, boards: Pool, insights: Pool, destination: object, now: datetime) -> None:
    warm = [
        {"field": "level", "name": "", "op": "eq", "value": "person"},
        {"field": "band", "name": "", "op": "eq", "value": "warm"},
    ]
    to_automation = RuleLine("Warm persons get mails", warm, Target.AUTOMATION, destination=destination)  # type: ignore[arg-type]
    to_nurture = RuleLine("Warm persons are nurtured", warm, Target.NURTURE)
    routing.save_table(
        business_unit=company.units["Boards"],
        lines=[
            to_automation if destination else to_nurture,
            RuleLine(
                "Large accounts to Rosa",
                [{"field": "account_trait", "name": "employees", "op": "gte", "value": "200"}],
                Target.REP,
                rep=company.members["rosa"],
            ),
        ],
        default_target=Target.POOL,
        default_pool=boards,
        by=SYSTEM,
        now=now,
    )
    routing.save_table(
        business_unit=company.units["Insights"],
        lines=[],
        default_target=Target.POOL,
        default_pool=insights,
        by=SYSTEM,
        now=now,
    )
