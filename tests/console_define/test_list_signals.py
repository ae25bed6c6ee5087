"""A list is chosen in the editor, named in words, and knows who asks it."""

import pytest

from scoring.models import Signal
from tenants.context import tenant_context
from tenants.models import Role
from tests.conftest import member
from tests.console_define.drafts import posted, url
from tests.ingestion.test_lists import make_list, upload

HELD = {"name": "Target", "kind": "trait", "trait_name": "email", "trait_operator": "in_list", "points": "20"}


@pytest.fixture
def targets(in_acme):
    made = make_list()
    upload(made, "example.test")
    return made


@pytest.fixture
def client(as_user, bob):
    return as_user(bob)


@pytest.fixture
def asked(client, definition, targets):
    client.post(url("draft", definition), posted(definition, HELD | {"list": str(targets.pk)}))
    return targets


def page_of(of):
    return f"/ingestion/list/{of.pk}/change/"


def test_editor_offers_own_and_built_in_lists(client, definition, targets, elsewhere):
    text = client.post(
        url("draft", definition), posted(definition, HELD) | {"do": "signals-add"}
    ).content.decode()

    assert f'<option value="{targets.pk}">Targets (domains)</option>' in text
    assert '<option value="builtin:free_mail">Free mail</option>' in text


def test_chosen_list_is_stored_and_shown_again(client, definition, asked):
    assert Signal.objects.get().list == asked
    assert f'<option value="{asked.pk}" selected>' in client.get(url("draft", definition)).content.decode()


def test_built_in_list_is_stored_by_its_code(client, definition):
    client.post(url("draft", definition), posted(definition, HELD | {"list": "builtin:academic"}))

    assert Signal.objects.values_list("list", "builtin_list").get() == (None, "academic")


def test_what_is_hidden_leaves_nothing_behind(client, definition, targets):
    hidden = HELD | {"trait_operator": "eq", "trait_value": "a@b.com", "list": str(targets.pk)}

    client.post(url("draft", definition), posted(definition, hidden))

    assert Signal.objects.values_list("list", "trait_value").get() == (None, "a@b.com")


@pytest.mark.parametrize("ref", ["", "builtin:nothing", "00000000-0000-7000-8000-000000000001", "x"])
def test_no_list_is_said_at_its_field(client, definition, ref):
    response = client.post(url("draft", definition), posted(definition, HELD | {"list": ref}))

    assert response.status_code == 422
    assert 'id="id_signals-0-list_error"' in response.content.decode()


def test_preview_counts_who_is_in_the_list(client, definition, asked):
    response = client.post(url("preview", definition), posted(definition, HELD | {"list": str(asked.pk)}))

    assert response.status_code == 200
    assert response.context["preview"].signals[0].name == "Target"


def test_version_says_the_list_in_words(client, definition, asked):
    client.post(url("publish", definition))

    assert "email is in the list “Targets”" in client.get(url("page", definition)).content.decode()


def test_changed_list_marks_the_definition_until_it_is_published_again(client, definition, asked):
    client.post(url("publish", definition))
    upload(asked, "more.test")
    assert "older list" in client.get(url("page", definition)).content.decode()

    client.post(url("new_draft", definition))

    assert "Target reads a newer edition of its list." in client.get(url("page", definition)).content.decode()


def test_lists_page_names_the_signals_that_ask_it(client, as_user, alice, definition, asked):
    text = as_user(alice).get(page_of(asked)).content.decode()

    assert f'href="{url("change", definition)}">Keen: Target</a>' in text


def test_list_in_use_is_not_archived(as_user, alice, asked):
    response = as_user(alice).post(f"/ingestion/list/{asked.pk}/archive/", follow=True)

    asked.refresh_from_db()
    assert asked.archived_at is None
    assert "asked by “Keen: Target”" in response.content.decode()


def test_definition_of_another_unit_is_not_named(as_user, acme, insights, asked, now):

    ines = as_user(member(acme, "ines@acme.test", Role.BU_OWNER, "Insights", now))

    text = ines.get(page_of(asked)).content.decode()

    assert "a definition of another business unit" in text
    assert "Keen" not in text


def test_list_of_another_tenant_cannot_be_chosen(client, definition, globex, in_acme):

    with tenant_context(globex.pk):
        theirs = make_list(name="Secret")

    response = client.post(url("draft", definition), posted(definition, HELD | {"list": str(theirs.pk)}))

    assert response.status_code == 422
    assert "Secret" not in response.content.decode()
