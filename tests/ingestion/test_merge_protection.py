"""Strangers do not become one person over an id that is everybody's."""

from collections import defaultdict
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.models import (
    Account,
    Event,
    Identity,
    IdentityLimits,
    IdentityLink,
    IdentityRule,
    QuarantinedEvent,
    Touched,
)
from ingestion.operations import (
    change_identity_limits,
    create_identity_rule,
    delete_identity_rule,
    redraw_identities,
    undo_identity_link,
)
from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tenants.models import AuditEvent, Work
from tests.factories.ingestion import (
    START,
    alias,
    fold,
    group,
    identify,
    make_source,
    send,
    send_and_fold,
    track,
)
from tests.ingestion.state import groups, snapshot
from tests.ingestion.test_order_of_arrival import deliveries, messages

HOUR = timedelta(hours=1)
Held = IdentityLink.Held


def limit(now, *, users: int = 10, devices: int = 50) -> None:
    change_identity_limits(users_per_device=users, devices_per_day=devices, by=SYSTEM, now=now)
    while redraw_identities(now=now):
        pass


def block(value: str, now, *, kind: str = "person_id", verdict: str = "blocked") -> IdentityRule:
    return create_identity_rule(kind=kind, value=value, verdict=verdict, note="", by=SYSTEM, now=now)


def held() -> dict[tuple[str, str], int]:
    rows = IdentityLink.objects.values_list("identity__value", "user_identity__value", "held")
    return {(one, other): why for one, other, why in rows}


def sign_ins(device: str, users: int) -> list[dict]:
    return [identify(f"u{n}", anon=device, ts=START + n * HOUR) for n in range(users)]


@pytest.mark.parametrize("order", [1, -1])
def test_a_device_of_too_many_users_belongs_to_none_of_them(in_acme, now, order):
    limit(now, users=2)
    for item in sign_ins("kiosk", 3)[::order]:
        send_and_fold(in_acme, [item])

    assert groups() == {frozenset({each}) for each in ("kiosk", "u0", "u1", "u2")}
    assert set(held().values()) == {Held.SHARED}


def test_up_to_the_limit_a_device_stays_with_its_first_user(in_acme, now):
    limit(now, users=2)
    send_and_fold(in_acme, sign_ins("kiosk", 2))

    assert groups() == {frozenset({"kiosk", "u0"}), frozenset({"u1"})}
    assert set(held().values()) == {Held.NO}


def test_the_first_user_loses_the_devices_history_when_it_turns_out_to_be_shared(in_acme, now):
    limit(now, users=2)
    send_and_fold(in_acme, [track(None, "visit", anon="kiosk"), *sign_ins("kiosk", 2)])
    Touched.objects.all().delete()
    send_and_fold(in_acme, [identify("u9", anon="kiosk", ts=START + 9 * HOUR)])

    assert frozenset({"kiosk"}) in groups()
    both = Identity.objects.filter(value__in=["kiosk", "u0"]).values_list("person_id", flat=True)
    assert set(both) <= set(Touched.objects.values_list("subject_id", flat=True))


def test_a_user_with_too_many_devices_in_a_day_keeps_the_first_ones(in_acme, now):
    limit(now, devices=2)
    machine = [identify("cron", anon=f"d{n}", ts=START + n * HOUR) for n in range(4)]
    send_and_fold(in_acme, [*machine, identify("cron", anon="home", ts=START + 30 * HOUR)])

    assert frozenset({"cron", "d0", "d1", "home"}) in groups()
    assert {one for (one, _user), why in held().items() if why == Held.CROWD} == {"d2", "d3"}


def test_evidence_that_turns_out_earlier_makes_room_on_the_day_it_leaves(in_acme, now):
    limit(now, devices=1)
    send_and_fold(in_acme, [identify("u", anon="a"), identify("u", anon="b", ts=START + HOUR)])
    assert held()["b", "u"] == Held.CROWD

    send_and_fold(in_acme, [identify("u", anon="a", ts=START - 48 * HOUR)])

    assert set(held().values()) == {Held.NO}
    assert groups() == {frozenset({"u", "a", "b"})}


@pytest.mark.parametrize("rule_first", [True, False])
def test_a_blocked_id_joins_nobody_whenever_the_rule_came(in_acme, now, rule_first):
    sent = [
        identify("ann", anon="test-device"),
        identify("bob", anon="phone"),
        alias("test-device", "tablet"),
    ]
    if rule_first:
        block("test-device", now)
    send_and_fold(in_acme, sent)
    if not rule_first:
        assert frozenset({"ann", "test-device", "tablet"}) in groups()
        block("test-device", now)

    assert groups() == {
        frozenset({"ann"}),
        frozenset({"test-device"}),
        frozenset({"tablet"}),
        frozenset({"bob", "phone"}),
    }
    assert Event.objects.count() == 3


def test_deleting_the_rule_joins_again_what_the_evidence_says(in_acme, now):
    send_and_fold(in_acme, [identify("ann", anon="laptop")])
    rule = block("laptop", now)
    assert groups() == {frozenset({"ann"}), frozenset({"laptop"})}

    for _twice in range(2):
        delete_identity_rule(rule=rule, by=SYSTEM, now=now)

    assert groups() == {frozenset({"ann", "laptop"})}
    assert AuditEvent.objects.filter(verb__startswith="identity_rule.").count() == 2


