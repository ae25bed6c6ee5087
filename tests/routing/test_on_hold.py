"""Leads that no table had a place for, and how they get one later."""

import pytest
from django.urls import reverse

from delivery.models import Delivery
from routing.models import Lead, RoutingTable
from routing.operations import RuleLine, place_held
from tenants.audit import SYSTEM
from tests.factories.delivery import make_destination
from tests.factories.routing import condition, make_lead, make_pool, make_table

COLD = condition("band", "eq", "cold")


@pytest.fixture
def held(adoption, now):
    """Two leads of a unit without a table."""
    return [make_lead(adoption, now=now, band=band) for band in ("hot", "cold")]


def place(now):
    return place_held(table=RoutingTable.objects.get(), by=SYSTEM, now=now)


def test_leads_on_hold_go_where_the_new_table_says(held, boards, rita_rep, now):
    destination, _secret = make_destination(boards, now=now)
    pool = make_pool(boards, [rita_rep], now=now)
    make_table(boards, RuleLine("Cold", [COLD], "nurture"), now=now, otherwise=pool)

    assert place(now) == 2

    hot, cold = (Lead.objects.get(pk=lead.pk) for lead in held)
    assert (hot.state, hot.rep) == (Lead.State.NEW, rita_rep)
    assert (cold.state, cold.rule_name) == (Lead.State.NURTURE, "Cold")
    assert Delivery.objects.filter(destination=destination, subject_ref=str(hot.pk)).exists()


def test_leads_stay_on_hold_where_the_table_still_says_so(held, boards, now):
    make_table(boards, now=now)

    assert place(now) == 0
    assert Lead.objects.filter(state=Lead.State.HOLD).count() == 2


def test_asking_twice_places_once(held, sales, now):
    assert (place(now), place(now)) == (2, 0)
    assert sales.members.get().received == 2


def test_the_page_offers_it_and_the_home_page_says_it(held, as_user, bob, boards, sales):
    client, table = as_user(bob), RoutingTable.objects.get()
    address = reverse("admin:routing_routingtable_page", args=[table.pk])

    home = client.get("/").content.decode()
    answer = client.post(reverse("admin:routing_routingtable_place_held", args=[table.pk]), follow=True)

    assert "On hold" in home
    assert "2 leads went on, 0 stay on hold." in answer.content.decode()
    assert "Ask the table again" not in client.get(address).content.decode()


def test_a_rep_may_not(held, as_user, rita, sales):
    table = RoutingTable.objects.get()

    answer = as_user(rita).post(reverse("admin:routing_routingtable_place_held", args=[table.pk]))

    assert answer.status_code in (403, 404)
    assert Lead.objects.filter(state=Lead.State.HOLD).count() == 2
