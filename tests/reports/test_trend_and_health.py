"""New PQLs over time, and how the definitions are doing."""

from datetime import UTC, date, datetime

import pytest

from reports.reports import REPORTS
from reports.stats import Grain
from tests.factories.reports import days, goal, live_definition, pql, score, sign_up
from tests.reports.asking import ask, rows

START = datetime(2026, 1, 10, 9, tzinfo=UTC)
NOW = START + days(60)


@pytest.fixture
def team(in_acme):
    return live_definition(name="Team ready to buy")


def answer(name, *definitions, **values):
    return REPORTS[name](ask(*definitions, **{"now": NOW, "first": date(2026, 1, 1), **values}))


def numbers(report):
    return {(row["beginning"], row["definition"], row["band"]): row["new_pqls"] for row in rows(report)}


def test_new_pqls_count_on_the_local_day_we_noticed_them(team):
    pql(team, 1, datetime(2026, 1, 10, 22, 59, tzinfo=UTC))
    pql(team, 2, datetime(2026, 1, 10, 23, 0, tzinfo=UTC), triggered_at=START)  # the 11th in Berlin
    pql(team, 3, datetime(2026, 1, 10, 23, 0, tzinfo=UTC), band="warm")

    assert numbers(answer("trend", team, grain=Grain.DAY)) == {
        ("2026-01-10", "Team ready to buy", "hot"): 1,
        ("2026-01-11", "Team ready to buy", "hot"): 1,
        ("2026-01-11", "Team ready to buy", "warm"): 1,
    }


def test_who_qualifies_again_counts_again_and_is_told_apart(team):
    pql(team, 1, START, state="left")
    pql(team, 1, START + days(1))

    assert answer("trend", team).figures[0].note == "1 for the first time, 1 again"


def test_merged_episodes_are_no_new_pqls(team):
    pql(team, 1, START, state="merged")

    assert answer("trend", team).empty is not None


def test_open_now_counts_open_ones_of_any_period(team):
    pql(team, 1, START - days(300))
    pql(team, 2, START, state="left")

    assert answer("trend", team).figures[1].value == "1"


def test_all_definitions_stand_side_by_side(team):
    other = live_definition(name="Champion")
    pql(team, 1, START)
    pql(other, 1, START)

    report = answer("trend", team, other, definition=None)

    assert [column.name for column in report.sections[0].table.columns[2:]] == [
        "Champion",
        "Team ready to buy",
    ]


def test_held_out_pqls_are_a_part_for_some_and_nothing_for_others(team):
    pql(team, 1, START, lead="held_out")
    pql(team, 2, START)
    pql(team, 3, START, lead=None)  # not routed yet: nobody knows whether it will be held out

    assert [figure.value for figure in answer("trend", team).figures] == ["3", "3", "1"]
    assert [figure.value for figure in answer("trend", team, sees_held_out=False).figures] == ["1", "1"]


def test_health_tells_what_a_definition_does(team):
    for number in range(20):
        account = sign_up(START)
        score(team, account, START, is_qualified=number < 5)
        if number < 4:
            pql(team, account, NOW - days(5 * number))

    (row,) = rows(answer("health", team))

    assert (row["live_version"], row["scored"], row["qualified"]) == (1, 20, 5)
    assert (row["pqls_7_days"], row["pqls_30_days"]) == (2, 4)


def test_health_counts_what_reps_said(team):
    answers = [("accepted", ""), ("won", ""), ("rejected", "Too small "), ("rejected", "too small"), ("", "")]
    for number, (disposition, reason) in enumerate(answers):
        pql(team, number, START, disposition=disposition, reason=reason)
    pql(team, 9, START, lead="held_out")

    (row,) = rows(answer("health", team))

    assert (row["leads"], row["answered"], row["accepted"]) == (5, 4, 2)
    assert row["rejected_because"] == "too small (2)"


def test_health_uses_each_motions_own_window(team):
    from tests.factories.scoring import make_motion

    slow = live_definition(name="Slow", motion=make_motion(goal_window_days=90))
    for definition in (team, slow):
        pql(definition, 1, START)
        goal(definition, 1, START + days(40))

    found = {
        row["definition"]: (row["n_mature"], row["reached_goal"])
        for row in rows(answer("health", team, slow))
    }

    assert found == {"Team ready to buy": (1, 0), "Slow": (0, 0)}


def test_health_of_nothing_says_where_to_begin(in_acme):
    question = ask(live_definition(), now=NOW, first=date(2026, 1, 1))

    report = REPORTS["health"](type(question)(**{**vars(question), "definitions": (), "definition": None}))

    assert report.empty.label == "Make a definition"
