"""Two people with one draft open, and drafts that are thrown away."""

import pytest

from experiments.models import Experiment
from scoring.models import Definition, Signal, Version
from scoring.operations import NotPossible, delete_definition, new_draft, publish_version
from tenants.audit import SYSTEM
from tenants.models import AuditEvent
from tests.console_define.drafts import SIGNED_IN, posted, url
from tests.factories.any_row import make_row

MINE = SIGNED_IN | {"points": "40"}
THEIRS = SIGNED_IN | {"points": "25"}


@pytest.fixture
def alices(as_user, alice, definition):
    return as_user(alice)


@pytest.fixture
def bobs(as_user, bob, definition):
    """Bob's browser; a first draft is saved in it."""
    client = as_user(bob)
    client.post(url("draft", definition), posted(definition, SIGNED_IN))
    return client


def opened(client, definition) -> dict[str, str]:
    """What the form that is open now says it was made from."""
    return {"seen": client.get(url("draft", definition)).context["seen"]}


def saved_points(definition) -> list[int]:
    rows = Signal.objects.filter(version__definition=definition, version__state="draft")
    return list(rows.values_list("points", flat=True))


def live_with_draft(definition, today) -> Version:
    """Publishes the draft and begins the next one."""
    live = Version.objects.get(definition=definition)
    publish_version(version=live, by=SYSTEM, now=today)
    new_draft(definition=definition, by=SYSTEM, now=today)
    return live


def test_second_save_is_refused_and_says_who_changed_what(alices, bobs, definition):
    bobs_form = opened(bobs, definition)
    alices.post(url("draft", definition), posted(definition, THEIRS) | opened(alices, definition))

    answer = bobs.post(url("draft", definition), posted(definition, MINE) | bobs_form)

    text = answer.content.decode()
    assert answer.status_code == 422
    assert "<b>Alice</b>" in text
    assert "Active gives +25 points instead of +20." in text
    assert "Active gives +40 points instead of +25." in text
    assert saved_points(definition) == [2500]


def test_what_the_second_one_typed_stays_and_can_be_saved_on_purpose(alices, bobs, definition):
    bobs_form = opened(bobs, definition)
    alices.post(url("draft", definition), posted(definition, THEIRS) | opened(alices, definition))
    refused = bobs.post(url("draft", definition), posted(definition, MINE) | bobs_form)

    assert 'name="signals-0-points" value="40"' in refused.content.decode()
    on_purpose = {"do": f"overwrite:{refused.context['newest']}"} | bobs_form
    answer = bobs.post(url("draft", definition), posted(definition, MINE) | on_purpose)

    assert (answer.status_code, saved_points(definition)) == (302, [4000])


def test_saving_on_purpose_is_refused_when_there_is_yet_another_save(alices, bobs, definition):
    bobs_form = opened(bobs, definition)
    alices.post(url("draft", definition), posted(definition, THEIRS))
    newest = bobs.post(url("draft", definition), posted(definition, MINE) | bobs_form).context["newest"]
    alices.post(url("draft", definition), posted(definition, THEIRS | {"points": "30"}))

    answer = bobs.post(url("draft", definition), posted(definition, MINE) | {"do": f"overwrite:{newest}"})

    assert (answer.status_code, saved_points(definition)) == (422, [3000])


def test_adding_a_row_does_not_make_a_stale_form_fresh(alices, bobs, definition):
    bobs_form = opened(bobs, definition)
    alices.post(url("draft", definition), posted(definition, THEIRS))

    added = bobs.post(url("draft", definition), posted(definition, MINE) | bobs_form | {"do": "signals-add"})

    assert added.context["seen"] == bobs_form["seen"]


def test_one_person_saves_again_and_again_without_a_reload(bobs, definition):
    htmx = {"HX-Request": "true"}
    first = bobs.post(
        url("draft", definition), posted(definition, MINE) | opened(bobs, definition), headers=htmx
    )

    again = bobs.post(
        url("draft", definition), posted(definition, THEIRS) | {"seen": first.context["seen"]}, headers=htmx
    )

    assert (again.status_code, saved_points(definition)) == (200, [2500])


def test_another_name_counts_as_a_change(alices, bobs, definition):
    bobs_form = opened(bobs, definition)
    alices.post(url("draft", definition), posted(definition, SIGNED_IN, name="Keener"))

    answer = bobs.post(url("draft", definition), posted(definition, SIGNED_IN) | bobs_form)

    assert "Called “Keener” instead of “Keen”." in answer.content.decode()


def test_saving_a_draft_that_was_published_keeps_what_was_typed(alices, bobs, definition):
    bobs_form = opened(bobs, definition)
    alices.post(url("publish", definition))

    answer = bobs.post(url("draft", definition), posted(definition, MINE) | bobs_form)

    text = answer.content.decode()
    assert "Alice published this draft as version 1" in text
    assert 'name="signals-0-points" value="40"' in text
    assert saved_points(definition) == [2000]


def test_publishing_what_was_not_looked_at_is_refused(alices, bobs, definition):
    looked_at = {"seen": bobs.get(url("publish", definition)).context["draft"].edition}
    alices.post(url("draft", definition), posted(definition, THEIRS))

    page = bobs.post(url("publish", definition), looked_at, follow=True)

    assert "Somebody else has saved this draft since" in page.content.decode()
    assert not Version.objects.filter(state="live").exists()


def test_discarding_asks_first_and_leaves_what_is_live(bobs, definition, today):
    live = live_with_draft(definition, today)

    assert "What is live goes on as it is" in bobs.get(url("discard", definition)).content.decode()
    assert Version.objects.filter(definition=definition).count() == 2
    bobs.post(url("discard", definition))

    assert [row.pk for row in Version.objects.filter(definition=definition, state="live")] == [live.pk]
    assert not Version.objects.filter(state="draft").exists()
    assert AuditEvent.objects.filter(verb="draft.discarded").count() == 1


def test_saving_a_draft_that_was_discarded_keeps_what_was_typed(alices, bobs, definition, today):
    live_with_draft(definition, today)
    bobs_form = opened(bobs, definition)
    alices.post(url("discard", definition))

    answer = bobs.post(url("draft", definition), posted(definition, MINE) | bobs_form)

    assert "was discarded by somebody else" in answer.content.decode()
    assert 'name="signals-0-points" value="40"' in answer.content.decode()


def test_definition_that_was_never_more_than_a_draft_is_deleted_with_it(bobs, definition):
    answer = bobs.post(url("discard", definition))

    assert answer.url == "/scoring/definition/"
    assert not Definition.objects.exists()
    assert AuditEvent.objects.filter(verb="definition.deleted").count() == 1


def test_asking_for_a_draft_that_is_gone_leads_to_the_definition(bobs, definition):
    bobs.post(url("publish", definition))

    assert bobs.get(url("draft", definition)).url == url("page", definition)


def test_definition_of_a_holdout_is_not_deleted(bobs, definition):
    make_row(Experiment, definition_id=definition.pk)

    page = bobs.post(url("discard", definition), follow=True)

    assert "is used by: holdouts. Archive it instead." in page.content.decode()
    assert Definition.objects.exists()


def test_published_definition_is_not_deleted(bobs, definition, today):
    live_with_draft(definition, today)

    with pytest.raises(NotPossible, match="Archive it"):
        delete_definition(definition=definition, by=SYSTEM, now=today)
