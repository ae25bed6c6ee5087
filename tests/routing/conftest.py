"""A unit whose PQLs go to Rita, and people to look at them."""

from collections.abc import Callable

import pytest
from django.test import Client

from routing.models import Lead, Pool
from routing.operations import RuleLine
from scoring.models import Definition
from tenants.models import Membership, Role, User
from tests.conftest import member
from tests.factories.routing import live_definition, make_lead, make_pool, make_table, membership_of


@pytest.fixture
def rita_rep(rita) -> Membership:
    return membership_of(rita)


@pytest.fixture
def sales(boards, rita_rep, now) -> Pool:
    pool = make_pool(boards, [rita_rep], now=now, name="Boards sales")
    make_table(boards, RuleLine("Everything to sales", [], "pool", pool=pool), now=now)
    return pool


@pytest.fixture
def adoption(boards) -> Definition:
    return live_definition(boards, name="Team adoption")


@pytest.fixture
def ritas_lead(sales, adoption, now) -> Lead:
    return make_lead(adoption, now=now)


@pytest.fixture
def as_user() -> Callable[[User], Client]:
    """A browser logged in as somebody."""

    def log_in(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="tenants.accounts.LoginBackend")
        return client

    return log_in


@pytest.fixture
def other_rep(acme, boards, now) -> User:
    return member(acme, "otto@acme.test", Role.REP, "Boards", now)


@pytest.fixture
def manager(acme, boards, now) -> User:
    return member(acme, "mia@acme.test", Role.SALES_MANAGER, "Boards", now)


@pytest.fixture
def analyst(acme, boards, now) -> User:
    return member(acme, "ana@acme.test", Role.ANALYST, "Boards", now)
