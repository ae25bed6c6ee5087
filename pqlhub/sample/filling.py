"""Fills a sample tenant, a day of its history after the other; goes on where it was stopped."""

import time
from datetime import datetime, timedelta

from pqlhub.jobs import Clock
from pqlhub.northwind.act import arrange_acting, connect_automation
from pqlhub.northwind.company import found_company
from pqlhub.northwind.past import days_of, ensure_partitions, live_through
from pqlhub.northwind.sales import SalesTeam
from pqlhub.simulator import simulate
from tenants import operations as tenants
from tenants.audit import SYSTEM, Actor
from tenants.context import tenant_context
from tenants.models import BusinessUnit, Role, Source, Tenant, User

NAME = "Sample data: Northwind Boards"
SEED = 7
DAYS = 90
ACCOUNTS = 200
AWAY = timedelta(days=6)  # in the last days no rep answered, so that there is something to do
HISTORY = timedelta(days=DAYS)
AUTOMATION = (
    "https://automation.northwind.example/leads"  # a name that leads nowhere, and nothing is sent anyway
)


def request_sample(*, company: Tenant, by: Actor, now: datetime) -> Tenant:
    """Have a worker make the company's sample data, with a history up to now. In the company's context. Raises
    Refused."""
    since = now.replace(microsecond=0) - HISTORY
    return tenants.request_sample(company=company, name=NAME, since=since, by=by, now=now)


def share_filled(sample: Tenant) -> float:
    """How far the history has come, from 0 to 1."""
    return (sample.filled_until - sample.created_at) / HISTORY if sample.filled_until else 0.0


def continue_sample(*, tenant_id: int, clock: Clock, seconds: float) -> bool:
    """Fill for some seconds. True: there is more to do. Call it outside any transaction; a day is one, so that who is
    killed leaves whole days."""
    deadline = time.monotonic() + seconds
    sample = _found(tenant_id)
    if sample is None:
        return False
    start, end = sample.created_at, sample.created_at + HISTORY
    ensure_partitions(start, end)
    history = simulate(seed=SEED, end=end, days=DAYS, accounts=ACCOUNTS)
    team = SalesTeam(history.truth)
    with tenant_context(tenant_id):
        team.recall()
        source_id = Source.objects.values_list("pk", flat=True).get()
    until = sample.filled_until
    for day in days_of(history):
        if until and day.evening <= until:
            continue
        with tenant_context(tenant_id):
            fresh = tenants.lock_filling(tenant_id)
            if fresh is None or fresh.filled_until != until:  # removed meanwhile, or another worker goes on
                return fresh is not None
            live_through(day, tenant_id=tenant_id, source_id=source_id, team=team)
            if day.evening <= end - AWAY:
                team.work(now=day.evening)
            tenants.note_filled(sample=sample, until=day.evening)
            until = day.evening
        if time.monotonic() >= deadline and day.evening < end:
            return True
    tenants.open_sample(sample=sample, by=SYSTEM, now=clock())
    return False


def _found(tenant_id: int) -> Tenant | None:
    """The tenant with its company in it, wholly or not at all; None when there is nothing to fill."""
    with tenant_context(tenant_id):
        sample = tenants.lock_filling(tenant_id)
        if sample is None or BusinessUnit.objects.exists():
            return sample

        def hire(person: str, name: str, role: Role) -> User:
            # Log-ins are one for all tenants; these open nothing, as their people are members of no company.
            return tenants.create_user(email=f"{person}@{sample.slug}.example", name=name, password=None)

        now = sample.created_at
        tenants.create_business_unit(name="Corporate", parent=None, by=SYSTEM, now=now)
        company = found_company(tenant=sample, hire=hire, now=now)
        arrange_acting(company, now=now)
        connect_automation(company, url=AUTOMATION, now=now)
        return sample
