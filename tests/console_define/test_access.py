"""Who may open and change what: roles, business units, tenants."""

import pytest
from django.urls import reverse

from ingestion.models import Account, EventName, Person, QuarantinedEvent
from routing.operations import route_new
from scoring.models import Version
from scoring.operations import mark_routed, score_due
from tenants.context import tenant_context
from tenants.models import Role
from tests.conftest import member
from tests.console_define.drafts import SIGNED_IN, posted, url
from tests.factories.any_row import make_row
from tests.factories.scoring import make_definition, make_live, signal

DEFINE = ["scoring_definition", "scoring_motion", "scoring_replayrun", "ingestion_action"]
PEOPLE = ["ingestion_account", "ingestion_person"]
STREAM = ["ingestion_event", "ingestion_quarantinedevent", "ingestion_importrun"]
LISTS = [*DEFINE, *PEOPLE, *STREAM, "ingestion_eventname", "scoring_qualification"]


@pytest.mark.parametrize(
    ("role", "may_open"),
    [
        pytest.param(Role.REP, [], id="rep"),
        pytest.param(
            Role.PRODUCT_ENGINEER, [*DEFINE, *PEOPLE, *STREAM, "ingestion_eventname"], id="engineer"
        ),
        pytest.param(
            Role.READ_ONLY, [*DEFINE, "ingestion_eventname", "scoring_qualification"], id="read only"
        ),
        pytest.param(Role.ANALYST, LISTS, id="analyst"),
        pytest.param(Role.CORPORATE_ADMIN, LISTS, id="admin"),
    ],
)
def test_role_opens_its_lists_and_no_others(as_user, acme, now, role, may_open):
    client = as_user(member(acme, "x@acme.test", role, "Corporate", now))

    opened = [name for name in LISTS if client.get(reverse(f"admin:{name}_changelist")).status_code == 200]

    assert sorted(opened) == sorted(may_open)


PAGES = ["page", "draft", "publish", "archive"]


@pytest.mark.parametrize("name", PAGES)
def test_definition_of_a_sister_unit_does_not_exist(as_user, acme, insights, definition, now, name):
    stranger = as_user(member(acme, "ines@acme.test", Role.BU_OWNER, "Insights", now))

    assert stranger.get(url(name, definition)).status_code == 404
    assert stranger.post(url(name, definition)).status_code in (404, 405)


@pytest.mark.parametrize("name", [*PAGES, "preview", "new_draft"])
def test_definition_of_another_tenant_does_not_exist(as_user, charlie, definition, name):
    client = as_user(charlie)

    assert client.post(url(name, definition), posted(definition, SIGNED_IN)).status_code == 404


@pytest.mark.parametrize("name", ["draft", "publish", "archive", "preview", "new_draft"])
def test_who_may_only_look_changes_nothing(as_user, acme, definition, now, name):
    client = as_user(member(acme, "ana@acme.test", Role.ANALYST, "Corporate", now))

    assert client.post(url(name, definition), posted(definition, SIGNED_IN)).status_code == 403
    assert client.get(url("page", definition)).status_code == 200


def test_corporate_definition_can_be_read_below_and_not_changed(as_user, bob, motion, corporate):
    standard = make_definition(business_unit=corporate, motion=motion, name="Standard")
    client = as_user(bob)

    assert client.get(url("page", standard)).status_code == 200
    assert "Edit the draft" not in client.get(url("page", standard)).content.decode()
    assert client.get(url("draft", standard)).status_code == 403


def test_units_choice_holds_only_units_that_may_be_changed(as_user, bob, motion, boards, corporate):
    form = as_user(bob).get("/scoring/definition/add/?blank=1").context["adminform"].form

    assert list(form.fields["business_unit"].queryset) == [boards]


def test_nothing_of_another_tenant_shows_anywhere(as_user, alice, history, elsewhere):
    client = as_user(alice)

    for name in LISTS:
        page = client.get(reverse(f"admin:{name}_changelist")).content.decode()
        assert "Globex" not in page
        assert "gus" not in page


def test_person_account_and_event_of_another_tenant_do_not_exist(as_user, charlie, history):
    person, account = Person.objects.get(label="ann"), Account.objects.get(key="acme-co")
    name = EventName.objects.get(name="Upgraded")
    quarantined = make_row(QuarantinedEvent)
    client = as_user(charlie)

    for address in (
        reverse("admin:ingestion_person_change", args=[person.pk]),
        reverse("admin:ingestion_account_change", args=[account.pk]),
        reverse("admin:ingestion_quarantinedevent_change", args=[quarantined.pk]),
        reverse("admin:ingestion_action_change", args=[history["Invited"].pk]),
        reverse("admin:ingestion_eventname_show") + f"?kind=1&name={name.name}",
    ):
        assert client.get(address).status_code == 404


def test_preview_never_counts_another_tenant(as_user, bob, definition, elsewhere):
    found = as_user(bob).post(url("preview", definition), posted(definition, SIGNED_IN)).context["preview"]

    assert (found.qualified, found.population) == (2, 3)


@pytest.fixture
def pql(history, boards, today):
    """ann is a PQL of Boards; routing has not seen her yet."""
    make_live(signal(history["Invited"]), business_unit=boards, name="Keen")
    score_due(now=today)
    return Version.objects.get(state="live").definition.qualifications.get()


def test_held_out_pql_is_seen_by_those_who_prove_and_by_nobody_else(as_user, acme, alice, bob, pql, now):
    mark_routed(qualification=pql, held_out=True, now=now)
    person = reverse("admin:ingestion_person_change", args=[pql.subject_id])
    own = reverse("admin:scoring_qualification_change", args=[pql.pk])

    for user, sees in ((alice, True), (bob, False)):
        client = as_user(user)
        listed = client.get("/scoring/qualification/").content.decode()
        assert (str(pql.pk) in listed) == sees
        assert ("Times it was a PQL" in client.get(person).content.decode()) == sees
        assert client.get(own).status_code == (200 if sees else 404)


def test_pql_that_routing_has_not_seen_is_hidden_until_it_has(as_user, bob, pql):
    client = as_user(bob)
    address = reverse("admin:scoring_qualification_change", args=[pql.pk])
    assert client.get(address).status_code == 404

    route_new(now=pql.opened_at)
    assert client.get(address).status_code == 200


def test_scores_show_only_for_definitions_of_units_one_may_see(as_user, acme, insights, pql, now):
    ines = as_user(member(acme, "ines@acme.test", Role.BU_OWNER, "Insights", now))

    page = ines.get(reverse("admin:ingestion_person_change", args=[pql.subject_id])).content.decode()

    assert "Keen" not in page
    with tenant_context(acme.pk):
        assert Person.objects.get(pk=pql.subject_id).label == "ann"
