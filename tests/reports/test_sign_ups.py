"""PQL rate and time to PQL: from sign-up to first PQL."""

from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest

from ingestion.models import Activity, Identity
from reports.reports import REPORTS
from scoring.models import Level
from tests.factories.reports import days, live_definition, pql, score, sign_up
from tests.factories.scoring import make_action, make_motion, version_of
from tests.reports.asking import ask, rows

START = datetime(2026, 1, 10, 9, tzinfo=UTC)
WINDOW = days(14)
LATER = START + days(50)


@pytest.fixture
def team(in_acme):
    return live_definition()


def answer(name, definition, *, now=LATER, **values):
    return REPORTS[name](ask(definition, now=now, first=date(2026, 1, 1), **values))


def totals(report):
    """(sign-ups, finished, PQL in time)."""
    found = rows(report)
    return tuple(sum(row[name] for row in found) for name in ("n_total", "n_mature", "pql_in_time"))


@pytest.mark.parametrize(
    ("after", "in_time"),
    [
        pytest.param(timedelta(0), 1, id="at once"),
        pytest.param(WINDOW - timedelta(microseconds=1), 1, id="just in time"),
        pytest.param(WINDOW, 0, id="at the end"),
    ],
)
def test_pql_counts_inside_the_half_open_window(team, after, in_time):
    pql(team, sign_up(START), START + after)

    assert totals(answer("rate", team)) == (1, 1, in_time)


def test_a_day_later_exactly_the_sign_ups_of_that_day_are_finished(team):
    for number in range(10):
        sign_up(START + days(number / 2))

    finished = [totals(answer("rate", team, now=START + WINDOW + days(day)))[1] for day in range(6)]

    assert finished == [1, 3, 5, 7, 9, 10]


def test_young_sign_ups_count_neither_above_nor_below(team):
    pql(team, sign_up(START), START)

    assert totals(answer("rate", team, now=START + days(13))) == (1, 0, 0)


def test_window_can_be_chosen(team):
    pql(team, sign_up(START), START + days(20))

    assert totals(answer("rate", team))[2] == 0
    assert totals(answer("rate", team, window_days=30))[2] == 1


def test_bots_and_internal_users_did_not_sign_up(team):
    sign_up(START, exclusion=1)

    assert totals(answer("rate", team)) == (0, 0, 0)


def test_sign_ups_before_the_definition_was_live_are_left_out_and_counted(in_acme):
    definition = live_definition(since=START)
    sign_up(START - timedelta(microseconds=1))
    sign_up(START)

    report = answer("rate", definition)

    assert totals(report) == (1, 1, 0)
    assert report.notes == ["1 sign-up came before the definition went live and is left out."]


def test_who_was_a_pql_before_the_sign_up_is_left_out_and_counted(team):
    pql(team, sign_up(START), START - timedelta(seconds=1))

    report = answer("rate", team)

    assert totals(report) == (0, 0, 0)
    assert report.notes == ["1 was a PQL before the sign-up and is left out."]


def test_first_pql_of_the_chosen_band_counts(team):
    account = sign_up(START)
    pql(team, account, START + days(1), band="warm", state="left")
    pql(team, account, START + days(2), band="hot")

    assert totals(answer("rate", team, band="hot"))[2] == 1
    assert totals(answer("rate", team, band="cold"))[2] == 0


def did(action, at, *, account=None, person=None):
    identity = Identity.objects.create(kind=1, value=str(person), person_id=person).pk if person else 0
    number = Activity.objects.count() + 1
    Activity.objects.create(
        event_id=number, action_version_id=version_of(action), identity_id=identity, account_id=account, ts=at,
        received_at=at, local_day=at.date(),
    )  # fmt: skip


@pytest.mark.parametrize("level", [Level.PERSON, Level.ACCOUNT])
def test_sign_up_is_the_first_start_action_where_the_motion_names_one(in_acme, level):
    action = make_action("Signed up")
    definition = live_definition(level=level, motion=make_motion(start_action=action))
    subject, _visitor = sign_up(START - days(5), level=level), sign_up(START, level=level)
    key = "account" if level == Level.ACCOUNT else "person"
    did(action, START, **{key: subject})
    pql(definition, subject, START + days(13))

    assert totals(answer("rate", definition)) == (1, 1, 1)


def test_persons_count_once_they_are_identified(in_acme):
    from ingestion.models import Person

    definition = live_definition(level=Level.PERSON)
    sign_up(START, level=Level.PERSON)
    Person.objects.create(first_seen_at=START, last_seen_at=START)

    assert totals(answer("rate", definition)) == (1, 1, 0)


