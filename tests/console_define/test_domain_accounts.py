"""Switching accounts by e-mail domain by clicks."""

import pytest
from django.urls import reverse

from ingestion.models import Event
from ingestion.operations import sweep_domain_accounts
from tenants.models import Role, Tenant
from tests.conftest import member
from tests.factories.ingestion import RECEIVED, identify, send_and_fold, track

PAGE = "/ingestion/identityrule/"


@pytest.fixture
def client(as_user, acme, now):
    return as_user(member(acme, "eli@acme.test", Role.PRODUCT_ENGINEER, "Corporate", now))


def press(client, on=""):
    return client.post(reverse("admin:ingestion_identityrule_domains"), {"on": on}, follow=True)


def is_on(tenant):
    return Tenant.objects.get(pk=tenant.pk).accounts_from_email


def test_it_is_switched_on_with_progress_and_off_again(client, acme, in_acme):
    send_and_fold(acme, [identify("ann", traits={"email": "ann@acme.com"})])

    page = press(client, "1").content.decode()
    assert "Users get the account of their e-mail&#x27;s domain." in page
    assert "Going through who is here" in page
    assert is_on(acme)

    sweep_domain_accounts(now=RECEIVED)
    page = client.get(PAGE).content.decode()
    assert "1 account has users by their e-mail." in page
    assert "Going through" not in page

    press(client)
    assert not is_on(acme)


def test_the_debugger_says_how_an_event_got_its_account(client, acme, in_acme):
    press(client, "1")
    send_and_fold(acme, [identify("ann", traits={"email": "ann@acme.com"}), track("ann", "Opened")])

    address = reverse("admin:ingestion_event_show", args=[Event.objects.get(name="Opened").pk])

    assert "by e-mail domain" in client.get(address).content.decode()


def test_who_may_only_look_switches_nothing(as_user, acme, in_acme, now):
    analyst = as_user(member(acme, "ana@acme.test", Role.ANALYST, "Corporate", now))

    assert "Switch it on" not in analyst.get(PAGE).content.decode()
    assert press(analyst, "1").status_code == 403
    assert not is_on(acme)


def test_the_other_company_stays_as_it_is(client, acme, in_acme, globex):
    press(client, "1")

    assert (is_on(acme), is_on(globex)) == (True, False)
