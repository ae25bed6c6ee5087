"""The page about what must not be joined."""

from datetime import timedelta

import pytest
from django.urls import reverse

from ingestion.models import Identity, IdentityLimits, IdentityRule
from ingestion.operations import change_identity_limits, redraw_identities
from tenants.audit import SYSTEM
from tenants.models import Role
from tests.conftest import member
from tests.factories.ingestion import START, identify, send_and_fold
from tests.ingestion.state import groups

PAGE = reverse("admin:ingestion_identityrule_changelist")
ADD = reverse("admin:ingestion_identityrule_add")
TRUST = reverse("admin:ingestion_identityrule_trust")
HOUR = timedelta(hours=1)


@pytest.fixture
def kiosk(in_acme, now):
    """A device of two users where one is the limit, and a machine of two devices a day."""
    change_identity_limits(users_per_device=1, devices_per_day=1, by=SYSTEM, now=now)
    redraw_identities(now=now)
    sent = [identify("ann", anon="kiosk"), identify("bob", anon="kiosk", ts=START + HOUR)]
    send_and_fold(in_acme, [*sent, *(identify("cron", anon=f"d{n}", ts=START + n * HOUR) for n in range(2))])


def text_of(response) -> str:
    return " ".join(response.content.decode().split())


def test_page_says_what_is_held_back(as_user, alice, kiosk):
    page = as_user(alice).get(PAGE)

    assert [(row.value, row.links) for row in page.context["overview"].devices] == [("kiosk", 2)]
    assert [(row.value, row.links) for row in page.context["overview"].users] == [("cron", 1)]


def test_page_of_the_person_says_why_it_was_not_joined(as_user, alice, kiosk):
    ann = Identity.objects.get(value="ann").person_id
    page = text_of(as_user(alice).get(reverse("admin:ingestion_person_change", args=[ann])))

    assert "A shared device" in page
    assert "Take this link back" not in page


def test_held_id_is_joined_after_asking(as_user, alice, kiosk):
    client = as_user(alice)

    assert "No limit holds for" in text_of(client.get(f"{TRUST}?id=kiosk"))
    assert frozenset({"kiosk"}) in groups()
    page = client.post(f"{TRUST}?id=kiosk", {"note": "The owner's own"}, follow=True)

    assert "The owner&#x27;s own" in text_of(page)
    assert frozenset({"kiosk", "ann"}) in groups()


def test_id_is_blocked_and_let_go_again(as_user, alice, kiosk):
    client = as_user(alice)
    rule = {"kind": "person_id", "value": "d0", "note": "Showroom"}

    page = client.post(ADD, rule, follow=True)
    assert "1 link held back" in text_of(page)
    again = client.post(ADD, rule)
    assert (again.status_code, "There is a rule" in text_of(again)) == (422, True)

    delete = reverse("admin:ingestion_identityrule_delete", args=[IdentityRule.objects.get().pk])
    assert "It joins again" in text_of(client.get(delete))
    client.post(delete)
    assert frozenset({"cron", "d0"}) in groups()


def test_limits_are_changed_with_progress(as_user, alice, kiosk, now):
    client = as_user(alice)
    page = client.post(PAGE, {"users_per_device": 5, "devices_per_day": 5}, follow=True)

    assert "Drawing again" in text_of(page)
    redraw_identities(now=now)
    assert "Drawing again" not in text_of(client.get(reverse("admin:ingestion_identityrule_progress")))
    assert frozenset({"kiosk", "ann"}) in groups()


@pytest.mark.parametrize("value", ["0", "", "10001", "many"])
def test_limit_that_makes_no_sense_is_refused(as_user, alice, in_acme, value):
    answer = as_user(alice).post(PAGE, {"users_per_device": value, "devices_per_day": 5})

    assert (answer.status_code, IdentityLimits.objects.count()) == (422, 0)


@pytest.mark.parametrize(
    ("role", "sees", "changes"),
    [
        (Role.PRODUCT_ENGINEER, 200, 302),
        (Role.BU_OWNER, 200, 403),
        (Role.ANALYST, 200, 403),
        (Role.REP, 403, 403),
    ],
)
def test_who_may_see_and_change(as_user, acme, kiosk, now, role, sees, changes):
    client = as_user(member(acme, "x@acme.test", role, "Corporate", now))

    assert client.get(PAGE).status_code == sees
    assert client.post(PAGE, {"users_per_device": 5, "devices_per_day": 5}).status_code == changes
    assert client.post(f"{TRUST}?id=kiosk").status_code == changes
    assert client.post(ADD, {"kind": "person_id", "value": "d0"}).status_code == changes


def test_other_tenants_see_and_delete_nothing(as_user, charlie, kiosk, alice):
    as_user(alice).post(ADD, {"kind": "person_id", "value": "d0"})
    rule = IdentityRule.objects.get().pk
    stranger = as_user(charlie)

    assert "kiosk" not in text_of(stranger.get(PAGE))
    assert stranger.post(reverse("admin:ingestion_identityrule_delete", args=[rule])).status_code == 404


def test_page_costs_the_same_for_many(as_user, alice, kiosk, in_acme, django_assert_max_num_queries):
    client = as_user(alice)
    client.get(PAGE)
    send_and_fold(in_acme, [identify(user, anon=f"k{n}") for n in range(8) for user in ("eve", f"u{n}")])
    for n in range(3):
        client.post(ADD, {"kind": "person_id", "value": f"k{n}"})

    with django_assert_max_num_queries(24):
        client.get(PAGE)
