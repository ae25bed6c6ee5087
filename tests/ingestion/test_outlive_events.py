"""What the product knows of persons, accounts and activity is the same when raw events are no longer kept."""

from datetime import datetime, timedelta
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.models import Activity, Event, ExclusionRule, Identity, IdentityLink, Outcome
from ingestion.operations import create_exclusion, delete_exclusion, undo_identity_link
from scoring.operations import score_due
from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tenants.models import Tenant
from tests.factories import ingestion
from tests.factories.ingestion import START, identify, make_action, make_source, send_and_fold, track
from tests.factories.scoring import make_live, make_motion, signal
from tests.ingestion.state import message_ids, snapshot
from tests.ingestion.test_exclusions import GOOGLEBOT
from tests.ingestion.test_order_of_arrival import company, messages

__all__ = ["company"]
HOUR = timedelta(hours=1)
RULES = [
    ("user_id", "u1"),
    ("email_domain", "home.test"),
    ("account_key", "a1"),
    ("person_trait", "plan = pro"),
]
steps = st.one_of(
    st.tuples(st.just("undo"), st.integers(0, 5)),
    st.tuples(st.just("exclude"), st.sampled_from(RULES)),
    st.tuples(st.just("count again"), st.none()),
    st.tuples(st.just("more"), messages()),
)


def take(tenant: Any, step: tuple[str, Any], now: datetime) -> None:
    kind, what = step
    if kind == "more":
        send_and_fold(tenant, [item | {"messageId": f"later-{item['messageId']}"} for item in what])
    elif kind == "undo":
        for link in IdentityLink.objects.order_by("ts", "message_id", "is_alias")[what : what + 1]:
            undo_identity_link(link=link, by=SYSTEM, now=now)
    elif kind == "exclude" and not ExclusionRule.objects.filter(kind=what[0], value=what[1]).exists():
        create_exclusion(kind=what[0], value=what[1], note="", by=SYSTEM, now=now)
    elif kind == "count again":
        for rule in ExclusionRule.objects.order_by("kind", "value")[:1]:
            delete_exclusion(rule=rule, by=SYSTEM, now=now)


def state_after(tenant: Any, items: Any, taken: Any, now: datetime, *, trims: bool) -> dict[str, Any]:
    with transaction.atomic():
        send_and_fold(tenant, items)
        known = message_ids()
        if trims:
            Event.objects.all().delete()
        for step in taken:
            take(tenant, step, now)
        state = snapshot(known)
        del state["events"]
        transaction.set_rollback(True)
    return state


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(items=messages(), taken=st.lists(steps, min_size=1, max_size=4))
def test_whatever_is_done_later_comes_out_the_same_without_the_events(in_acme, company, now, items, taken):
    kept = state_after(in_acme, items, taken, now, trims=False)

    assert state_after(in_acme, items, taken, now, trims=True) == kept


def test_an_identity_that_leaves_takes_its_own_first_and_last_seen_along(in_acme, now):
    visits = [track(None, "visit", anon="x", ts=START + hours * HOUR) for hours in (0, 5)]
    send_and_fold(in_acme, [*visits, identify("u1", anon="x", ts=START + 9 * HOUR)])
    Event.objects.all().delete()

    undo_identity_link(link=IdentityLink.objects.get(), by=SYSTEM, now=now)

    spans = {row.value: (row.person.first_seen_at, row.person.last_seen_at) for row in Identity.objects.all()}
    assert spans == {"x": (START, START + 5 * HOUR), "u1": (START + 9 * HOUR, START + 9 * HOUR)}


def test_a_bot_stays_a_bot_when_its_person_counts_again(in_acme):
    make_action("login")
    rule = create_exclusion(kind="user_id", value="u1", note="", by=SYSTEM, now=START)
    send_and_fold(in_acme, [track("u1", "login", context={"userAgent": GOOGLEBOT}), track("u1", "login")])
    Event.objects.all().delete()

    delete_exclusion(rule=rule, by=SYSTEM, now=START)

    assert sorted(Activity.objects.values_list("exclusion", "own_exclusion")) == [(0, 0), (1, 1)]


def test_a_goal_defined_later_still_knows_what_was_paid(in_acme):
    make_source(in_acme)
    buy = make_action("bought", number_property="revenue")
    paid = {"revenue": 49.9, "currency": "usd"}
    send_and_fold(in_acme, [track("ann", "bought", account="firm", properties=paid)])
    Event.objects.all().delete()

    make_live(signal(make_action("login")), motion=make_motion(goal_action=buy))
    score_due(now=ingestion.RECEIVED)

    assert list(Outcome.objects.values_list("amount_minor", "currency")) == [(4990, "USD")]


def fill_from_events() -> None:
    """What the migration does on a database of before."""
    migration = import_module("ingestion.migrations.0011_outlive_events").Migration
    migration.operations[-1].database_forwards(
        "ingestion", SimpleNamespace(connection=connection), None, None
    )


def test_what_was_stored_before_is_filled_in_for_every_tenant(acme, globex):
    for tenant in (acme, globex):
        with tenant_context(tenant.pk):
            make_action("bought", number_property="revenue")
            paid = {"revenue": 5, "currency": " eur"}
            send_and_fold(
                tenant,
                [
                    track("u1", "bought", context={"userAgent": GOOGLEBOT}),
                    track("u1", "bought", properties=paid),
                ],
            )
            Identity.objects.update(first_seen_at=None, last_seen_at=None)
            Activity.objects.update(own_exclusion=0, currency=None)

    fill_from_events()

    for tenant in (acme, globex):
        with tenant_context(tenant.pk):
            assert Identity.objects.get().first_seen_at == START
            assert set(Activity.objects.values_list("own_exclusion", "currency")) == {(1, None), (0, "EUR")}


def test_a_data_migration_stops_where_the_wall_hides_a_tenant(db, now):
    Tenant.objects.create(slug="hidden", name="Hidden", created_at=now)

    with pytest.raises(RuntimeError, match="hides tenant"):
        fill_from_events()
