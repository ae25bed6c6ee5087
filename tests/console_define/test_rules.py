"""Rules over signals, bounds and gates in the editor of a draft."""

import pytest

from scoring.models import Signal, Version
from scoring.operations import publish_version
from scoring.queries.specs import frozen_spec
from scoring.rules.wording import describe_signal
from tenants.audit import SYSTEM
from tests.console_define.drafts import SIGNED_IN, posted, url

OFTEN = SIGNED_IN | {"name": "Often", "at_least": "3", "at_most": "5", "points": "0"}
BOTH = {
    "name": "Active and often",
    "kind": "rule",
    "rule_mode": "all",
    "rule_members": "Active\r\nOften",
    "points": "30",
}


def save(client, definition, *signals, **fields):
    return client.post(url("draft", definition), posted(definition, *signals, **fields))


def test_a_rule_is_saved_and_shown_as_it_was_typed(as_user, bob, definition):
    client = as_user(bob)

    assert save(client, definition, SIGNED_IN, OFTEN, BOTH).status_code == 302

    row = Signal.objects.get(kind="rule")
    assert (row.rule_mode, row.rule_members, row.action, row.at_least) == (
        "all",
        ["Active", "Often"],
        None,
        None,
    )
    assert Signal.objects.get(name="Often").at_most == 5
    assert "Active\nOften</textarea>" in client.get(url("draft", definition)).content.decode()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rule_members": ""}, "Name the signals it is about"),
        ({"rule_members": "Aktive"}, "Did you mean “Active”?"),
        ({"rule_members": "Active and often"}, "in a circle"),
        ({"rule_mode": "n_of"}, "Say how many of them"),
        ({"rule_mode": "n_of", "at_least": "3"}, "Use a number from 1 to 2"),
        ({"is_required": "on", "is_excluding": "on"}, "required and excludes at once"),
    ],
)
def test_a_rule_that_cannot_be_says_why_beside_it(as_user, bob, definition, changes, words):
    answer = save(as_user(bob), definition, SIGNED_IN, OFTEN, BOTH | changes)

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Signal.objects.exists()


def test_a_renamed_signal_is_missed_by_its_rule(as_user, bob, definition):
    answer = save(as_user(bob), definition, SIGNED_IN | {"name": "Is active"}, OFTEN, BOTH)

    assert "There is no signal called “Active”. Did you mean" in answer.content.decode()


def test_another_kind_leaves_nothing_of_the_rule(as_user, bob, definition):
    client = as_user(bob)
    save(client, definition, SIGNED_IN, OFTEN, BOTH)

    save(
        client,
        definition,
        SIGNED_IN,
        OFTEN | {"points": "5"},
        SIGNED_IN | {"name": "Plain", "rule_mode": "all", "rule_members": "x"},
    )

    row = Signal.objects.get(name="Plain")
    assert (row.rule_mode, row.rule_members) == ("", [])


def test_it_is_told_in_words(as_user, bob, definition):
    save(as_user(bob), definition, SIGNED_IN, OFTEN, BOTH | {"is_excluding": "on"}, enter_threshold="20")
    draft = Version.objects.get(definition=definition)

    version = publish_version(version=draft, by=SYSTEM, now=draft.created_at)

    signals = frozen_spec(version).signals
    words = [describe_signal(signal, {signal.action_version_id: "Signed in"}, str) for signal in signals]
    assert words == [
        "“Signed in” at least 2 times, last 7 days",
        "“Signed in” 3 to 5 times, last 7 days",
        "all of “Active”, “Often”",
    ]
