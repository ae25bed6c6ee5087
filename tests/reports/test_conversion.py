"""PQL to goal: first PQLs only, matured windows only, nobody who was there before."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest

from experiments.models import Assignment
from ingestion.models import Person
from reports.reports import REPORTS
from reports.reports.conversion import group
from scoring.models import Level
from tests.factories.reports import assign, days, goal, holdout, live_definition, pql, sign_up
from tests.factories.scoring import make_motion
from tests.reports.asking import ask, rows

START = datetime(2026, 1, 10, 9, tzinfo=UTC)
WINDOW = days(30)


@pytest.fixture
def team(in_acme):
    return live_definition(name="Team ready to buy")


def totals(report):
    """(first PQLs, finished, reached) over all cohorts and bands."""
    found = rows(report)
    return tuple(sum(row[name] for row in found) for name in ("n_total", "n_mature", "reached"))


def ask_conversion(definition, *, now, **values):
    return REPORTS["conversion"](ask(definition, now=now, first=date(2026, 1, 1), **values))


@pytest.mark.parametrize(
    ("after", "reached"),
    [
        pytest.param(timedelta(0), 1, id="at the moment we noticed"),
        pytest.param(WINDOW - timedelta(microseconds=1), 1, id="just inside"),
        pytest.param(WINDOW, 0, id="at the end of the window"),
    ],
)
def test_goal_counts_inside_the_half_open_window(team, after, reached):
    pql(team, 1, START)
    goal(team, 1, START + after)

    assert totals(ask_conversion(team, now=START + days(60))) == (1, 1, reached)


def test_pql_is_finished_when_its_window_has_passed_to_the_microsecond(team):
    pql(team, 1, START)

    assert totals(ask_conversion(team, now=START + WINDOW - timedelta(microseconds=1))) == (1, 0, 0)
    assert totals(ask_conversion(team, now=START + WINDOW)) == (1, 1, 0)


def test_a_day_later_exactly_the_pqls_of_that_day_are_finished(team):
    for number in range(10):
        pql(team, number, START + days(number / 2))

    finished = [totals(ask_conversion(team, now=START + WINDOW + days(day)))[1] for day in range(6)]

    assert finished == [1, 3, 5, 7, 9, 10]


def test_a_young_pql_that_converted_counts_neither_above_nor_below(team):
    pql(team, 1, START)
    goal(team, 1, START + days(1))

    assert totals(ask_conversion(team, now=START + days(2))) == (1, 0, 0)


def test_who_had_the_goal_before_is_left_out_and_counted(team):
    pql(team, 1, START)
    goal(team, 1, START - timedelta(seconds=1))
    goal(team, 1, START + days(1))

    report = ask_conversion(team, now=START + days(60))

    assert totals(report) == (0, 0, 0)
    assert report.notes == ["1 had reached the goal before becoming a PQL and is left out."]


def test_only_the_first_qualification_of_a_subject_counts(team):
    pql(team, 1, START, state="left")
    pql(team, 1, START + days(40))
    goal(team, 1, START + days(41))

    assert totals(ask_conversion(team, now=START + days(100))) == (1, 1, 0)


def test_a_first_pql_before_the_period_does_not_make_the_second_one_first(team):
    pql(team, 1, START - days(30), state="left")
    pql(team, 1, START)

    assert totals(ask_conversion(team, now=START + days(60))) == (0, 0, 0)


def test_goal_that_was_received_later_than_now_is_not_known_yet(team):
    pql(team, 1, START)
    goal(team, 1, START + days(1), received_at=START + days(50))

    assert totals(ask_conversion(team, now=START + days(45)))[2] == 0
    assert totals(ask_conversion(team, now=START + days(50)))[2] == 1


def test_goals_of_another_motion_do_not_count(team):
    other = live_definition()
    pql(team, 1, START)
    goal(other, 1, START + days(1))

    assert totals(ask_conversion(team, now=START + days(60))) == (1, 1, 0)


def test_merged_persons_are_one_subject(in_acme):
    definition = live_definition(level=Level.PERSON)
    first, second, third = (sign_up(START, level=Level.PERSON) for _ in range(3))
    pql(definition, first, START, state="left")
    pql(definition, second, START + days(1), state="left")
    goal(definition, first, START + days(2))
    Person.objects.filter(pk=first).update(merged_into_id=second)
    Person.objects.filter(pk=second).update(merged_into_id=third)

    assert totals(ask_conversion(definition, now=START + days(60))) == (1, 1, 1)


def test_an_account_and_a_person_with_the_same_number_are_two(team):
    person = live_definition(level=Level.PERSON, motion=team.motion)
    pql(team, 7, START)
    goal(person, 7, START + days(1))

    assert totals(ask_conversion(team, now=START + days(60))) == (1, 1, 0)


def test_cohorts_are_cut_at_local_midnight(team):
    pql(team, 1, datetime(2026, 1, 31, 22, 59, tzinfo=UTC))
    pql(team, 2, datetime(2026, 1, 31, 23, 0, tzinfo=UTC))  # February in Berlin

    found = rows(ask_conversion(team, now=START + days(60)))

    assert [(row["first_pql"], row["n_total"]) for row in found] == [("2026-01-01", 1), ("2026-02-01", 1)]


def test_band_is_that_of_the_entry(team):
    row = pql(team, 1, START, band="warm")
    row.band = "hot"
    row.save(update_fields=["band"])

    assert [row["band"] for row in rows(ask_conversion(team, now=START + days(60)))] == ["warm"]
    assert totals(ask_conversion(team, now=START + days(60), band="hot")) == (0, 0, 0)


@pytest.mark.parametrize("seed", range(5))
def test_agrees_with_a_naive_reading_of_random_histories(in_acme, seed):
    random = Random(seed)
    definition = live_definition(motion=make_motion(goal_window_days=7))
    now = START + days(40)
    episodes = [(random.randint(1, 25), START + days(random.random() * 40)) for _ in range(40)]
    goals = [(random.randint(1, 25), START + days(random.random() * 40)) for _ in range(30)]
    for subject, at in episodes:
        pql(definition, subject, at, state="left")
    for subject, at in goals:
        goal(definition, subject, at)

    expected = naive(episodes, goals, now, days(7))

    assert totals(ask_conversion(definition, now=now)) == expected


def naive(episodes, goals, now, window):
    counts = Counter()
    for subject in {subject for subject, _at in episodes}:
        noticed = min(at for who, at in episodes if who == subject)
        mine = [at for who, at in goals if who == subject and at <= now]
        if any(at < noticed for at in mine):
            continue
        counts["total"] += 1
        if noticed + window <= now:
            counts["finished"] += 1
            counts["reached"] += any(noticed <= at < noticed + window for at in mine)
    return counts["total"], counts["finished"], counts["reached"]


def test_estimate_with_everybody_equals_the_rate_when_all_are_finished(team):
    for subject in range(40):
        pql(team, subject, START)
        if subject < 10:
            goal(team, subject, START + days(subject))

    figures = ask_conversion(team, now=START + days(60)).figures

    assert [figures[0].value, figures[2].value] == ["25%", "25%"]


def test_estimate_uses_young_pqls_for_as_long_as_they_were_watched(team):
    """20 watched to the end, 5 of them on day 1; 20 watched for 2 days, none: 5 of 40 on day 1, then nothing."""
    for subject in range(40):
        pql(team, subject, START if subject < 20 else START + days(38))
        if subject < 5:
            goal(team, subject, START + days(0.5))

    figures = ask_conversion(team, now=START + days(40)).figures

    assert [figures[0].value, figures[2].value] == ["25%", "12.5%"]


@pytest.mark.parametrize(("after", "share"), [(6.9, 0.25), (7.1, 0.0)])
def test_share_by_day_seven_is_of_goals_within_seven_times_24_hours(team, after, share):
    for subject in range(20):
        pql(team, subject, START)
        if subject < 5:
            goal(team, subject, START + days(after))
    question = ask(team, now=START + days(60), first=date(2026, 1, 1))

    found = group(question.followed(closely=question.definition))

    assert found.curve.reached_by(7) == share


def test_too_few_finished_pqls_say_so_instead_of_a_rate(team):
    for subject in range(19):
        pql(team, subject, START)

    figure = ask_conversion(team, now=START + days(60)).figures[0]

    assert (figure.value, figure.note) == ("Cannot say yet", "19 of at least 20 needed")


def test_no_pql_is_an_answer_and_not_an_error(team):
    report = ask_conversion(team, now=START + days(60))

    assert report.empty is not None
    assert report.empty.title == "No first PQLs in this period"


def held_out_block(report):
    return next(section for section in report.sections if section.heading == "Of which held out")


def test_holdout_is_compared_as_assigned_without_a_verdict(team):
    control, worked = holdout(team, START)
    for subject in range(50):
        is_control = subject < 25
        row = pql(team, subject, START, lead="held_out" if 0 < subject < 25 else "working")  # 0 was released
        assign(row, control if is_control else worked)
        if subject == 0 or subject >= 40:
            goal(team, subject, START + days(1))

    block = held_out_block(ask_conversion(team, now=START + days(60)))

    assert [row[0:6] for row in block.table.rows] == [
        ["Held out", "25", "0", "25", "1", "4%"],
        ["Worked", "25", "0", "25", "10", "40%"],
    ]
    assert "This is not yet a verdict" in block.texts[0]
    assert "lift" not in " ".join(block.texts)


def test_who_was_in_both_arms_is_in_neither_group(team):
    control, worked = holdout(team, START)
    for subject in range(50):
        row = pql(team, subject, START, lead="held_out" if subject < 25 else "working")
        assign(row, control if subject < 25 else worked)
    Assignment.objects.filter(unit_id__in=[0, 49]).update(mixed_at=START)

    block = held_out_block(ask_conversion(team, now=START + days(60)))

    assert [row[:2] for row in block.table.rows] == [["Held out", "24"], ["Worked", "24"]]


def test_young_holdout_says_not_enough_data(team):
    control, worked = holdout(team, START)
    assign(pql(team, 1, START, lead="held_out"), control)
    assign(pql(team, 2, START), worked)

    block = held_out_block(ask_conversion(team, now=START + days(1)))

    assert block.texts[0].startswith("Not enough data yet. 0 of 2 leads have finished their window.")


def test_who_may_not_see_held_out_leads_sees_a_world_without_them(team):
    control, worked = holdout(team, START)
    assign(pql(team, 1, START, lead="held_out"), control)
    assign(pql(team, 2, START), worked)
    goal(team, 1, START + days(1))

    report = ask_conversion(team, now=START + days(60), sees_held_out=False)

    assert totals(report) == (1, 1, 0)
    assert "Of which held out" not in [section.heading for section in report.sections]


def test_a_later_lead_of_a_held_out_subject_does_not_give_it_away(team):
    pql(team, 1, START, lead="held_out", state="left")
    pql(team, 1, START + days(5), lead="working")

    assert totals(ask_conversion(team, now=START + days(60), sees_held_out=False)) == (0, 0, 0)


def test_another_tenants_pqls_and_goals_are_not_counted(team, globex):
    from tenants.context import tenant_context

    pql(team, 1, START)
    with tenant_context(globex.pk):
        theirs = live_definition(name="Team ready to buy")
        pql(theirs, 1, START)
        goal(theirs, 1, START + days(1))

    assert totals(ask_conversion(team, now=START + days(60))) == (1, 1, 0)
