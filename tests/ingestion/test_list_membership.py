"""Which lists hold somebody now: by domain, user id or account id, in reach of the unit, until the row expires."""

from datetime import timedelta

import pytest

from ingestion.operations import archive_list, remove_rows
from ingestion.queries.list_membership import lists_holding
from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tests.factories.routing import make_account, make_person
from tests.ingestion.test_lists import make_list, upload


def held(person=None, account=None, *, unit, now) -> set[str]:
    return set(lists_holding(person, account, unit=unit, now=now))


def test_a_domain_is_that_of_the_email_of_a_trait_or_of_an_account_id(in_acme, boards, now):
    upload(make_list(), "target.test")
    by_email = make_person(now=now, email="ann@mail.target.test")
    by_website = make_account(now=now, traits={"website": "https://www.target.test/about"})
    by_key = make_account(now=now, key="target.test")
    stranger = make_person(now=now, email="ann@nottarget.test")

    assert held(by_email, unit=boards, now=now) == {"Targets"}
    assert held(account=by_website, unit=boards, now=now) == {"Targets"}
    assert held(account=by_key, unit=boards, now=now) == {"Targets"}
    assert held(stranger, by_key, unit=boards, now=now) == {"Targets"}
    assert held(stranger, unit=boards, now=now) == set()


def test_lists_of_ids_hold_the_products_own_ids(in_acme, boards, now):
    upload(make_list("user_id", "Champions"), "ann@customer.test")
    upload(make_list("account_key", "Key accounts"), "acc-1")
    person, account = make_person("Ann", now=now), make_account(now=now, key="acc-1")

    assert held(person, account, unit=boards, now=now) == {"Champions", "Key accounts"}


def test_free_mail_is_known_without_a_list(in_acme, boards, now):
    person = make_person(now=now, email="ann@gmail.com")
    assert held(person, unit=boards, now=now) == {"Free mail"}


def test_a_row_holds_through_its_last_day_in_the_tenants_zone(in_acme, boards, now):
    upload(make_list(), f"value,expires_on\ntarget.test,{now.date():%Y-%m-%d}")
    account = make_account(now=now, key="target.test")

    assert held(account=account, unit=boards, now=now) == {"Targets"}
    assert held(account=account, unit=boards, now=now + timedelta(days=2)) == set()


@pytest.mark.parametrize("what", ["removed", "archived", "of a sister unit", "of another tenant"])
def test_what_is_not_in_reach_holds_nobody(what, in_acme, globex, boards, insights, now):
    if what == "of another tenant":
        with tenant_context(globex.pk):
            upload(make_list(), "target.test")
    else:
        of = make_list(unit=insights if what == "of a sister unit" else None)
        upload(of, "target.test")
        if what == "removed":
            remove_rows(list=of, values=["target.test"], by=SYSTEM, now=now)
        if what == "archived":
            archive_list(list=of, by=SYSTEM, now=now)

    assert held(account=make_account(now=now, key="target.test"), unit=boards, now=now) == set()
