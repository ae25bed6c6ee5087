"""What could not be read is kept whole and can be mended."""

import json
from datetime import timedelta
from uuid import UUID

import pytest

from ingestion.models import Inbox, QuarantinedEvent
from ingestion.operations import (
    AlreadyReplayed,
    NothingWaits,
    StillUnreadable,
    begin_quarantine_replay,
    continue_quarantine_replays,
    fold_inbox,
    quarantine_all,
    replay_quarantined,
)
from ingestion.queries.quarantine import replay_results
from ingestion.rules import Rejection, normalise, parse_json
from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tenants.models import AuditEvent
from tests.factories.ingestion import make_source
from tests.ingestion_api.conftest import TRACK

DAY = timedelta(days=1)
SOURCE = UUID(int=7)


@pytest.fixture
def keep(in_acme, now):
    def keep(raw, **options):
        where = {
            "source_id": UUID(int=7),
            "received_at": now,
            "client": {"ip": "::1"},
        }
        rejected = [(raw, Rejection("missing_event", "Say what happened."))]
        return quarantine_all(rejected=rejected, **where | options)[0]

    return keep


@pytest.fixture
def opened_names(keep):
    """21 events that wait, each with a name of its own."""
    for number in range(21):
        keep({"messageId": f"m{number}", "event": f"Event {number}"})


def replayed():
    row = Inbox.objects.get()
    return row, parse_json(bytes(row.payload))["batch"][0]


def test_an_item_is_kept_whole_with_its_reason(keep):
    keep({"messageId": "m\0", "event": "e\ud800", "properties": {"a": "\0"}})
    event = QuarantinedEvent.objects.get()
    assert (event.message_id, event.event_name, event.code) == ("m", "e", "missing_event")
    assert json.loads(event.raw) == {"messageId": "m\0", "event": "e\ud800", "properties": {"a": "\0"}}


@pytest.mark.parametrize("raw", [None, 3, "text", [1], {}, {"messageId": {"a": 1}}, {"event": "x" * 9000}])
def test_any_json_value_can_be_kept(keep, raw):
    assert json.loads(keep(raw).raw) == raw


def test_what_the_batch_said_for_all_goes_with_the_item(keep):
    envelope = {"context": {"groupId": "g", "ip": "1"}, "sentAt": "2026-03-10T12:00:00Z"}
    event = keep({"context": {"ip": "2"}}, envelope=envelope)
    assert json.loads(event.raw) == {
        "context": {"groupId": "g", "ip": "2"},
        "sentAt": "2026-03-10T12:00:00Z",
    }


def test_a_mended_event_goes_back_to_the_inbox_and_is_audited(keep, now):
    event = keep({"type": "track", "userId": "u"})
    replay_quarantined(event=event, by=SYSTEM, now=now + DAY, raw=json.dumps(TRACK))
    row, item = replayed()
    assert (row.source_id, row.client, row.received_at) == (event.source_id, {"ip": "::1"}, now + DAY)
    assert item["event"] == "Report Exported"
    event.refresh_from_db()
    assert event.replayed_at == now + DAY
    assert AuditEvent.objects.filter(verb="quarantined_event.replayed").get().fields == ["raw", "replayed_at"]


def test_a_replayed_event_happened_when_it_was_received(keep, now):
    replay_quarantined(event=keep(TRACK), by=SYSTEM, now=now + DAY)
    row, item = replayed()
    assert normalise(item, {}, "server", row.received_at, row.client).ts == now


def test_a_replayed_event_keeps_the_skew_of_its_clock(keep, now):
    hour = timedelta(hours=1)
    times = {"timestamp": (now - 3 * hour).isoformat(), "sentAt": (now - hour).isoformat()}
    before = normalise(TRACK | times, {}, "browser", now, {})
    replay_quarantined(event=keep(TRACK | times), by=SYSTEM, now=now + DAY)
    row, item = replayed()
    after = normalise(item, {}, "browser", row.received_at, {})
    assert (after.ts, after.clock_skew_ms) == (before.ts, before.clock_skew_ms) == (now - 2 * hour, 3_600_000)


