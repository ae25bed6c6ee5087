"""A PQL that cannot be routed is seen, says why, holds nobody up, and goes on once it is mended."""

import os
from datetime import timedelta
from urllib.parse import urlsplit

import psycopg
import pytest
from django.urls import reverse
from django.utils import timezone

from pqlhub.pulse import PULSE, run_until_idle
from routing.models import Lead, Pool, RoutingFailure, RoutingRule
from routing.operations import RuleLine, route_new
from routing.rules.retries import FIRST_PAUSE, LONGEST_PAUSE, pause_after
from scoring.models import Qualification
from tenants.context import tenant_context
from tenants.models import AuditEvent, BusinessUnit, Role
from tenants.work import wake
from tests.conftest import member
from tests.factories.routing import (
    condition,
    live_definition,
    make_person,
    make_pool,
    make_pql,
    make_rep,
    make_table,
)
from tests.plugin import with_login

PAGE = "/routing/routingfailure/"


def remove_in_sql(pool: Pool) -> None:
    """As a superuser who deletes rows by hand, with the foreign keys switched off."""
    database = urlsplit(os.environ["DATABASE_URL"]).path[1:]
    with psycopg.connect(with_login(os.environ["PQLHUB_TEST_ADMIN_URL"], database)) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("DELETE FROM routing_poolmember WHERE pool_id = %s", [pool.pk])
        connection.execute("DELETE FROM routing_pool WHERE id = %s", [pool.pk])


def company(tenant, now) -> Pool:
    """A table that gives hot ones to a pool and the others to nurture, and one PQL of each band."""
    with tenant_context(tenant.pk):
        unit = BusinessUnit.objects.get()
        pool = make_pool(unit, [make_rep(unit, f"Rep of {tenant.slug}", now=now)], now=now)
        hot = RuleLine("Hot ones", [condition("band", "eq", "hot")], "pool", pool=pool)
        make_table(unit, hot, RuleLine("Rest", [], "nurture"), now=now)
        definition = live_definition(unit)
        for band in ("hot", "cold"):
            make_pql(definition, make_person(now=now), band=band, now=now)
    return pool


@pytest.fixture
def damaged(transactional_db, acme, globex, settings):
    """Acme's pool was deleted in the database; Globex has the same set-up, whole. PQLs of both wait for routing."""
    settings.TENANT_REBIND_IN_SAVEPOINT = False
    remove_in_sql(company(acme, timezone.now()))
    company(globex, timezone.now())
    return acme


def bands_of_leads(tenant) -> list[str]:
    with tenant_context(tenant.pk):
        return sorted(Lead.objects.values_list("band", flat=True))


def beat(at) -> None:
    run_until_idle(PULSE, clock=lambda: at, budget_seconds=20, kinds=["route"])


def test_a_rule_whose_pool_is_gone_sticks_its_own_pqls_only(damaged, globex):
    for tenant in (damaged, globex):
        with tenant_context(tenant.pk):
            route_new(now=timezone.now())

    assert bands_of_leads(damaged) == ["cold"]
    assert bands_of_leads(globex) == ["cold", "hot"]
    with tenant_context(damaged.pk):
        failure = RoutingFailure.objects.get()
        assert "“Hot ones” in the routing table of Corporate sends to a pool that is gone" in failure.reason
        assert (failure.attempts, failure.next_at - failure.last_tried_at) == (1, FIRST_PAUSE)
    with tenant_context(globex.pk):
        assert not RoutingFailure.objects.exists()


def test_saving_a_mended_table_routes_what_was_stuck_in_the_next_beat(damaged):
    with tenant_context(damaged.pk):
        route_new(now=timezone.now())
        unit = BusinessUnit.objects.get()
        make_table(unit, RuleLine("Everything", [], "nurture"), now=timezone.now())

    beat(timezone.now())

    assert bands_of_leads(damaged) == ["cold", "hot"]
    with tenant_context(damaged.pk):
        assert not RoutingFailure.objects.exists()


