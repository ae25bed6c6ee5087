"""Two tenants with the same ids, names and messages. Neither may see or change anything of the other."""

import pytest

from ingestion import queries
from ingestion.models import Account, Person
from ingestion.operations import backfill_actions, create_exclusion, fold_inbox, take_touched
from ingestion.queries import people
from tenants.audit import SYSTEM
from tenants.context import NoTenant, tenant_context
from tests.factories.ingestion import RECEIVED, START, alias, fold, group, identify, make_action, send, track
from tests.ingestion.state import snapshot

ITEMS = [
    track(None, "visit", anon="x", id="m1"),
    identify("u1", anon="x", id="m2", traits={"name": "Ann", "email": "ann@corp.test"}),
    group("u1", "a1", id="m3", traits={"name": "Initech"}),
    track("u1", "login", account="a1", id="m4"),
    alias("u1", "y", id="m5"),
]


def state_of(tenant):
    with tenant_context(tenant.pk):
        return snapshot()


@pytest.fixture
def two(acme, globex):
    for tenant in (acme, globex):
        with tenant_context(tenant.pk):
            make_action("login")
        send(tenant, ITEMS)
    return acme, globex


def test_folding_one_tenant_leaves_the_other_alone(two):
    acme, globex = two
    before = state_of(globex)

    assert fold(acme).events == 5
    assert state_of(globex) == before
    assert fold(globex).events == 5  # the same message ids are its own


def test_the_same_messages_make_the_same_history_in_each(two):
    states = []
    for tenant in two:
        fold(tenant)
        state = state_of(tenant)
        state["activity"] = [row[:1] + row[2:] for row in state["activity"]]  # each has its own action
        states.append(state)

    assert states[0] == states[1]


def test_work_on_one_tenant_changes_nothing_in_the_other(two):
    acme, globex = two
    fold(acme)
    fold(globex)
    before = state_of(globex)

    with tenant_context(acme.pk):
        create_exclusion(kind="email_domain", value="corp.test", note="", by=SYSTEM, now=START)
        make_action("visit")
        backfill_actions(now=RECEIVED)
        take_touched(limit=99)

    assert state_of(globex) == before
    with tenant_context(globex.pk):
        assert take_touched(limit=99)


def test_reads_find_nothing_of_the_other(two):
    acme, globex = two
    fold(acme)
    with tenant_context(acme.pk):
        person, account = Person.objects.get(is_identified=True).pk, Account.objects.get().pk
    with tenant_context(globex.pk):
        assert queries.subject_labels(1, [person]) == queries.subject_labels(2, [account]) == {}
        assert people.members_of(account) == []
        assert people.accounts_of([person]) == {}
        assert queries.subject_events(1, person, before=RECEIVED, limit=9) == []
        assert queries.event_names() == []


def test_without_a_tenant_nothing_is_folded(two):
    with pytest.raises(NoTenant):
        fold_inbox(now=RECEIVED)
