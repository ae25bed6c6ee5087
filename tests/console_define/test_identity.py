"""How the identities of a person came together, taking a link back, and joining it again."""

from datetime import timedelta

import pytest
from django.urls import reverse

from ingestion.models import Identity, IdentityLink, Person
from tenants.models import AuditEvent, Role
from tests.conftest import member
from tests.factories.ingestion import START, alias, identify, send_and_fold, track

HOUR = timedelta(hours=1)


@pytest.fixture
def shared(in_acme):
    """A device of three ids: ann signed in first, then bob; an alias joined another device to ann."""
    sent = [
        track(None, "Visited", anon="phone"),
        track("ann", "Signed in", anon="phone", ts=START + HOUR),
        identify("bob", anon="phone", ts=START + 2 * HOUR),
        alias("ann", "tablet", ts=START + 3 * HOUR),
    ]
    send_and_fold(in_acme, sent)


def page_of(client, user: str):
    person = Identity.objects.get(kind=Identity.Kind.USER, value=user).person_id
    return client.get(reverse("admin:ingestion_person_change", args=[person]))


def undo(user: str, other: str) -> str:
    """The address that takes back the link between the device and the user."""
    link = IdentityLink.objects.get(identity__value=other, user_identity__value=user)
    return reverse("admin:ingestion_person_undo", args=[link.identity.person_id, link.pk])


def redo(user: str, other: str) -> str:
    """The address that joins them again, from the user's page."""
    link = IdentityLink.objects.get(identity__value=other, user_identity__value=user)
    return reverse("admin:ingestion_person_redo", args=[link.user_identity.person_id, link.pk])


def text_of(response) -> str:
    return " ".join(response.content.decode().split())


def test_page_tells_which_call_joined_what(as_user, alice, shared):
    page = page_of(as_user(alice), "ann")

    told = [(row.link.identity.value, row.event.name, row.is_blocked) for row in page.context["evidence"]]
    assert told[0] == ("phone", "Signed in", False)
    assert "track Signed in carried both" in text_of(page)
    assert "an alias call named both" in text_of(page)


def test_merge_that_was_blocked_shows_on_both_pages_with_the_reason(as_user, alice, shared):
    bob = page_of(as_user(alice), "bob")

    (blocked,) = bob.context["evidence"]
    assert (blocked.is_blocked, str(blocked.other)) == (True, "ann")
    assert "Two users are never merged" in text_of(bob)
    assert [row.is_blocked for row in page_of(as_user(alice), "ann").context["evidence"]].count(True) == 1


def test_link_is_taken_back_after_asking_and_with_a_trace(as_user, alice, shared):
    client, address = as_user(alice), undo("ann", "phone")

    asked = text_of(client.get(address))
    assert IdentityLink.objects.filter(undone_at=None).count() == 3
    told = text_of(client.post(address, follow=True))

    assert "The 1 event of “phone” goes with it" in asked
    assert "The link is taken back" in told
    assert "taken back" in text_of(page_of(client, "ann"))
    assert Identity.objects.get(value="phone").person.label == "bob"
    assert AuditEvent.objects.filter(verb="identity_link.undone").count() == 1
    assert client.post(address).status_code == 404


def test_link_that_was_taken_back_joins_again_after_asking(as_user, alice, shared):
    client = as_user(alice)
    client.post(undo("ann", "phone"))
    again = redo("ann", "phone")

    asked = text_of(client.get(again))
    assert "Join them again" in text_of(page_of(client, "ann"))
    told = text_of(client.post(again, follow=True))

    assert "It counts again as if it had never been taken back" in asked
    assert "“phone” and “ann” are one person again." in told
    assert Identity.objects.get(value="phone").person.label == "ann"
    assert AuditEvent.objects.filter(verb="identity_link.redone").count() == 1
    assert client.post(again).status_code == 404


def test_joining_again_says_when_it_joined_nobody(as_user, alice, shared):
    client = as_user(alice)
    client.post(undo("ann", "phone"))
    client.post(undo("bob", "phone"))
    client.post(redo("ann", "phone"))

    assert "stay two persons" in text_of(client.post(redo("bob", "phone"), follow=True))
    assert Identity.objects.get(value="phone").person.label == "ann"


def test_link_that_holds_is_not_joined_again(as_user, alice, shared):
    assert as_user(alice).get(redo("ann", "phone")).status_code == 404


def test_page_draws_each_id_and_an_arc_for_each_reason_to_join(as_user, alice, shared):
    client = as_user(alice)
    client.post(undo("ann", "phone"))
    drawing = text_of(page_of(client, "ann")).split('class="pq-joins"')[1].split("</svg>")[0]

    assert [drawing.count(each) for each in ("<circle", "pq-join-other", "<path", "pq-join-loose")] == [
        4,
        1,
        3,
        1,
    ]


def test_blocked_link_cannot_be_taken_back(as_user, alice, shared):
    link = IdentityLink.objects.get(user_identity__value="bob")
    ann = Person.objects.get(label="ann").pk

    assert as_user(alice).post(reverse("admin:ingestion_person_undo", args=[ann, link.pk])).status_code == 404


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.PRODUCT_ENGINEER, 200), (Role.ANALYST, 403), (Role.BU_OWNER, 403), (Role.SALES_MANAGER, 403)],
)
def test_only_who_looks_after_events_takes_a_link_back(as_user, acme, shared, now, role, status):
    client = as_user(member(acme, "x@acme.test", role, "Corporate", now))

    assert client.get(undo("ann", "phone")).status_code == status
    assert client.get(redo("ann", "phone")).status_code == (404 if status == 200 else 403)
    assert ("Take this link back" in text_of(page_of(client, "ann"))) == (status == 200)


def test_link_of_another_tenant_does_not_exist(as_user, charlie, shared):
    assert as_user(charlie).post(undo("ann", "phone")).status_code == 404
    IdentityLink.objects.update(undone_at=START)
    assert as_user(charlie).post(redo("ann", "phone")).status_code == 404


def test_person_who_was_never_joined_says_so(as_user, alice, in_acme):
    send_and_fold(in_acme, [track("solo", "Signed in")])

    assert "Nothing was joined to it." in text_of(page_of(as_user(alice), "solo"))
