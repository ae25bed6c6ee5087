"""Bots, staff, shared devices and people with two accounts are there and labelled."""

from collections import defaultdict
from datetime import datetime
from itertools import pairwise

MACHINE = ("bot", "headless", "python-requests")


def test_bots_are_exactly_those_with_a_machine_user_agent(messages, history):
    truth, machines, humans = history.truth, set(), set()
    for message in messages:
        agent = message["context"].get("userAgent", "").lower()
        if agent:
            (machines if any(word in agent for word in MACHINE) else humans).add(message["anonymousId"])
    assert machines == truth.bot_anonymous_ids
    assert humans.isdisjoint(truth.bot_anonymous_ids)


def test_scripted_account_works_day_and_night_at_exact_intervals(messages, history):
    bot = min(history.truth.bot_user_ids)
    times = sorted({m["timestamp"] for m in messages if m.get("userId") == bot and m["type"] == "track"})[1:]
    gaps = [datetime.fromisoformat(b) - datetime.fromisoformat(a) for a, b in pairwise(times)]
    assert len(times) > 250
    assert {gap.total_seconds() for gap in gaps} == {600}


def test_bot_accounts_and_users_are_outside_the_true_population(messages, history):
    truth = history.truth
    places = {m["context"]["groupId"] for m in messages if m.get("userId") in truth.bot_user_ids}
    assert places == truth.bot_account_ids
    assert places.isdisjoint(truth.accounts)


def test_staff_are_exactly_those_with_the_company_domain(messages, history):
    domain = "@northwindboards.example"
    staff = {
        m["userId"] for m in messages if m["type"] == "identify" and m["traits"]["email"].endswith(domain)
    }
    assert staff == history.truth.internal_user_ids


def test_staff_also_step_into_customer_accounts(messages, history):
    truth = history.truth
    places = {m["context"]["groupId"] for m in messages if m.get("userId") in truth.internal_user_ids}
    assert truth.internal_account_id in places
    assert places & truth.accounts.keys()


def test_shared_devices_carry_several_users(messages, history):
    users = defaultdict(set)
    for message in messages:
        if "userId" in message and "anonymousId" in message:
            users[message["anonymousId"]].add(message["userId"])
    shared = {device: found for device, found in users.items() if len(found) > 1}
    assert shared
    assert shared == {device: set(found) for device, found in history.truth.shared_devices.items()}


def test_some_persons_work_in_two_accounts(messages, history):
    places = defaultdict(set)
    for message in messages:
        if message.get("userId") in history.truth.users_in_two_accounts:
            places[message["userId"]].add(message["context"]["groupId"])
    assert places
    assert all(places[user] == set(both) for user, both in history.truth.users_in_two_accounts.items())
