"""What no cleaning caught must not hold up the rest. The rules clean what we know; these messages go around them."""

import pytest
from django.db import OperationalError, connection
from psycopg.errors import DeadlockDetected

import ingestion.operations.fold as fold_module
from ingestion.models import Event, EventKey, QuarantinedEvent
from ingestion.operations.arrivals import Arrival, Request
from ingestion.operations.fold import Refused, keep_refused, to_arrival
from ingestion.operations.history import add_to_history
from ingestion.rules.exclusion import Rules
from tests.factories.ingestion import RECEIVED, make_source, track


@pytest.fixture
def request_of(in_acme):
    return Request(make_source(in_acme).pk, "server", RECEIVED, {}, {})


def arrivals(request_of: Request, number: int) -> list[Arrival]:
    items = [track(f"u{n}", "login", id=f"m{n}") for n in range(number)]
    return [to_arrival(item, request_of, Rules()) for item in items]


def spoiled(arrival: Arrival, **changes: object) -> Arrival:
    return arrival._replace(message=arrival.message._replace(**changes))


def nested(depth: int) -> dict:
    value: dict = {}
    for _level in range(depth):
        value = {"x": value}
    return value


POISON = {
    "NUL": {"properties": {"a": "x\0y"}},
    "lone surrogate": {"properties": {"a": "\ud800"}},
    "number out of range": {"clock_skew_ms": 2**70},
    "id too long for an index": {"user_id": "".join(chr(0x4E00 + n * 7 % 20_000) for n in range(9_000))},
    "too deep": {"properties": nested(900), "name": "deep\0"},
}


@pytest.mark.parametrize("changes", POISON.values(), ids=POISON.keys())
@pytest.mark.parametrize("place", [0, 3, 6])
def test_one_poisoned_event_is_found_and_the_others_land(request_of, changes, place):
    batch = arrivals(request_of, 7)
    batch[place] = spoiled(batch[place], **changes)

    added = add_to_history(batch, score_at=RECEIVED)

    assert [arrival.message.message_id for arrival, _words in added.poisoned] == [f"m{place}"]
    assert added.events == Event.objects.count() == EventKey.objects.count() == 6


def test_several_poisoned_events_are_all_found(request_of):
    batch = arrivals(request_of, 20)
    for n in range(0, 20, 3):
        batch[n] = spoiled(batch[n], properties={"a": "\0"})

    added = add_to_history(batch, score_at=RECEIVED)

    assert (len(added.poisoned), added.events) == (7, 13)


def test_a_failing_server_is_not_the_fault_of_an_event(request_of):
    def fail(execute, sql, params, many, context):
        if "INSERT INTO ingestion_event " in sql:
            raise OperationalError("server closed the connection unexpectedly")
        return execute(sql, params, many, context)

    with pytest.raises(OperationalError), connection.execute_wrapper(fail):
        add_to_history(arrivals(request_of, 3), score_at=RECEIVED)


def test_a_deadlock_with_other_work_is_tried_again(request_of):
    failures = iter([True, True])

    def deadlock_twice(execute, sql, params, many, context):
        if "INSERT INTO ingestion_event " in sql and next(failures, False):
            raise OperationalError("deadlock detected") from DeadlockDetected()
        return execute(sql, params, many, context)

    with connection.execute_wrapper(deadlock_twice):
        assert add_to_history(arrivals(request_of, 3), score_at=RECEIVED).events == 3


def test_what_is_refused_is_kept_whole_with_words(request_of):
    (arrival,) = arrivals(request_of, 1)
    bad = spoiled(arrival, properties={"a": "x\0y"})
    added = add_to_history([bad], score_at=RECEIVED)
    keep_refused([fold_module.poisoned(*pair) for pair in added.poisoned])

    kept = QuarantinedEvent.objects.get()
    assert kept.code == "not_storable"
    assert kept.detail.startswith("The database cannot store this event:")
    assert '"messageId":"m0"' in kept.raw


def test_a_fault_of_the_rules_costs_one_event_and_is_logged(request_of, monkeypatch, caplog):
    monkeypatch.setattr(fold_module, "normalise", lambda *args: 1 / 0)

    result = to_arrival(track("u1", "login"), request_of, Rules())

    assert isinstance(result, Refused)
    assert result.reason.code == "not_understood"
    assert "normalise_failed" in caplog.text
