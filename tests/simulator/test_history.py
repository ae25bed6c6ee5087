"""Determinism, order of arrival, duplicates and lateness."""

import hashlib
import os
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from pqlhub.simulator import simulate, to_json_line
from tests.simulator.conftest import END


def at(message):
    return datetime.fromisoformat(message["timestamp"])


def written_by_a_fresh_process(hash_seed):
    command = [
        sys.executable,
        "-m",
        "pqlhub.simulator",
        "--end",
        END.isoformat(),
        "--accounts",
        "20",
        "--seed",
        "5",
    ]
    return subprocess.run(
        command, env=os.environ | {"PYTHONHASHSEED": hash_seed}, check=True, capture_output=True
    ).stdout


def test_history_same_arguments_same_bytes_whatever_the_hash_seed():
    here = "".join(to_json_line(m) + "\n" for m in simulate(seed=5, end=END, accounts=20).messages()).encode()

    digests = {hashlib.sha256(text).hexdigest() for text in (here, *map(written_by_a_fresh_process, "01"))}

    assert len(here) > 100_000
    assert len(digests) == 1


def test_history_other_seed_other_messages():
    one, other = (simulate(seed=seed, end=END, accounts=5) for seed in (5, 6))
    assert {m["messageId"] for m in one.messages()}.isdisjoint(m["messageId"] for m in other.messages())


def test_history_smaller_set_is_the_same_accounts():
    small, large = (simulate(seed=5, end=END, accounts=count).truth.accounts for count in (20, 60))
    assert all(large[account_id] == account for account_id, account in small.items())


def test_history_arrives_in_event_time_order_except_for_late_and_duplicate(messages, history):
    truth = history.truth
    on_time, seen = [], set()
    for message in messages:
        if message["messageId"] not in seen and message["messageId"] not in truth.late_message_ids:
            on_time.append(at(message))
        seen.add(message["messageId"])

    assert on_time == sorted(on_time)
    assert [at(m) for m in messages] != sorted(at(m) for m in messages)


def test_history_late_messages_come_after_what_happened_before_their_arrival(messages, history):
    arrivals = history.truth.late_message_ids
    positions = [i for i, m in enumerate(messages) if m["messageId"] in arrivals and i + 1 < len(messages)]
    for position in positions:
        arrived = arrivals[messages[position]["messageId"]]
        before = messages[position - 1]
        assert at(messages[position]) < arrived
        assert arrivals.get(before["messageId"], at(before)) <= arrived
    assert any(arrivals[messages[p]["messageId"]] - at(messages[p]) > timedelta(hours=6) for p in positions)
    assert 0.002 < len(arrivals) / len(messages) < 0.02


def test_history_sends_exactly_the_known_duplicates_twice_and_unchanged(messages, history):
    copies = {}
    for message in messages:
        copies.setdefault(message["messageId"], []).append(to_json_line(message))
    twice = {key for key, found in copies.items() if len(found) == 2}

    assert twice == history.truth.duplicate_message_ids
    assert Counter(len(found) for found in copies.values()).keys() == {1, 2}
    assert all(copies[key][0] == copies[key][1] for key in twice)
    assert 0.003 < len(twice) / len(messages) < 0.01


def test_history_stays_inside_its_window(messages, history):
    assert history.truth.start <= min(map(at, messages))
    assert max(map(at, messages)) < history.truth.end == END


def test_history_default_size_is_as_promised(full_history):
    truth = full_history.truth
    persons = {user for account in truth.accounts.values() for user in account.joined_user_ids}
    assert len(truth.accounts) == 1_200
    assert 4_000 < len(persons) < 6_000
    assert 150_000 < len(full_history) < 260_000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param({"end": datetime(2026, 1, 1)}, "time-zone-aware", id="naive end"),  # noqa: DTZ001
        pytest.param({"days": 3}, "15 days", id="shorter than a trial"),
        pytest.param({"accounts": 0}, "1 account", id="nobody"),
        pytest.param({"contacts": {"acc-99999": END}}, "acc-99999", id="unknown contact"),
    ],
)
def test_history_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        simulate(**{"seed": 1, "end": datetime(2026, 1, 1, tzinfo=UTC), "accounts": 5} | arguments)
