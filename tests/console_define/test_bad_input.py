"""Every wrong definition is refused with a sentence that says what to do, at the field it is about."""

import html

import pytest

from scoring.models import Signal
from tests.console_define.drafts import HOT, SIGNED_IN, posted, url

TRAIT = {
    "name": "Plan",
    "kind": "trait",
    "trait_name": "plan",
    "trait_operator": "eq",
    "trait_value": "pro",
    "points": "20",
}


def sentences(response) -> str:
    """Everything the page says is wrong, and a check that it does say it."""
    mistakes = [message for _where, message in response.context["mistakes"]]
    page = html.unescape(response.content.decode())
    assert all(message in page for message in mistakes)
    return " ".join(mistakes)


@pytest.mark.parametrize(
    ("signal", "says"),
    [
        pytest.param({"window_length": "0"}, "at least 1 long", id="window of zero"),
        pytest.param({"window_length": ""}, "at least 1 long", id="no window"),
        pytest.param({"window_length": "-7"}, "at least 1 long", id="negative window"),
        pytest.param({"window_length": "99999"}, "can be at most 3650 long", id="window of centuries"),
        pytest.param({"window_length": "seven"}, "whole number", id="window in words"),
        pytest.param({"at_least": ""}, "Say from how much on it counts", id="no amount"),
        pytest.param({"at_least": "0"}, "must be more than 0", id="at least nothing"),
        pytest.param({"at_least": "1.5"}, "whole numbers", id="half an event"),
        pytest.param({"at_least": "NaN"}, "Enter a number", id="not a number"),
        pytest.param({"points": ""}, "required", id="no points"),
        pytest.param({"points": "ten"}, "Use a number, for example", id="points in words"),
        pytest.param({"points": "0"}, "changes nothing", id="no effect"),
        pytest.param({"points": "1e9"}, "less than or equal", id="absurd points"),
        pytest.param({"points": "1.005"}, "decimal places", id="a fraction of a hundredth"),
        pytest.param({"points_cap": "0"}, "must be more than 0", id="cap of zero"),
        pytest.param({"name": ""}, "required", id="no reason"),
        pytest.param({"name": "x" * 121}, "at most 120 characters", id="long reason"),
        pytest.param({"name": "nul\x00byte"}, "Null characters", id="NUL"),
        pytest.param({"kind": "telepathy"}, "not one of the available choices", id="unknown kind"),
        pytest.param({"action": ""}, "Choose the action", id="no action"),
        pytest.param({"action": "Xyzzy"}, "No action is called", id="unknown action"),
        pytest.param({"window": "ever", "kind": "recency"}, "needs a window", id="lately without a window"),
        pytest.param({"kind": "distinct_days", "at_least": "9"}, "can never be reached", id="9 days in 7"),
        pytest.param({"kind": "sum"}, "has no number to sum", id="sum of nothing"),
        pytest.param(TRAIT | {"trait_name": ""}, "Name the trait", id="no trait"),
        pytest.param(TRAIT | {"trait_value": ""}, "Give a value", id="no value"),
        pytest.param(TRAIT | {"trait_operator": "gte"}, "is not a number", id="at least a text"),
    ],
)  # fmt: skip
def test_wrong_signal_is_refused(as_user, bob, definition, signal, says):
    response = as_user(bob).post(url("draft", definition), posted(definition, SIGNED_IN | signal))

    assert response.status_code == 422
    assert says in sentences(response)
    assert not Signal.objects.exists()


@pytest.mark.parametrize(
    ("fields", "bands", "says"),
    [
        pytest.param({"enter_threshold": "21"}, (HOT,), "nobody ever reaches 21", id="unreachable"),
        pytest.param({"enter_threshold": "0"}, (HOT,), "everybody would be a PQL", id="zero"),
        pytest.param({"enter_threshold": ""}, (HOT,), "required", id="empty"),
        pytest.param({"exit_threshold": "25"}, (HOT,), "enters at 20 but would leave at 25", id="leaves above entry"),
        pytest.param({"requalify_after_days": "-1"}, (HOT,), "greater than or equal to 0", id="negative days"),
        pytest.param({"requalify_after_days": "9999"}, (HOT,), "0 to 3650 days", id="thirty years"),
        pytest.param({}, (), "Add at least one band", id="no bands"),
        pytest.param({}, ({"name": "hot", "minimum": "5"},), "start exactly at the threshold", id="no band at it"),
        pytest.param({}, (HOT, {"name": "hot", "minimum": "5"}), "used twice", id="band twice"),
        pytest.param({}, (HOT, {"name": "top", "minimum": "99"}), "Nobody reaches this band", id="band too high"),
        pytest.param({"motion": "0"}, (HOT,), "not a valid UUID", id="no such motion"),
    ],
)  # fmt: skip
def test_wrong_thresholds_and_bands_are_refused(as_user, bob, definition, fields, bands, says):
    response = as_user(bob).post(
        url("draft", definition), posted(definition, SIGNED_IN, bands=bands, **fields)
    )

    assert response.status_code == 422
    assert says in sentences(response)


def test_two_signals_of_one_name_are_refused_at_the_second(as_user, bob, definition):
    response = as_user(bob).post(url("draft", definition), posted(definition, SIGNED_IN, SIGNED_IN))

    forms = response.context["forms"].signals.forms
    assert not forms[0].errors
    assert "used twice" in str(forms[1].errors["name"])


def test_definition_without_signals_is_refused(as_user, bob, definition):
    response = as_user(bob).post(url("draft", definition), posted(definition))

    assert "Add at least one signal" in sentences(response)


def test_a_thousand_rows_are_not_read(as_user, bob, definition):
    data = posted(definition, *[SIGNED_IN | {"name": f"s{n}"} for n in range(300)])

    response = as_user(bob).post(url("draft", definition), data)

    assert response.status_code == 422
    assert len(response.context["forms"].signals.forms) <= 120
