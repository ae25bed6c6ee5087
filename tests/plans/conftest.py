"""A catalogue with two plans, and the words in which messages tell them."""

import pytest

from ingestion.models import Limit, Plan, PlanRule
from ingestion.operations import allow, create_limit, create_plan, create_plan_rule
from tenants.audit import SYSTEM
from tests.factories import ingestion
from tests.factories.ingestion import START


@pytest.fixture
def make_plan(corporate):
    def make(key, unit=None, **values):
        plan = Plan(business_unit=unit or corporate, name=key.title(), key=key, **values)
        return create_plan(plan=plan, by=SYSTEM, now=START)

    return make


@pytest.fixture
def make_limit(corporate):
    def make(name="Records", unit=None, **values):
        limit = Limit(business_unit=unit or corporate, name=name, **values)
        return create_limit(limit=limit, by=SYSTEM, now=START)

    return make


@pytest.fixture
def make_rule(in_acme):
    def make(name, **values):
        rule = PlanRule(name=name, **values)
        return create_plan_rule(rule=rule, by=SYSTEM, now=START)

    return make


@pytest.fixture
def records(make_limit):
    """Counted: one for each record created, less those deleted."""
    created, deleted = (ingestion.make_action(f"Record {verb}") for verb in ("Created", "Deleted"))
    return make_limit("Records", action=created, returning_action=deleted)


@pytest.fixture
def team(make_plan, records):
    """A plan that allows 10 records and stops there."""
    plan = make_plan("team", price_minor=4900, currency="EUR")
    allow(plan=plan, limit=records, amount=10, is_hard=True, by=SYSTEM, now=START)
    return plan