def test_a_trusted_id_is_held_by_no_limit(in_acme, now):
    limit(now, users=1, devices=1)
    send_and_fold(in_acme, [*sign_ins("kiosk", 2), *(identify("cron", anon=f"d{n}") for n in range(3))])
    block("kiosk", now, verdict="trusted")
    block("cron", now, verdict="trusted")

    assert {frozenset({"kiosk", "u0"}), frozenset({"cron", "d0", "d1", "d2"})} <= groups()


def test_what_was_taken_back_still_tells_that_a_device_is_shared(in_acme, now):
    limit(now, users=2)
    send_and_fold(in_acme, sign_ins("kiosk", 2))
    undo_identity_link(link=IdentityLink.objects.get(user_identity__value="u0"), by=SYSTEM, now=now)
    send_and_fold(in_acme, [identify("u9", anon="kiosk", ts=START + 9 * HOUR)])

    assert frozenset({"kiosk"}) in groups()


def test_other_limits_judge_history_in_slices(in_acme, now, monkeypatch):
    monkeypatch.setattr("ingestion.operations.protection.SLICE", 2)
    send_and_fold(in_acme, [item for n in range(5) for item in sign_ins(f"kiosk{n}", 3)])

    change_identity_limits(users_per_device=2, devices_per_day=50, by=SYSTEM, now=now)
    assert Work.objects.filter(kind="redraw", next_at__lte=now).exists()
    assert [redraw_identities(now=now) for _slice in range(3)] == [True, True, False]

    assert sum(len(each) > 1 for each in groups()) == 0
    assert IdentityLimits.objects.get().share == 1


def test_a_rule_about_an_id_with_many_links_is_left_to_the_slices(in_acme, now, monkeypatch):
    monkeypatch.setattr("ingestion.operations.protection.SLICE", 2)
    send_and_fold(in_acme, [identify("guest-user", anon=f"d{n}") for n in range(4)])
    block("guest-user", now)
    while redraw_identities(now=now):
        pass

    assert frozenset({"guest-user"}) in groups()


def test_a_blocked_group_id_is_no_account_for_events_from_now_on(in_acme, now):
    block("demo", now, kind="group_id")
    send_and_fold(
        in_acme,
        [
            track("ann", "login", account="demo"),
            group("ann", "demo"),
            track("ann", "x", account="acme", ts=START + HOUR),
        ],
    )

    assert set(Account.objects.values_list("key", flat=True)) == {"acme"}
    assert Event.objects.get(name="login").account_id is None
    assert Event.objects.get(name="login").context["pqlhub"]["notes"] == ["stands_for_nobody:groupId"]
    assert "list under Identity" in QuarantinedEvent.objects.get(code="blocked_id").detail


@pytest.mark.parametrize(
    ("value", "words"), [("", "blank"), ("NULL", "built in"), ("x" * 513, "512"), ("twice", "already")]
)
def test_a_rule_that_cannot_be_says_why(in_acme, now, value, words):
    block("twice", now)
    with pytest.raises(ValidationError, match=words):
        block(value, now)


def test_rules_and_limits_are_a_tenants_own(in_acme, globex, now):
    limit(now, users=1)
    block("phone", now)
    with tenant_context(globex.pk):
        send_and_fold(globex, [identify("ann", anon="phone"), identify("bob", anon="phone", ts=START + HOUR)])
        assert groups() == {frozenset({"ann", "phone"}), frozenset({"bob"})}


def naive_held(users_per_device: int, devices_per_day: int, blocked: set[str]) -> dict[tuple[str, str], int]:
    """The same judgement, link by link, from all of them."""
    links = list(IdentityLink.objects.select_related("identity", "user_identity"))
    users, days = defaultdict(set), defaultdict(list)
    for link in links:
        if not link.is_alias:
            users[link.identity.value].add(link.user_identity.value)
            days[link.user_identity.value, link.ts.date()].append((link.ts, link.message_id))
    found = {}
    for link in links:
        one, other = link.identity.value, link.user_identity.value
        earlier = sum(stamp < (link.ts, link.message_id) for stamp in days[other, link.ts.date()])
        if {one, other} & blocked:
            found[one, other] = Held.BLOCKED
        elif not link.is_alias and len(users[one]) > users_per_device:
            found[one, other] = Held.SHARED
        elif not link.is_alias and earlier >= devices_per_day:
            found[one, other] = Held.CROWD
        else:
            found[one, other] = Held.NO
    return found


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_protected_history_is_the_same_in_any_order_also_of_the_rules(in_acme, now, data):
    """One pass knows limits and rules before anything comes, the other learns of them on the way."""
    make_source(in_acme)
    items = data.draw(messages())
    users, devices = data.draw(st.integers(1, 2)), data.draw(st.integers(1, 2))
    blocked = data.draw(st.sets(st.sampled_from(["x", "u1", "u2"]), max_size=1))

    def state_after(requests, rules_come_after):
        with transaction.atomic():
            for step, (sent, folds_at_once) in enumerate([*requests, ([], True)]):
                if step == rules_come_after:
                    limit(now, users=users, devices=devices)
                    [block(value, now) for value in blocked]
                if sent:
                    send(in_acme, sent)
                if folds_at_once:
                    fold(in_acme)
            state, judged = snapshot(), held()
            assert judged == naive_held(users, devices, blocked)
            transaction.set_rollback(True)
        return state

    expected = state_after([(items, True)], 0)
    requests = data.draw(deliveries(items))
    assert state_after(requests, data.draw(st.integers(0, len(requests)))) == expected
