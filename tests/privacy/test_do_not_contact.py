"""Who does not want to be contacted is scored and held, and nobody is told."""

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from delivery.models import Delivery, DeliveryAttempt
from delivery.operations import deliver_due, replay_delivery
from ingestion.models import ContactRule, Identity, Person
from ingestion.operations import add_contact_rule, delete_contact_rule
from ingestion.queries.consent import no_contact
from routing.models import Lead, RoutingTable
from routing.operations import NotAllowed, drain_waiting, place_held, reassign, route_one
from routing.queries.contact import not_to_be_told
from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tests.factories.delivery import make_destination
from tests.factories.ingestion import identify, send_and_fold, track
from tests.factories.routing import (
    live_definition,
    make_account,
    make_person,
    make_pool,
    make_pql,
    make_rep,
    make_table,
)


@pytest.fixture
def desk(boards, now):
    """A pool with a rep that takes everything of Boards, and a destination that is told of every lead."""
    rep = make_rep(boards, now=now)
    pool = make_pool(boards, [rep], now=now)
    make_table(boards, otherwise=pool, now=now)
    make_destination(boards, now=now)
    return boards, rep


def route(boards, person, now) -> Lead:
    return route_one(make_pql(live_definition(boards), person, now=now), now=now)


def test_the_lead_is_held_says_why_and_nobody_is_told(desk, now):
    lead = route(desk[0], make_person(now=now, traits={"unsubscribed": True}), now)

    assert (lead.state, lead.rep) == ("hold", None)
    assert lead.trace == [{"step": "do_not_contact", "because": "unsubscribed = true"}]
    assert not Delivery.objects.exists()


def test_everybody_else_goes_to_the_rep(desk, now):
    lead = route(desk[0], make_person(now=now, traits={"unsubscribed": False}), now)

    assert lead.rep == desk[1]
    assert Delivery.objects.count() == 1


def test_the_page_of_the_lead_says_leave_them_alone_and_offers_no_rep(desk, alice, now):
    lead = route(desk[0], make_person(now=now, traits={"unsubscribed": True}), now)
    client = Client()
    client.force_login(alice, backend="tenants.accounts.LoginBackend")

    page = client.get(reverse("admin:routing_lead_page", args=[lead.pk])).content.decode()

    assert "Leave them alone" in page
    assert "unsubscribed = true" in page
    assert reverse("admin:routing_lead_reassign", args=[lead.pk]) not in page


def test_nobody_can_be_given_it_by_hand(desk, now):
    lead = route(desk[0], make_person(now=now, traits={"unsubscribed": True}), now)

    with pytest.raises(NotAllowed, match="unsubscribed = true"):
        reassign(lead=lead, membership=desk[1], by=SYSTEM, now=now)


def test_when_they_may_be_contacted_again_the_held_lead_goes_on(desk, now):
    person = make_person(now=now, traits={"unsubscribed": True})
    lead = route(desk[0], person, now)
    Person.objects.filter(pk=person.pk).update(traits={"unsubscribed": False})

    place_held(table=RoutingTable.objects.get(), by=SYSTEM, now=now)

    lead.refresh_from_db()
    assert lead.rep == desk[1]


def test_a_waiting_lead_stops_waiting(boards, now):
    pool = make_pool(boards, [], now=now)
    make_table(boards, otherwise=pool, now=now)
    person = make_person(now=now)
    lead = route(boards, person, now)
    assert lead.state == "waiting"
    Person.objects.filter(pk=person.pk).update(traits={"unsubscribed": True})

    drain_waiting(now=now)

    lead.refresh_from_db()
    assert lead.state == "hold"


def send(tenant, now) -> None:
    deliver_due(tenant_id=tenant.pk, clock=lambda: now, why_not=not_to_be_told)


@pytest.mark.parametrize("who", ["person", "account"])
def test_what_stands_in_the_outbox_when_they_say_so_is_not_sent_and_says_why(acme, desk, now, who):
    account = make_account(now=now)
    person = make_person(now=now, account=account)
    route(desk[0], person, now)
    subject = person if who == "person" else account
    type(subject).objects.filter(pk=subject.pk).update(traits={"unsubscribed": True})

    send(acme, now)

    withheld = Delivery.objects.get()
    assert (withheld.state, withheld.attempts) == ("withheld", 0)
    assert withheld.withheld_because == "unsubscribed = true"
    assert not DeliveryAttempt.objects.exists()


