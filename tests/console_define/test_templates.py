import pytest
from django.urls import reverse

from ingestion.models import EventName
from scoring.models import Definition

pytestmark = pytest.mark.django_db


@pytest.fixture
def names(in_acme, now):
    for name in ("login", "paid"):
        EventName.objects.create(
            source_id="01890000-0000-7000-8000-000000000000",
            kind=1,
            name=name,
            first_seen_at=now,
            last_seen_at=now,
        )


def test_gallery_shows_every_template_and_the_empty_start(client, bob):
    client.force_login(bob)

    page = client.get(reverse("admin:scoring_definition_templates")).content.decode()

    assert "Team ready to buy" in page
    assert reverse("admin:scoring_definition_add") in page


def test_form_suggests_the_tenants_own_event(client, bob, names):
    client.force_login(bob)

    page = client.get(reverse("admin:scoring_definition_use_template", args=["habit"]))

    assert page.context["form"].fields["slot_sign_in"].initial == "login"


def test_using_a_template_leads_to_a_draft(client, bob, boards, names):
    client.force_login(bob)
    data = {"name": "Habit", "business_unit": boards.pk, "slot_sign_in": "login", "slot_purchase": "paid"}

    answer = client.post(reverse("admin:scoring_definition_use_template", args=["habit"]), data)

    definition = Definition.objects.get(name="Habit")
    assert answer.url == reverse("admin:scoring_definition_draft", args=[definition.pk])


def test_a_goal_that_nobody_reached_yet_can_be_chosen(client, bob, boards, names):
    client.force_login(bob)
    form = client.get(reverse("admin:scoring_definition_use_template", args=["habit"])).context["form"]
    _group, later = form.fields["slot_purchase"].choices[-1]
    data = {
        "name": "Habit",
        "business_unit": boards.pk,
        "slot_sign_in": "login",
        "slot_purchase": later[0][0],
    }

    client.post(reverse("admin:scoring_definition_use_template", args=["habit"]), data)

    goal = Definition.objects.get(name="Habit").motion.goal_action
    assert goal.versions.get().event_name == later[0][0]


def test_a_missing_event_is_asked_for_and_nothing_is_made(client, bob, boards, names):
    client.force_login(bob)
    data = {"name": "Habit", "business_unit": boards.pk, "slot_sign_in": "login"}

    answer = client.post(reverse("admin:scoring_definition_use_template", args=["habit"]), data)

    assert answer.status_code == 422
    assert not Definition.objects.exists()


@pytest.mark.parametrize("key", ["habit", "nothing-like-it"])
def test_a_rep_may_not_use_templates(client, rita, key):
    client.force_login(rita)

    assert client.get(reverse("admin:scoring_definition_use_template", args=[key])).status_code == 403


def test_an_unknown_template_is_not_found(client, bob):
    client.force_login(bob)

    assert (
        client.get(reverse("admin:scoring_definition_use_template", args=["nothing-like-it"])).status_code
        == 404
    )


def test_adding_a_definition_begins_with_the_templates(client, bob):
    client.force_login(bob)
    add = reverse("admin:scoring_definition_add")

    assert client.get(add).url == reverse("admin:scoring_definition_templates")
    assert "Owned by" in client.get(add, {"blank": 1}).content.decode()
