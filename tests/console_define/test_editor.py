"""The editor of a draft: saving, rows without a script, actions by name."""

import pytest

from ingestion.models import Action
from scoring.models import Definition, Signal, Version
from tests.console_define.drafts import HOT, SIGNED_IN, posted, url
from tests.factories.scoring import make_definition


def test_new_definition_leads_to_its_editor(as_user, bob, boards, motion):
    data = {"name": "Keen", "business_unit": boards.pk, "motion": motion.pk, "level": 1, "description": ""}

    response = as_user(bob).post("/scoring/definition/add/", data)

    made = Definition.objects.get(name="Keen")
    assert response.url == url("draft", made)


def test_empty_draft_offers_bands_and_asks_for_a_signal(as_user, bob, definition):
    page = as_user(bob).get(url("draft", definition)).content.decode()

    assert "No signals yet" in page
    assert 'value="hot"' in page


def test_saving_stores_points_as_hundredths_and_goes_on_with_a_redirect(as_user, bob, definition):
    signal = SIGNED_IN | {"points": "12.5", "points_cap": "30"}

    response = as_user(bob).post(
        url("draft", definition), posted(definition, signal, enter_threshold="12.5", exit_threshold="5",
                                         bands=({"name": "hot", "minimum": "12.5"},))
    )  # fmt: skip

    assert response.status_code == 302
    row = Signal.objects.get(version__definition=definition)
    assert (row.points, row.points_cap, row.at_least, row.window_length) == (1250, 3000, 2, 7)
    assert row.action.name == "Signed in"
    assert Version.objects.get(definition=definition).enter_threshold == 1250


def test_saving_by_htmx_answers_with_the_form_alone(as_user, bob, definition):
    response = as_user(bob).post(
        url("draft", definition), posted(definition, SIGNED_IN), headers={"HX-Request": "true"}
    )

    assert response.status_code == 200
    assert response.content.decode().lstrip().startswith("<form")
    assert "Saved as a draft" in response.content.decode()


def test_stored_draft_is_shown_as_it_was_typed(as_user, bob, definition):
    client = as_user(bob)
    client.post(url("draft", definition), posted(definition, SIGNED_IN | {"points": "12.5"}, enter_threshold="12.5",
                                                 bands=({"name": "hot", "minimum": "12.5"},)))  # fmt: skip

    page = client.get(url("draft", definition)).content.decode()

    assert 'name="signals-0-points" value="12.5"' in page
    assert 'name="signals-0-at_least" value="2"' in page
    assert 'value="Signed in"' in page


@pytest.mark.parametrize(
    ("command", "names"),
    [
        pytest.param("signals-add", ["A", "B", ""], id="add"),
        pytest.param("signals-remove-0", ["B"], id="remove"),
        pytest.param("signals-up-1", ["B", "A"], id="up"),
        pytest.param("signals-down-0", ["B", "A"], id="down"),
        pytest.param("signals-up-7", ["A", "B"], id="no such row"),
        pytest.param("nonsense", ["A", "B"], id="unknown command"),
    ],
)
def test_rows_are_rearranged_without_saving_or_complaining(as_user, bob, definition, command, names):
    data = posted(definition, SIGNED_IN | {"name": "A"}, {"name": "B", "kind": "count"}) | {"do": command}

    response = as_user(bob).post(url("draft", definition), data)

    forms = response.context["forms"].signals.forms
    assert [form["name"].value() or "" for form in forms] == names
    assert "errorlist" not in response.content.decode()
    assert not Signal.objects.exists()


def test_name_and_motion_are_saved_with_the_draft(as_user, bob, definition):
    as_user(bob).post(url("draft", definition), posted(definition, SIGNED_IN, name="Keener"))

    definition.refresh_from_db()
    assert definition.name == "Keener"


def test_name_already_taken_saves_nothing(as_user, bob, boards, motion, definition):
    make_definition(business_unit=boards, motion=motion, name="Taken")

    response = as_user(bob).post(url("draft", definition), posted(definition, SIGNED_IN, name="Taken"))

    assert response.status_code == 422
    assert not Signal.objects.filter(version__definition=definition).exists()


def test_unknown_action_gets_a_did_you_mean_that_can_be_taken(as_user, bob, definition):
    client = as_user(bob)
    data = posted(definition, SIGNED_IN | {"action": "Singed in"})

    page = client.post(url("draft", definition), data).content.decode()
    assert "Did you mean “Signed in”?" in page
    taken = client.post(url("draft", definition), data | {"do": "action-0:Signed in"})
    assert taken.context["forms"].signals.forms[0]["action"].value() == "Signed in"


def test_event_without_an_action_can_be_made_one_from_the_row(as_user, bob, boards, definition):
    client = as_user(bob)
    data = posted(definition, SIGNED_IN | {"action": "Upgraded"})

    page = client.post(url("draft", definition), data).content.decode()
    assert "Make an action of the event “Upgraded”" in page
    client.post(url("draft", definition), data | {"do": "action-0:Upgraded"})

    made = Action.objects.get(name="Upgraded")
    assert (made.business_unit, made.versions.get().event_name) == (boards, "Upgraded")
    assert client.post(url("draft", definition), data).status_code == 302


def test_action_of_a_sister_unit_cannot_be_used(as_user, bob, insights, definition, history):
    Action.objects.filter(name="Invited").update(business_unit=insights)

    response = as_user(bob).post(
        url("draft", definition), posted(definition, SIGNED_IN | {"action": "Invited"})
    )

    assert response.status_code == 422
    assert "no action counts it yet" in response.content.decode()


def test_fields_of_another_kind_are_ignored_and_not_kept(as_user, bob, definition):
    trait = {"name": "Pays", "kind": "trait", "trait_name": "plan", "trait_operator": "eq", "trait_value": "pro",
             "points": "20", "action": "no such action", "at_least": "-1", "window_length": "0"}  # fmt: skip

    response = as_user(bob).post(url("draft", definition), posted(definition, trait))

    assert response.status_code == 302
    row = Signal.objects.get(version__definition=definition)
    assert (row.action, row.trait_name, row.at_least, row.window_length) == (None, "plan", None, None)


def test_bands_keep_their_order_of_height(as_user, bob, definition):
    bands = ({"name": "cold", "minimum": "0"}, HOT)

    page = as_user(bob).post(
        url("draft", definition), posted(definition, SIGNED_IN, bands=bands), follow=True
    )

    names = [form["name"].value() for form in page.context["forms"].bands.forms]
    assert names == ["hot", "cold"]
