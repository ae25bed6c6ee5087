"""An event counts for the account it happened in, also of a person who is in several."""

from datetime import timedelta

import pytest

from ingestion.models import Account, AccountMembership, Activity, Event
from tenants.context import tenant_context
from tests.factories.ingestion import START, group, identify, make_action, send_and_fold, track

HOUR = timedelta(hours=1)


def accounts_of(name: str) -> list[str | None]:
    """The account of each event of this name, the first to happen first."""
    keys = dict(Account.objects.values_list("pk", "key"))
    rows = Event.objects.filter(name=name).order_by("ts").values_list("account_id", flat=True)
    return [keys.get(row) for row in rows]


@pytest.mark.parametrize("order", [1, -1])
def test_two_accounts_in_turn_each_get_their_own(in_acme, order):
    sent = [track("ann", "Saved", account=("one", "two")[n % 2], ts=START + n * HOUR) for n in range(4)]
    make_action("Saved")
    for item in sent[::order]:
        send_and_fold(in_acme, [item])

    assert accounts_of("Saved") == ["one", "two", "one", "two"]
    counted = Activity.objects.values_list("account_id", flat=True)
    assert sorted(counted) == sorted(Event.objects.values_list("account_id", flat=True))


def test_in_one_account_an_event_that_names_none_is_there(in_acme):
    send_and_fold(in_acme, [group("ann", "one"), track("ann", "Saved", ts=START + HOUR)])

    assert accounts_of("Saved") == ["one"]


def test_in_two_accounts_an_event_that_names_none_is_in_neither(in_acme):
    joined = [group("ann", "one"), group("ann", "two", ts=START + HOUR)]
    send_and_fold(in_acme, [*joined, track("ann", "Saved", ts=START + 2 * HOUR)])

    assert accounts_of("Saved") == [None]


def test_between_two_joinings_it_is_in_the_only_account_of_that_time(in_acme):
    joined = [group("ann", "one"), group("ann", "two", ts=START + 2 * HOUR)]
    send_and_fold(in_acme, [*joined, track("ann", "Saved", ts=START + HOUR)])

    assert accounts_of("Saved") == ["one"]


def test_a_group_call_later_changes_no_event_that_is_stored(in_acme):
    send_and_fold(in_acme, [track("ann", "Saved", ts=START + HOUR)])
    send_and_fold(in_acme, [group("ann", "one")])

    assert accounts_of("Saved") == [None]


def test_an_event_before_joining_is_in_no_account(in_acme):
    send_and_fold(in_acme, [group("ann", "one", ts=START + HOUR), track("ann", "Saved")])

    assert accounts_of("Saved") == [None]


def test_the_account_an_event_names_wins_over_the_membership_and_makes_one(in_acme):
    named = track("ann", "Saved", context={"groupId": "two"}, ts=START + HOUR)
    send_and_fold(in_acme, [group("ann", "one"), named])

    assert accounts_of("Saved") == ["two"]
    assert AccountMembership.objects.get(account__key="two").valid_from == START + HOUR


def test_what_an_anonymous_visitor_did_in_an_account_stays_there_when_known(in_acme):
    send_and_fold(in_acme, [track(None, "Saved", anon="x", account="one")])
    send_and_fold(in_acme, [identify("ann", anon="x", ts=START + HOUR), group("ann", "two", ts=START + HOUR)])

    assert accounts_of("Saved") == ["one"]


def test_the_same_group_id_of_another_tenant_is_another_account(in_acme, globex):
    send_and_fold(in_acme, [group("ann", "one")])
    with tenant_context(globex.pk):
        send_and_fold(globex, [track("ann", "Saved")])
        assert accounts_of("Saved") == [None]