def test_the_worker_comes_back_by_itself_at_the_next_try(damaged):
    start = timezone.now()
    wake(tenant_id=damaged.pk, kind="route", at=start)
    beat(start)
    with tenant_context(damaged.pk):
        RoutingRule.objects.filter(name="Hot ones").update(target="nurture", pool=None)

    beat(start + FIRST_PAUSE - timedelta(seconds=1))
    assert bands_of_leads(damaged) == ["cold"]
    beat(start + FIRST_PAUSE)
    assert bands_of_leads(damaged) == ["cold", "hot"]


@pytest.fixture
def stuck(boards, now) -> RoutingFailure:
    """A PQL whose stored reasons lost their names: an error nobody foresaw."""
    pql = make_pql(live_definition(boards), make_person("Ida", now=now), now=now)
    Qualification.objects.filter(pk=pql.pk).update(contributions=[{"points": 5}])
    route_new(now=now)
    return RoutingFailure.objects.get()


def mend(failure: RoutingFailure) -> None:
    Qualification.objects.filter(pk=failure.qualification_id).update(contributions=[])


def test_the_pauses_grow_to_an_hour():
    assert [pause_after(n).total_seconds() for n in (1, 2, 3)] == [10, 40, 160]
    assert pause_after(1000) == LONGEST_PAUSE


def test_it_is_left_alone_until_its_next_try(stuck, now):
    assert route_new(now=now + timedelta(seconds=9)).failed == 0
    assert route_new(now=now + timedelta(seconds=10)).failed == 1

    assert RoutingFailure.objects.get().attempts == 2
    assert RoutingFailure.objects.get().first_failed_at == now


def test_many_stuck_ones_do_not_take_the_places_of_new_ones(boards, stuck, now):
    make_pql(live_definition(boards), make_person(now=now), now=now)

    assert route_new(now=now, limit=1).routed == 1


def test_it_is_forgotten_when_the_pql_ends(stuck, now):
    Qualification.objects.update(state="left", closed_at=now)

    route_new(now=now)

    assert not RoutingFailure.objects.exists()


def test_try_again_now_routes_it(client, bob, stuck, now):
    client.force_login(bob)
    mend(stuck)

    answer = client.post(f"{PAGE}{stuck.pk}/retry/", follow=True)
    assert "1 PQL is tried again now" in answer.content.decode()
    assert 'hx-trigger="every 2s"' in answer.content.decode()  # until the worker has tried
    route_new(now=timezone.now())

    assert Lead.objects.count() == 1
    assert "No PQL is stuck" in client.get(PAGE).content.decode()
    assert AuditEvent.objects.filter(verb="definition.routing_retried").count() == 1


def test_home_asks_for_attention_until_it_is_routed(client, bob, stuck, now):
    client.force_login(bob)

    figure = next(f for f in client.get(reverse("admin:index")).context["figures"] if f.link == PAGE)
    assert (figure.value, figure.is_urgent) == ("1", True)
    mend(stuck)
    client.post(f"{PAGE}retry/")
    route_new(now=timezone.now())

    assert all(f.link != PAGE for f in client.get(reverse("admin:index")).context["figures"])


def test_nobody_learns_who_it_is_before_a_holdout_has_decided(client, alice, bob, stuck):
    client.force_login(bob)
    assert "Ida" not in client.get(PAGE).content.decode()

    client.force_login(alice)  # sees held-out leads
    assert "Ida" in client.get(PAGE).content.decode()


def test_readers_see_why_and_cannot_retry(client, acme, stuck, now):
    reader = member(acme, "vera@acme.test", Role.READ_ONLY, "Boards", now)
    client.force_login(reader)

    text = client.get(PAGE).content.decode()

    assert "KeyError" in text
    assert "Try again" not in text
    assert client.post(f"{PAGE}{stuck.pk}/retry/").status_code == 403
    assert client.post(f"{PAGE}retry/").status_code == 403


def test_other_units_and_tenants_see_nothing(client, acme, insights, charlie, stuck, now):
    neighbour = member(acme, "ines@acme.test", Role.BU_OWNER, "Insights", now)
    for user in (neighbour, charlie):
        client.force_login(user)
        assert "No PQL is stuck" in client.get(PAGE).content.decode()
        assert client.post(f"{PAGE}{stuck.pk}/retry/").status_code == 404
