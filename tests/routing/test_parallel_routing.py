"""Two workers at once: no lead twice, no rep skipped, no PQL lost when one of them dies."""

import threading
from collections import Counter

import pytest
from django.db import connection

from routing.models import Lead, PoolMember
from routing.operations import RuleLine, route_new
from tenants.context import tenant_context
from tenants.models import BusinessUnit
from tests.factories.routing import live_definition, make_person, make_pool, make_pql, make_rep, make_table

PQLS = 30


@pytest.fixture
def tenant(transactional_db, acme, now, settings):
    settings.TENANT_REBIND_IN_SAVEPOINT = False
    with tenant_context(acme.pk):
        unit = BusinessUnit.objects.get()
        pools = [
            make_pool(unit, [make_rep(unit, now=now) for _rep in range(3)], name=name, now=now)
            for name in ("First", "Second")
        ]
        cold = [{"field": "band", "op": "eq", "value": "cold"}]
        make_table(unit, RuleLine("Cold", cold, "pool", pool=pools[0]), now=now, otherwise=pools[1])
        definition = live_definition(unit)
        for number in range(PQLS):
            make_pql(definition, make_person(now=now), band="hot" if number % 2 else "cold", now=now)
    return acme


def work_in_threads(tenant, now, *, slice_size: int) -> int:
    """Returns how many PQLs could not be routed by the worker that took them."""
    together = threading.Barrier(2)
    failed: list[int] = []

    def worker() -> None:
        together.wait()
        more = True
        while more:
            with tenant_context(tenant.pk):
                result = route_new(now=now, limit=slice_size)
            failed.append(result.failed)
            more = result.more
        connection.close()

    threads = [threading.Thread(target=worker) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(failed)


@pytest.mark.parametrize("slice_size", [1, 7])
def test_two_workers_no_lead_twice_no_rep_skipped(tenant, now, slice_size):
    failed = work_in_threads(tenant, now, slice_size=slice_size)

    assert failed == 0
    with tenant_context(tenant.pk):
        route_new(now=now)  # what one worker skipped because the other held it
        per_rep = Counter(Lead.objects.values_list("rep_id", flat=True))
        assert Lead.objects.count() == PQLS
        assert list(per_rep.values()) == [5] * 6
        assert list(PoolMember.objects.values_list("received", flat=True)) == [5] * 6


def route_and_die(tenant, now) -> None:
    with tenant_context(tenant.pk):
        route_new(now=now)
        raise KeyboardInterrupt


def test_worker_dies_before_commit_nothing_is_lost(tenant, now):
    with pytest.raises(KeyboardInterrupt):
        route_and_die(tenant, now)

    with tenant_context(tenant.pk):
        assert Lead.objects.count() == 0
        assert set(PoolMember.objects.values_list("pointer", flat=True)) == {0}
        assert route_new(now=now).routed == PQLS
