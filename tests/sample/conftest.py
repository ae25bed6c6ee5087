"""Sample data of Acme: small, and asked for today, so that workers find it due."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from pqlhub.pulse import LONG, run_until_idle
from pqlhub.sample import filling
from pqlhub.sample.filling import request_sample
from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tenants.models import Tenant
from tenants.operations import open_sample


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Three weeks of a few accounts: seconds."""
    monkeypatch.setattr(filling, "ACCOUNTS", 40)
    monkeypatch.setattr(filling, "DAYS", 25)
    monkeypatch.setattr(filling, "HISTORY", timedelta(days=25))


@pytest.fixture
def ask() -> Callable[[Tenant], Tenant]:
    def ask(company: Tenant) -> Tenant:
        with tenant_context(company.pk):
            return request_sample(company=company, by=SYSTEM, now=timezone.now())

    return ask


@pytest.fixture
def sample(acme, ask) -> Tenant:
    """Asked for, not filled."""
    return ask(acme)


@pytest.fixture
def full(sample) -> Tenant:
    """Filled by the worker's own beat."""
    work()
    sample.refresh_from_db()
    return sample


@pytest.fixture
def opened(sample) -> Tenant:
    """Its company without its history: for who asks only whose it is."""
    filling._found(sample.pk)
    open_sample(sample=sample, by=SYSTEM, now=timezone.now())
    sample.refresh_from_db()
    return sample


def work() -> None:
    """All that a worker has to do for sample data."""
    run_until_idle(LONG, clock=timezone.now, budget_seconds=120, kinds=["sample", "erase"])
