"""Preview, publishing, history in words, and what happens when an action is edited after."""

import pytest

from ingestion.operations import backfill_actions
from routing.operations import route_new
from scoring.models import Version
from scoring.operations import score_due
from tests.console_define.drafts import SIGNED_IN, posted, url
from tests.factories.ingestion import count_instead

TWICE = SIGNED_IN  # ann and bea signed in at least twice
ONCE = SIGNED_IN | {"at_least": "1"}  # cem too


@pytest.fixture
def client(as_user, bob, definition):
    return as_user(bob)


@pytest.fixture
def published(client, definition, today):
    client.post(url("draft", definition), posted(definition, TWICE))
    client.post(url("publish", definition))
    score_due(now=today)
    route_new(now=today)
    return Version.objects.get(definition=definition, state="live")


def preview(client, definition, *signals, **fields):
    return client.post(url("preview", definition), posted(definition, *signals, **fields)).context


def test_preview_counts_who_would_qualify_and_saves_nothing(client, definition):
    found = preview(client, definition, TWICE)["preview"]

    assert (found.qualified, found.population) == (2, 3)
    assert [(band.name, band.number) for band in found.bands] == [("hot", 2)]
    assert not Version.objects.get(definition=definition).signals.exists()


def test_preview_says_which_signals_are_never_and_always_true(client, definition):
    never = SIGNED_IN | {"name": "Never", "at_least": "99"}

    found = preview(client, definition, ONCE, never)["preview"]

    assert [(signal.name, signal.number, signal.is_never, signal.is_always) for signal in found.signals] == [
        ("Active", 3, False, True),
        ("Never", 0, True, False),
    ]


def test_preview_says_that_past_events_are_still_being_counted(client, definition, today):
    assert preview(client, definition, TWICE)["counting"] == ["Signed in"]

    while backfill_actions(now=today):
        pass

    assert preview(client, definition, TWICE)["counting"] == []


def test_preview_of_a_mistake_says_where_it_is(client, definition):
    found = preview(client, definition, TWICE | {"window_length": "0"})

    assert found["mistakes"] == [("Active: In the last", "The window must be at least 1 long.")]


def test_preview_of_nothing_invites_to_begin(client, definition):
    assert preview(client, definition)["is_empty"]


def test_preview_against_live_names_who_enters_and_leaves_with_reasons(client, definition, published):
    client.post(url("new_draft", definition))
    invited = {"name": "Invited", "kind": "milestone", "action": "Invited", "points": "20"}

    wider = preview(client, definition, ONCE)["preview"]
    narrower = preview(client, definition, invited)["preview"]

    assert [(mover.label, mover.reasons) for mover in wider.entering_sample] == [("cem", (("Active", 2000),))]
    assert (wider.entering, wider.leaving, wider.staying) == (1, 0, 2)
    assert [(mover.label, mover.points_before, mover.points) for mover in narrower.leaving_sample] == [
        ("bea", 2000, 0)
    ]


def test_who_is_in_stays_in_down_to_the_exit_threshold(client, definition, published):
    client.post(url("new_draft", definition))
    fewer = TWICE | {"points": "15"}
    other = {"name": "Upgrade", "kind": "milestone", "action": "Invited", "points": "20"}

    found = preview(client, definition, fewer, other, exit_threshold="15")["preview"]

    assert (found.entering, found.leaving, found.staying) == (0, 0, 2)


def test_publish_page_says_what_changes_before_it_happens(client, definition, published):
    client.post(url("new_draft", definition))
    client.post(url("draft", definition), posted(definition, ONCE, exit_threshold="20"))

    page = client.get(url("publish", definition))

    text = page.content.decode()
    assert "Stays one down to 20 points instead of 10." in text
    assert "“Signed in” at least once" in text
    assert "<b>1</b> persons become PQLs" in text
    assert Version.objects.get(definition=definition, state="live") == published


def test_publishing_makes_it_live_and_archives_the_version_before(client, definition, published):
    client.post(url("new_draft", definition))

    client.post(url("publish", definition))

    states = Version.objects.filter(definition=definition).order_by("number").values_list("state", flat=True)
    assert list(states) == ["archived", "live"]


def test_empty_draft_cannot_be_published(client, definition):
    page = client.post(url("publish", definition), follow=True)

    assert "Add at least one signal" in page.content.decode()
    assert not Version.objects.filter(state="live").exists()


def test_history_says_who_published_what_in_words(client, definition, published):
    client.post(url("new_draft", definition))
    client.post(url("draft", definition), posted(definition, ONCE | {"points": "25"}))
    client.post(url("publish", definition))

    text = client.get(url("page", definition)).content.decode()

    assert "by Bob" in text
    assert "Active gives +25 points instead of +20." in text


def test_edited_action_marks_the_definition_until_it_is_published_again(
    client, definition, published, history
):
    page = url("page", definition)
    assert "uses an older action" not in client.get(page).content.decode()

    count_instead(history["Signed in"], "Invited")
    assert "uses an older action" in client.get(page).content.decode()
    assert "uses an older action" in client.get("/scoring/definition/").content.decode()
    client.post(url("new_draft", definition))
    assert "counts by a newer edition of its action" in client.get(page).content.decode()
    client.post(url("publish", definition))

    assert "uses an older action" not in client.get(page).content.decode()


def test_archiving_asks_first_and_then_stops_scoring(client, definition, published):
    assert "2 open PQLs cool down" in client.get(url("archive", definition)).content.decode()

    client.post(url("archive", definition))

    definition.refresh_from_db()
    assert definition.archived_at is not None
    assert "New definition" not in client.get(url("page", definition)).content.decode()
