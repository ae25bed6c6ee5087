"""History is a function of what happened and when, not of how it came in."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.operations import create_exclusion
from tenants.audit import SYSTEM
from tests.factories.ingestion import (
    START,
    alias,
    fold,
    group,
    identify,
    make_action,
    make_source,
    send,
    track,
)
from tests.ingestion.state import snapshot

USERS, STRANGERS = ["u1", "u2", "u3"], ["x", "y", "z", "u1"]
NAMES, VALUES = ["plan", "name", "email"], ["pro", "free", "ann@corp.test", "bob@home.test", None, 3]
moments = st.integers(0, 5).map(lambda hours: START + timedelta(hours=hours))
traits = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(VALUES), max_size=2)
accounts = st.sampled_from(["a1", "a2"])
users, strangers = st.sampled_from(USERS), st.sampled_from(STRANGERS)
maybe_stranger = st.none() | strangers


@st.composite
def messages(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Calls of few people on few devices. Each names its account: without, it is decided at arrival, as it must be."""
    kinds = st.sampled_from(["track", "stranger", "identify", "group", "alias"])
    items = []
    for n, kind in enumerate(draw(st.lists(kinds, min_size=1, max_size=12))):
        common = {"id": f"m{n}", "ts": draw(moments)}
        if kind == "track":
            event = draw(st.sampled_from(["login", "other"]))
            context = {"groupId": draw(accounts)}
            items.append(track(draw(users), event, anon=draw(maybe_stranger), context=context, **common))
        elif kind == "stranger":
            items.append(track(None, "login", anon=draw(strangers), **common))
        elif kind == "alias":
            items.append(alias(draw(users | strangers), draw(users | strangers), **common))
        elif kind == "group":
            items.append(group(draw(users), draw(accounts), traits=draw(traits), **common))
        else:
            user, stranger = draw(st.tuples(users, maybe_stranger) | st.tuples(st.none(), strangers))
            context = {"groupId": draw(accounts)} if user else {}
            items.append(identify(user, anon=stranger, traits=draw(traits), context=context, **common))
    return items


@st.composite
def deliveries(draw: st.DrawFn, items: list[dict[str, Any]]) -> list[tuple[list[dict[str, Any]], bool]]:
    """The items in another order, some twice, cut into requests, some of which are folded together."""
    again = draw(st.lists(st.sampled_from(items), max_size=4))
    shuffled = draw(st.permutations(items + again))
    requests, start = [], 0
    while start < len(shuffled):
        size = draw(st.integers(1, 6))
        requests.append((shuffled[start : start + size], draw(st.booleans())))
        start += size
    return requests


@pytest.fixture
def company(in_acme, now):
    """A source, an action, and a domain that does not count."""
    make_source(in_acme)
    make_action("login")
    create_exclusion(kind="email_domain", value="corp.test", note="", by=SYSTEM, now=now)


def state_after(tenant: Any, requests: list[tuple[list[dict[str, Any]], bool]]) -> dict[str, Any]:
    with transaction.atomic():
        for items, folds_at_once in requests:
            send(tenant, items)
            if folds_at_once:
                fold(tenant)
        fold(tenant)
        state = snapshot()
        transaction.set_rollback(True)
    return state


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_history_is_the_same_in_any_order_cut_and_repetition(in_acme, company, data):
    items = data.draw(messages())

    expected = state_after(in_acme, [(items, True)])
    found = state_after(in_acme, data.draw(deliveries(items)))

    assert found == expected
