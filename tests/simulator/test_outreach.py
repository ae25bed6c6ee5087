"""Potential outcomes: what the truth says about a contact is what happens when the contact is made."""

from datetime import timedelta

import pytest

from pqlhub.simulator import ConversionModel, simulate, to_json_line
from tests.simulator.conftest import END

EAGER = {"seed": 11, "end": END, "accounts": 100, "model": ConversionModel(base=0.005)}


@pytest.fixture(scope="module")
def untouched():
    return simulate(**EAGER)


@pytest.fixture(scope="module")
def contacts(untouched):
    """Everybody is contacted ten days after sign-up."""
    accounts = untouched.truth.accounts.values()
    return {a.account_id: a.signed_up_at + timedelta(days=10) for a in accounts if not a.existing_customer}


@pytest.fixture(scope="module")
def contacted(contacts):
    return simulate(**EAGER, contacts=contacts)


def test_outreach_promised_outcome_is_what_happens(untouched, contacted, contacts):
    promised = {one: untouched.truth.conversion_if_contacted(one, at) for one, at in contacts.items()}
    assert promised == {one: contacted.truth.accounts[one].converted_at for one in contacts}
    assert promised != {one: untouched.truth.accounts[one].converted_at for one in contacts}


def test_outreach_left_alone_is_the_history_itself(untouched):
    for account_id, account in untouched.truth.accounts.items():
        assert untouched.truth.conversion_if_contacted(account_id, None) == account.converted_at


def test_outreach_changes_only_the_persuadable_and_only_for_the_better(full_history):
    won, accounts = [], full_history.truth.accounts.values()
    for account in accounts:
        at = account.signed_up_at + timedelta(days=10)
        treated = full_history.truth.conversion_if_contacted(account.account_id, at)
        if treated != account.converted_at:
            won.append(account)
            assert account.persuadable
            assert at <= treated < at + timedelta(days=7)
            assert account.converted_at is None or treated < account.converted_at
    assert len(won) >= 5
    assert 0.33 < sum(a.persuadable for a in accounts) / len(accounts) < 0.47


def test_outreach_changes_nothing_before_the_contact(untouched, contacted, contacts):
    account_id = next(
        one for one in contacts
        if untouched.truth.accounts[one].converted_at != contacted.truth.accounts[one].converted_at
    )  # fmt: skip
    until = contacts[account_id].isoformat()

    def earlier(found):
        return {to_json_line(m) for m in found.messages()
                if m["context"].get("groupId") == account_id and m["timestamp"] < until}  # fmt: skip

    assert earlier(untouched) == earlier(contacted)
    assert earlier(untouched)


def test_outreach_question_to_a_history_with_contacts_is_refused(contacted, contacts):
    with pytest.raises(ValueError, match="without contacts"):
        contacted.truth.conversion_if_contacted(next(iter(contacts)), None)