def test_rate_shows_its_range_from_twenty_on(team):
    for number in range(20):
        account = sign_up(START)
        if number < 5:
            pql(team, account, START + days(1))

    figure = answer("rate", team).figures[0]

    assert (figure.value, figure.note) == ("25%", "11.2% to 46.9%")


def test_unpublished_definition_cannot_have_a_rate(in_acme):
    definition = live_definition()
    definition.versions.update(published_at=None)
    sign_up(START)

    assert answer("rate", definition).empty.title == "Not live yet"


def test_held_out_sign_ups_are_left_out_above_and_below_for_others(team):
    pql(team, sign_up(START), START, lead="held_out")
    sign_up(START)

    assert totals(answer("rate", team)) == (2, 2, 1)
    assert totals(answer("rate", team, sees_held_out=False)) == (1, 1, 0)


@pytest.mark.parametrize("seed", range(5))
def test_rate_agrees_with_a_naive_reading_of_random_histories(team, seed):
    random = Random(seed)
    signed_up = {}
    first = {}
    for _ in range(40):
        at = START + days(random.random() * 40)
        account = sign_up(at)
        signed_up[account] = at
        for wait in sorted(random.random() * 30 for _ in range(random.randint(0, 2))):
            if at + days(wait) <= LATER:
                pql(team, account, at + days(wait), state="left")
                first.setdefault(account, at + days(wait))

    finished = [account for account, at in signed_up.items() if at + WINDOW <= LATER]
    in_time = [
        account for account in finished if account in first and first[account] < signed_up[account] + WINDOW
    ]

    assert totals(answer("rate", team)) == (40, len(finished), len(in_time))


def test_median_counts_those_who_still_wait(team):
    """30 sign-ups: 20 become a PQL within their 5th hour, 10 never: half is there after 5 hours."""
    for number in range(30):
        account = sign_up(START)
        if number < 20:
            pql(team, account, START + timedelta(hours=4, minutes=30))

    figures = {figure.label: figure.value for figure in answer("speed", team).figures}

    assert figures["Median time to PQL"] == "5 hours"
    assert figures["PQL by day 7"] == "66.7%"


def test_median_is_not_reached_when_most_still_wait(team):
    for number in range(30):
        account = sign_up(START)
        if number < 10:
            pql(team, account, START + days(3))

    figures = {figure.label: figure.value for figure in answer("speed", team).figures}

    assert figures["Median time to PQL"] == "Not reached"
    assert figures["A quarter is there after"] == "3 days"


def test_share_by_a_day_nobody_was_watched_for_cannot_be_said(team):
    for _ in range(20):
        sign_up(START)

    figures = {figure.label: figure.value for figure in answer("speed", team, now=START + days(10)).figures}

    assert (figures["PQL by day 7"], figures["PQL by day 14"]) == ("0%", "Cannot say yet")


def test_time_to_pql_of_few_is_not_shown(team):
    for _ in range(19):
        sign_up(START)

    assert answer("speed", team).empty.text == "Sign-ups: 19 of at least 20 needed."


def test_time_to_pql_of_the_rate_window_is_the_rate_when_all_are_finished(team):
    for number in range(40):
        account = sign_up(START + days(number / 10))
        if number % 3:
            pql(team, account, START + days(number / 10 + number / 2))

    figures = {figure.label: figure.value for figure in answer("speed", team).figures}

    assert figures["PQL by day 14"] == answer("rate", team).figures[0].value


def test_funnel_follows_the_same_subjects(team):
    scored, routed, accepted, won, _unseen = (sign_up(START) for _ in range(5))
    score(team, scored, START)
    pql(team, routed, START)
    pql(team, accepted, START, disposition="accepted")
    pql(team, won, START, disposition="won", lead="closed")
    pql(team, sign_up(START), START, lead="held_out")
    sign_up(START - days(60))

    counts = dict(answer("funnel", team).sheet[1:])

    assert counts == {"signed_up": 6, "scored": 5, "pql": 4, "routed": 3, "accepted": 2, "won": 1}


def test_funnel_without_held_out_leads_for_others(team):
    pql(team, sign_up(START), START, lead="held_out")
    pql(team, sign_up(START), START)

    report = answer("funnel", team, sees_held_out=False)

    assert dict(report.sheet[1:])["signed_up"] == 1
    assert report.notes == []