def test_only_what_is_about_them_is_taken_out(acme, desk, now):
    gone, other = make_person(now=now), make_person(now=now)
    leads = [route(desk[0], person, now) for person in (gone, other)]
    Person.objects.filter(pk=gone.pk).update(traits={"unsubscribed": True})

    assert not_to_be_told([str(lead.pk) for lead in leads] + ["", "lead-1"]) == {
        str(leads[0].pk): "unsubscribed = true"
    }


def test_sent_again_it_is_asked_again(acme, desk, now):
    person = make_person(now=now)
    route(desk[0], person, now)
    Person.objects.filter(pk=person.pk).update(traits={"unsubscribed": True})
    for _again in range(2):
        send(acme, now)
        delivery = Delivery.objects.get()
        assert delivery.state == "withheld"
        replay_delivery(delivery=delivery, by=SYSTEM, now=now)
    Person.objects.update(traits={})

    send(acme, now)

    assert DeliveryAttempt.objects.count() == 1


def test_the_page_of_a_withheld_delivery_says_why(acme, desk, alice, now):
    person = make_person(now=now)
    route(desk[0], person, now)
    Person.objects.filter(pk=person.pk).update(traits={"unsubscribed": True})
    send(acme, now)
    client = Client()
    client.force_login(alice, backend="tenants.accounts.LoginBackend")

    page = client.get(reverse("admin:delivery_delivery_page", args=[Delivery.objects.get().pk]))

    assert "not to be contacted (unsubscribed = true)" in page.content.decode()


def test_own_rules_are_added_once_and_taken_back(in_acme, now):
    rule = add_contact_rule(trait=" marketing_opt_in", value="FALSE ", by=SYSTEM, now=now)
    person = make_person(now=now, traits={"marketing_opt_in": False})
    assert no_contact(person, None) == "marketing_opt_in = false"

    with pytest.raises(ValidationError, match="already"):
        add_contact_rule(trait="marketing_opt_in", value="false", by=SYSTEM, now=now)
    with pytest.raises(ValidationError, match="already"):
        add_contact_rule(trait="unsubscribed", value="true", by=SYSTEM, now=now)
    delete_contact_rule(rule=rule, by=SYSTEM, now=now)
    assert no_contact(person, None) == ""


def test_a_rule_holds_in_its_own_tenant_only(acme, globex, now):
    with tenant_context(acme.pk):
        add_contact_rule(trait="opt_in", value="false", by=SYSTEM, now=now)
    with tenant_context(globex.pk):
        assert no_contact(make_person(now=now, traits={"opt_in": False}), None) == ""


def test_consent_of_segments_shape_becomes_traits_where_it_is_told_for_its_own_sake(acme):
    consent = {"consent": {"categoryPreferences": {"Advertising": False, "Analytics": True, "odd": "yes"}}}
    send_and_fold(
        acme,
        [
            identify("ann", context=consent),
            track("bea", "Segment Consent Preference Updated", context=consent),
            track("cem", "Clicked", context=consent),
            identify("dan", context={"consent": "yes"}),
        ],
    )

    with tenant_context(acme.pk):
        traits = {each.value: each.person.traits for each in Identity.objects.all()}
    told = {"consent.Advertising": False, "consent.Analytics": True}
    assert traits == {"ann": told, "bea": told, "cem": {}, "dan": {}}


def test_the_page_adds_and_deletes_for_those_who_may(acme, boards, alice, rita):
    client, address = Client(), reverse("admin:ingestion_contactrule_changelist")
    client.force_login(alice, backend="tenants.accounts.LoginBackend")
    client.post(address, {"trait": "opt_in", "value": "false"})
    assert client.post(address, {"trait": "opt_in", "value": "false"}).status_code == 422
    with tenant_context(acme.pk):
        rule = ContactRule.objects.get()
    client.post(reverse("admin:ingestion_contactrule_delete", args=[rule.pk]))
    with tenant_context(acme.pk):
        assert not ContactRule.objects.exists()

    client.force_login(rita, backend="tenants.accounts.LoginBackend")
    assert client.get(address).status_code == 403
