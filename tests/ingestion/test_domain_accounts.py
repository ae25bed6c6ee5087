"""Accounts by e-mail domain: whoever comes first, the same in the end, and as if never when switched off."""

import itertools

import pytest

from ingestion.models import (
    Account,
    AccountMembership,
    Activity,
    DomainSweep,
    Erasure,
    Identity,
    IdentityLink,
    TraitValue,
)
from ingestion.operations import (
    backfill_actions,
    create_exclusion,
    sweep_domain_accounts,
    switch_accounts_from_email,
    take_touched,
    undo_identity_link,
)
from ingestion.operations.suppression import suppress
from ingestion.rules.domains import company_domain
from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tenants.models import AuditEvent, Tenant
from tests.factories.any_row import make_row
from tests.factories.ingestion import (
    RECEIVED,
    START,
    group,
    identify,
    make_action,
    send_and_fold,
    track,
)

ANN = {"email": "ann@Acme.com"}


def switch(is_on=True):
    switch_accounts_from_email(is_on=is_on, by=SYSTEM, now=RECEIVED)
    while sweep_domain_accounts(now=RECEIVED):
        pass


def counted():
    """How many rows of activity each account has, by its key."""
    keys = dict(Account.objects.values_list("pk", "key"))
    rows = Activity.objects.values_list("account_id", flat=True)
    return sorted(keys.get(account, "") for account in rows)


def members():
    rows = AccountMembership.objects.order_by("account__key")
    return [(row.identity.value, row.account.key, row.is_derived) for row in rows]


@pytest.fixture
def opened(in_acme):
    make_action("Opened")
    return in_acme


@pytest.mark.parametrize(
    ("email", "domain"),
    [
        ("ann@acme.com", "acme.com"),
        ("Ann@Mail.ACME.com", "mail.acme.com"),
        ("ann@bücher.de", "xn--bcher-kva.de"),
        ("ann@gmail.com", None),
        ("ann@mailinator.com", None),
        ("ann@localhost", None),
        ("acme.com", None),
        ("", None),
        ("ann@10.0.0.1", None),
    ],
)
def test_what_a_domain_says(email, domain):
    assert company_domain(email) == domain


def test_off_by_default(opened):
    send_and_fold(opened, [identify("ann", traits=ANN), track("ann", "Opened")])

    assert (members(), counted()) == ([], [""])


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_users_share_the_account_of_their_domain_in_any_order(opened, order):
    messages = [
        identify("ann", traits=ANN),
        track("ann", "Opened"),
        identify("bob", traits={"email": "bob@acme.com"}),
        track("bob", "Opened"),
    ]
    switch()
    for place in order:
        send_and_fold(opened, [messages[place]])

    assert counted() == ["acme.com", "acme.com"]
    assert sorted(members()) == [("ann", "acme.com", True), ("bob", "acme.com", True)]
    assert Account.objects.get().traits == {"domain": "acme.com"}


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_products_word_alone_holds(opened, order):
    messages = [
        identify("ann", traits=ANN, ts=START),
        track("ann", "Opened", ts=START),
        group("ann", "ws-1", ts=START.replace(day=2)),
    ]
    switch()
    for place in order:
        send_and_fold(opened, [messages[place]])

    assert members() == [("ann", "ws-1", False)]
    assert counted() == [""]


def test_the_product_may_name_the_same_account(opened):
    switch()
    send_and_fold(opened, [identify("ann", traits=ANN), track("ann", "Opened")])
    send_and_fold(opened, [group("ann", "acme.com", ts=START.replace(day=2))])
    send_and_fold(opened, [track("ann", "Opened", ts=START.replace(day=3))])

    assert members() == [("ann", "acme.com", False)]
    assert counted() == ["", "acme.com"]


def test_switching_takes_all_of_history_there_and_back(opened):
    send_and_fold(opened, [identify("ann", traits=ANN), track("ann", "Opened"), track("zoe", "Opened")])

    switch()
    assert counted() == ["", "acme.com"]

    switch(is_on=False)
    assert (counted(), members()) == (["", ""], [])
    assert Activity.objects.filter(is_derived=True).count() == 0


def test_named_accounts_are_left_alone(opened):
    send_and_fold(opened, [identify("ann", traits=ANN), track("ann", "Opened", account="ws-1")])

    switch()
    switch(is_on=False)

    assert (counted(), members()) == (["ws-1"], [("ann", "ws-1", False)])


