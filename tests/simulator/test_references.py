"""Everything a message refers to exists, and the messages agree with the truth."""

from collections import defaultdict
from datetime import datetime


def tracks(messages, event):
    return [m for m in messages if m.get("event") == event]


def test_messages_have_the_segment_shape(messages):
    for message in messages:
        assert message.get("userId") or message.get("anonymousId")
        assert len(message["messageId"]) < 64
        assert {"identify": "traits", "group": "groupId", "track": "event", "page": "name"}[
            message["type"]
        ] in message
        assert message["context"]["library"]["name"] in ("analytics.js", "analytics-python")


def test_every_user_is_identified_and_every_account_grouped(messages):
    users = {m["userId"] for m in messages if "userId" in m}
    groups = {m["context"]["groupId"] for m in messages if "groupId" in m["context"]}
    assert users == {m["userId"] for m in messages if m["type"] == "identify"}
    assert groups == {m["groupId"] for m in messages if m["type"] == "group"}


def test_truth_knows_who_is_in_which_account(messages, history):
    joined = {(a.account_id, user) for a in history.truth.accounts.values() for user in a.joined_user_ids}
    seen = {(m["context"]["groupId"], m["userId"]) for m in tracks(messages, "Signed In")}
    outsiders = history.truth.internal_user_ids | history.truth.bot_user_ids
    assert {(account, user) for account, user in seen if user not in outsiders} <= joined


def test_emails_and_company_domains_are_not_shared(messages):
    emails, domains = defaultdict(set), defaultdict(set)
    for message in messages:
        if message["type"] == "identify":
            emails[message["traits"]["email"]].add(message["userId"])
        elif (
            message["traits"].get("website", "").endswith(".example") if message["type"] == "group" else False
        ):
            domains[message["traits"]["website"]].add(message["groupId"])
    assert max(map(len, emails.values())) == 1
    assert max(map(len, domains.values())) == 1


def test_anonymous_page_views_are_linked_by_a_later_identify(messages):
    views, links = {}, {}
    for message in messages:
        when = datetime.fromisoformat(message["timestamp"])
        if message["type"] == "page" and "userId" not in message:
            views.setdefault(message["anonymousId"], when)
        elif message["type"] == "identify" and "anonymousId" in message:
            links.setdefault(message["anonymousId"], when)
    linked = [visitor for visitor, when in views.items() if visitor in links and when < links[visitor]]
    assert len(linked) > 100
    assert len(views.keys() - links.keys()) > 300, "most visitors stay strangers"


def test_subscriptions_in_messages_are_those_of_the_truth(messages, history):
    sent = {
        m["context"]["groupId"]: (datetime.fromisoformat(m["timestamp"]), m["properties"]["revenue"])
        for m in tracks(messages, "Subscription Started")
    }
    known = {
        a.account_id: (a.converted_at, a.revenue) for a in history.truth.accounts.values() if a.converted_at
    }
    assert sent == known
    assert len(known) > 8


def test_money_is_in_integer_minor_units_with_a_currency(messages):
    paid = [m["properties"] for m in messages if "revenue" in m.get("properties", {})]
    assert all(isinstance(p["revenue"], int) and p["revenue"] >= 900 for p in paid)
    assert {p["currency"] for p in paid} <= {"EUR", "USD", "GBP"}


def test_last_plan_trait_is_the_plan_at_the_end(messages, history):
    plans = {}
    for message in sorted(messages, key=lambda m: m["timestamp"]):
        if message["type"] == "group" and "plan" in message["traits"]:
            plans[message["groupId"]] = message["traits"]["plan"]
    assert all(plans[a.account_id] == a.plan_at_end for a in history.truth.accounts.values())
    assert set(plans.values()) == {"trial", "free", "team", "business", "cancelled"}


def test_expansions_and_cancellations_in_messages_are_those_of_the_truth(messages, history):
    accounts = history.truth.accounts.values()
    names = ("Seats Added", "Plan Upgraded", "Add-on Started")
    sent = sum(
        m["messageId"] not in history.truth.duplicate_message_ids for n in names for m in tracks(messages, n)
    )
    repeated = {
        m["messageId"] for n in names for m in tracks(messages, n)
    } & history.truth.duplicate_message_ids
    assert sent + len(repeated) == sum(len(a.expansions) for a in accounts)
    cancelled = {m["context"]["groupId"] for m in tracks(messages, "Subscription Cancelled")}
    assert cancelled == {a.account_id for a in accounts if a.cancelled_at}


def test_trial_ends_only_for_those_who_did_not_buy_before(messages, history):
    ended = {
        m["context"]["groupId"]: datetime.fromisoformat(m["timestamp"])
        for m in tracks(messages, "Trial Ended")
    }
    bought = {a.account_id: a.converted_at for a in history.truth.accounts.values() if a.converted_at}
    assert ended
    assert not [account for account, when in ended.items() if account in bought and bought[account] < when]


def test_seats_grow_by_what_was_added(messages):
    once = {m["messageId"]: m for m in messages}.values()
    seats = {}
    for message in sorted(once, key=lambda m: m["timestamp"]):
        account, traits = message["context"].get("groupId"), message.get("traits", {})
        if message.get("event") == "Seats Added":
            assert message["properties"]["seats"] == seats[account] + message["properties"]["added"]
        elif message["type"] == "group" and "seats" in traits:
            seats[account] = traits["seats"]
    assert tracks(once, "Seats Added")
