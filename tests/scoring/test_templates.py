import pytest

from scoring.models import Signal, Version
from scoring.operations.templates import SlotMissing, create_from_template
from scoring.rules.templates import TEMPLATES, suggest, template, thresholds
from tenants.audit import SYSTEM

HABIT = template("habit")


@pytest.mark.parametrize("one", TEMPLATES, ids=lambda one: one.key)
def test_template_signals_use_its_own_slots(one):
    assert {signal.slot for signal in one.signals} | {one.goal} <= {slot.key for slot in one.slots}


@pytest.mark.parametrize("one", TEMPLATES, ids=lambda one: one.key)
def test_template_thresholds_can_be_reached_and_are_in_order(one):
    enter, hot, leave = thresholds(one.signals)

    assert 0 < leave <= enter < hot <= sum(signal.points for signal in one.signals)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        pytest.param(["user_logged_in", "opened"], "user_logged_in", id="other-spelling"),
        pytest.param(["login"], "login", id="exact"),
        pytest.param(["Dark Mode Toggled"], None, id="nothing-alike"),
        pytest.param(["Logged In", "Signed In"], "Signed In", id="most-usual-wins"),
    ],
)
def test_suggest_finds_the_tenants_own_name(names, expected):
    assert suggest(HABIT.slots[0], names) == expected


def test_create_from_template_makes_a_draft_that_can_be_published(boards, now):
    events = {"sign_in": "login", "purchase": "paid"}

    definition = create_from_template(
        template=HABIT, business_unit=boards, name="Habit", events=events, by=SYSTEM, now=now
    )

    draft = definition.versions.get()
    assert draft.state == Version.State.DRAFT
    assert draft.enter_threshold == 2500
    assert [signal.action.versions.get().event_name for signal in Signal.objects.filter(version=draft)] == [
        "login"
    ]


def test_a_second_definition_reuses_actions_and_motion(boards, now):
    events = {"sign_in": "login", "purchase": "paid"}
    first, second = (
        create_from_template(
            template=HABIT, business_unit=boards, name=name, events=events, by=SYSTEM, now=now
        )
        for name in ("One", "Two")
    )

    assert first.motion == second.motion


def test_signals_of_empty_slots_are_left_out(boards, now):
    events = {"sign_in": "login", "purchase": "paid", "limit": "Quota hit"}

    definition = create_from_template(
        template=template("team-ready"), business_unit=boards, name="Team", events=events, by=SYSTEM, now=now
    )

    assert Signal.objects.filter(version__definition=definition).count() == 2


def test_a_required_slot_left_empty_is_named(boards, now):
    with pytest.raises(SlotMissing) as refused:
        create_from_template(
            template=HABIT,
            business_unit=boards,
            name="Habit",
            events={"sign_in": "login"},
            by=SYSTEM,
            now=now,
        )

    assert refused.value.slot == "purchase"