def test_an_account_that_has_the_domain_is_taken(opened):
    send_and_fold(opened, [group("boss", "ws-9", traits={"domain": "acme.com"})])
    switch()

    send_and_fold(opened, [identify("ann", traits=ANN), track("ann", "Opened")])

    assert counted() == ["ws-9"]


def test_where_several_have_the_domain_nobody_knows(opened):
    send_and_fold(opened, [group("boss", key, traits={"domain": "acme.com"}) for key in ("ws-1", "ws-2")])
    switch()

    send_and_fold(opened, [identify("ann", traits=ANN), track("ann", "Opened")])

    assert counted() == [""]


def test_another_address_is_another_account(opened):
    switch()
    send_and_fold(opened, [identify("ann", traits=ANN), track("ann", "Opened")])

    send_and_fold(opened, [identify("ann", traits={"email": "ann@globex.com"}, ts=START.replace(day=2))])

    assert (counted(), members()) == (["globex.com"], [("ann", "globex.com", True)])


def test_both_accounts_and_the_person_are_scored_again(opened):
    switch()
    send_and_fold(opened, [identify("ann", traits=ANN), track("ann", "Opened")])
    take_touched(limit=100)

    send_and_fold(opened, [identify("ann", traits={"email": "ann@globex.com"}, ts=START.replace(day=2))])

    assert {kind for kind, _id in take_touched(limit=100)} == {1, 2}
    assert Account.objects.count() == 2


def test_an_action_made_later_counts_for_it(opened):
    switch()
    send_and_fold(opened, [identify("ann", traits=ANN), track("ann", "Closed")])
    make_action("Closed")
    while backfill_actions(now=RECEIVED):
        pass

    assert counted() == ["acme.com"]


def test_the_account_is_seen_as_long_as_its_users(opened):
    switch()
    later = START.replace(day=20)
    send_and_fold(opened, [identify("ann", traits=ANN)])
    send_and_fold(opened, [track("ann", "Opened", ts=later)])

    account = Account.objects.get()
    assert (account.first_seen_at, account.last_seen_at) == (START, later)
    assert TraitValue.objects.get(subject_kind=2).value == "acme.com"


def test_persons_follow_in_slices(opened, monkeypatch):
    monkeypatch.setattr("ingestion.operations.domain_accounts.SLICE", 2)
    people = [identify(f"u{n}", traits={"email": f"u{n}@acme.com"}) for n in range(5)]
    send_and_fold(opened, people)

    switch_accounts_from_email(is_on=True, by=SYSTEM, now=RECEIVED)
    slices = 1
    while sweep_domain_accounts(now=RECEIVED):
        slices += 1

    assert slices == 3
    assert len(members()) == 5
    assert not DomainSweep.objects.exists()


def test_saying_the_same_again_changes_nothing(opened):
    switch()
    switch_accounts_from_email(is_on=True, by=SYSTEM, now=RECEIVED)

    assert not DomainSweep.objects.exists()
    assert AuditEvent.objects.filter(verb="tenant.accounts_from_email_changed").count() == 1


def test_another_tenant_is_not_switched(opened, globex):
    switch()

    send_and_fold(globex, [identify("ann", traits=ANN)])

    with tenant_context(globex.pk):
        assert Identity.objects.exists()
        assert not Account.objects.exists()
    assert not Tenant.objects.get(pk=globex.pk).accounts_from_email


def test_an_erased_account_does_not_come_back(opened):
    switch()
    erasure = make_row(Erasure)
    suppress(erasure, [("account", "acme.com")])

    send_and_fold(opened, [identify("ann", traits=ANN), track("ann", "Opened")])

    assert (counted(), Account.objects.count()) == ([""], 0)


def test_staff_do_not_count_for_their_account(opened):
    create_exclusion(kind="email_domain", value="acme.com", note="", by=SYSTEM, now=RECEIVED)
    switch()

    send_and_fold(opened, [identify("ann", traits=ANN), track("ann", "Opened")])

    assert Activity.objects.get().exclusion != 0


def test_a_user_who_loses_the_address_with_an_undone_link_leaves(opened):
    switch()
    send_and_fold(opened, [identify(None, anon="dev", traits=ANN), track("ann", "Opened", anon="dev")])
    assert members() == [("ann", "acme.com", True)]

    undo_identity_link(link=IdentityLink.objects.get(), by=SYSTEM, now=RECEIVED)

    assert (members(), counted()) == ([], [""])
