"""The live stream: the same company, now."""

from datetime import datetime, timedelta
from itertools import islice, takewhile

import pytest

from pqlhub.simulator import live_events, suggested_definitions, to_json_line
from tests.simulator import scorer
from tests.simulator.conftest import END

START = END + timedelta(hours=2)
ARGUMENTS = {"seed": 11, "start": START, "end": END, "accounts": 150}


def live(rate, minutes):
    until = (START + timedelta(minutes=minutes)).isoformat()
    return list(takewhile(lambda m: m["timestamp"] < until, live_events(rate=rate, **ARGUMENTS)))


@pytest.fixture(scope="module")
def half_an_hour():
    return live(rate=1, minutes=30)


def test_live_is_in_order_from_the_start_and_without_repeats(half_an_hour):
    times = [datetime.fromisoformat(m["timestamp"]) for m in half_an_hour]
    assert times == sorted(times)
    assert times[0] >= START
    assert len({m["messageId"] for m in half_an_hour}) == len(half_an_hour)


@pytest.mark.parametrize("rate", [0.2, 1, 8])
def test_live_keeps_about_the_asked_rate(rate):
    found = list(islice(live_events(rate=rate, **ARGUMENTS), 1_500))
    span = datetime.fromisoformat(found[-1]["timestamp"]) - START
    assert 0.75 < 1_500 / span.total_seconds() / rate < 1.3


def test_live_same_arguments_same_bytes_and_other_start_other_ids(half_an_hour):
    again = list(islice(live_events(rate=1, **ARGUMENTS), 200))
    later = islice(live_events(rate=1, **ARGUMENTS | {"start": START + timedelta(minutes=1)}), 200)
    assert list(map(to_json_line, again)) == list(map(to_json_line, half_an_hour[:200]))
    assert {m["messageId"] for m in later}.isdisjoint(m["messageId"] for m in again)


def test_live_goes_on_with_known_people_and_introduces_new_ones(half_an_hour, messages):
    known = {m["userId"] for m in messages if "userId" in m}
    users = {m["userId"] for m in half_an_hour if "userId" in m}
    introduced = {m["userId"] for m in half_an_hour if m["type"] == "identify"}
    assert len(users & known) > 50
    assert users - known <= introduced
    assert users - known


def test_live_new_accounts_do_not_take_the_names_of_known_ones(half_an_hour, messages):
    def groups(found):
        return {
            (m["groupId"], m["traits"]["name"])
            for m in found
            if m["type"] == "group" and "name" in m["traits"]
        }

    assert groups(half_an_hour)
    assert {name for _, name in groups(half_an_hour)}.isdisjoint(name for _, name in groups(messages))


@pytest.mark.parametrize("minute", [5, 15, 25])
def test_live_new_leads_appear_within_every_five_minutes(half_an_hour, messages, history, minute):
    before, after = START + timedelta(minutes=minute), START + timedelta(minutes=minute + 5)
    leads = []
    for moment in (before, after):
        events, traits = scorer.collect(messages + half_an_hour, history.truth, moment)
        leads.append({(d.name, subject) for d in suggested_definitions()
                      for subject, points in scorer.points(d, events, traits, moment).items()
                      if points >= d.threshold})  # fmt: skip
    assert len(leads[1] - leads[0]) >= 4


def test_live_refuses_a_rate_of_zero():
    with pytest.raises(ValueError, match="above 0"):
        live_events(rate=0, **ARGUMENTS)