def test_an_event_is_replayed_once(keep, now):
    event = keep(TRACK)
    replay_quarantined(event=event, by=SYSTEM, now=now)
    with pytest.raises(AlreadyReplayed):
        replay_quarantined(event=event, by=SYSTEM, now=now)
    assert Inbox.objects.count() == 1


@pytest.mark.parametrize("raw", ["{", "3", '{"type": "track"}', None])
def test_an_event_that_would_be_rejected_again_stays(keep, now, raw):
    event = keep({"type": "track", "userId": "u"})
    with pytest.raises(StillUnreadable, match=r"\w"):
        replay_quarantined(event=event, by=SYSTEM, now=now, raw=raw)
    event.refresh_from_db()
    assert event.replayed_at is None
    assert not Inbox.objects.exists()


@pytest.fixture
def group(in_acme, now):
    """Keeps events that were rejected for one reason."""

    def keep(items, *, source=SOURCE, received_at=now):
        rejected = [(item, Rejection("missing_user_id", "Send it.")) for item in items]
        quarantine_all(source_id=source, rejected=rejected, received_at=received_at, client={"ip": "::1"})

    return keep


def begin(now, **changes):
    wanted = {"source_id": SOURCE, "code": "missing_user_id", "event_name": "Opened"} | changes
    return begin_quarantine_replay(**wanted, by=SYSTEM, now=now)


def opened(n, **more):
    return {"type": "track", "event": "Opened", "messageId": f"m{n}", "userId": f"u{n}"} | more


def test_a_group_goes_back_in_slices_once_and_what_is_still_unreadable_stays(group, now, monkeypatch):
    monkeypatch.setattr("ingestion.operations.quarantine_replays.SLICE", 3)
    group([*(opened(n) for n in range(4)), opened(9, type="nonsense")])
    run = begin(now + DAY)

    slices = 1
    while continue_quarantine_replays(now=now + DAY):
        slices += 1

    run.refresh_from_db()
    assert (run.total, run.sent, run.refused, slices) == (5, 4, 1, 2)
    sent = [
        item["messageId"] for row in Inbox.objects.all() for item in parse_json(bytes(row.payload))["batch"]
    ]
    assert sorted(sent) == ["m0", "m1", "m2", "m3"]
    assert QuarantinedEvent.objects.get(replayed_at=None).message_id == "m9"


def test_other_sources_reasons_and_later_events_are_left_alone(group, now):
    group([opened(1)])
    group([opened(2)], source=UUID(int=8))
    group([opened(3, event="Closed")])
    begin(now)
    group([opened(4)], received_at=now + DAY)

    assert not continue_quarantine_replays(now=now + DAY)

    assert sorted(QuarantinedEvent.objects.filter(replayed_at=None).values_list("message_id", flat=True)) == [
        *("m2", "m3", "m4"),
    ]


def test_asking_twice_while_it_runs_is_one_replay_and_afterwards_nothing_waits(group, now):
    group([opened(1)])

    assert begin(now) == begin(now)
    continue_quarantine_replays(now=now)

    with pytest.raises(NothingWaits, match="already"):
        begin(now)


def test_what_is_wrong_in_another_way_comes_back_and_is_counted(acme, group, now):
    source = make_source(acme).pk
    group([opened(1, properties={"n": 1e40}), opened(2)], source=source)
    begin(now, source_id=source)
    continue_quarantine_replays(now=now)

    fold_inbox(now=now)

    (result,) = replay_results()
    assert (result.run.sent, result.came_back) == (2, 1)
    waits = QuarantinedEvent.objects.get(replayed_at=None)
    assert result.why_back == [(waits.code, 1)]


def test_another_companys_quarantine_is_never_sent(group, globex, now):
    group([opened(1)])

    with tenant_context(globex.pk), pytest.raises(NothingWaits):
        begin(now)


def test_the_largest_groups_show_first_and_all_when_asked_for(client, alice, opened_names):
    client.force_login(alice, backend="tenants.accounts.LoginBackend")

    first = client.get("/ingestion/quarantinedevent/")
    every = client.get("/ingestion/quarantinedevent/?groups=all")

    assert (len(first.context["groups"]), first.context["has_more_groups"]) == (20, True)
    assert "The 20 largest groups." in first.content.decode()
    assert (len(every.context["groups"]), every.context["has_more_groups"]) == (21, False)
