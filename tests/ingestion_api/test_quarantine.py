"""What could not be read is kept whole and can be mended."""

import json
from datetime import timedelta
from uuid import UUID

import pytest

from ingestion.models import Inbox, QuarantinedEvent
from ingestion.operations import AlreadyReplayed, StillUnreadable, quarantine_all, replay_quarantined
from ingestion.rules import Rejection, normalise, parse_json
from tenants.audit import SYSTEM
from tenants.models import AuditEvent
from tests.ingestion_api.conftest import TRACK

DAY = timedelta(days=1)


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
