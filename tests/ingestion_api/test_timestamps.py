"""When an event happened, from the clocks of two machines."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.rules.timestamps import EPOCH, event_time, parse_instant

RECEIVED = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def when(item, envelope=None, *, source_kind="server", client=None):
    return event_time(
        item, envelope or {}, source_kind=source_kind, received_at=RECEIVED, client=client or {}
    )


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-10T11:00:00Z",
        "2026-03-10T11:00:00",
        "2026-03-10 11:00:00",
        "2026-03-10T16:30:00.000+05:30",
        "2026-03-10T16:30:00.000000+0530",
        "2026-03-10 11:00:00 UTC",
        "2026-03-10 06:00:00 -0500",
        " 2026-03-10T11:00:00Z ",
        1773140400,
        1773140400.0,
        1773140400000,
        1773140400000000,
        "1773140400",
        "1773140400000",
    ],
)
def test_parse_instant_reads_every_spelling(text):
    assert parse_instant(text) == RECEIVED - HOUR


@pytest.mark.parametrize(
    "text", ["2016-12-31T23:59:60Z", "2017-01-01 00:59:60+01:00", "2016-12-31 23:59:60 UTC"]
)
def test_a_leap_second_is_the_one_after_it(text):
    assert parse_instant(text) == datetime(2017, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    ["", "yesterday", "2026-13-01", "10000-01-01", True, None, [], {}, 1e300, -1e300, 10**20, "9" * 300],
)
def test_parse_instant_refuses_what_names_no_moment(value):
    assert parse_instant(value) is None


@pytest.mark.parametrize(
    ("item", "ts"),
    [
        ({"timestamp": "2026-03-09", "originalTimestamp": "2026-03-08"}, datetime(2026, 3, 9, tzinfo=UTC)),
        ({"originalTimestamp": "2026-03-08"}, datetime(2026, 3, 8, tzinfo=UTC)),
        ({"timestamp": "soon", "originalTimestamp": "2026-03-08"}, datetime(2026, 3, 8, tzinfo=UTC)),
        ({"timestamp": None, "originalTimestamp": ""}, RECEIVED),
        ({}, RECEIVED),
    ],
)
def test_timestamp_goes_before_original_timestamp_before_receipt(item, ts):
    assert when(item).ts == ts


def test_an_unreadable_timestamp_is_noted_and_never_silently_replaced():
    assert when({"timestamp": "soon"}).notes == ("timestamp_invalid",)
    assert when({}).notes == ()


@pytest.mark.parametrize(
    ("source_kind", "client"),
    [
        ("browser", {}),
        ("mobile", {}),
        ("server", {"origin": "https://app.acme.test"}),
        ("server", {"user_agent": "Mozilla/5.0"}),
    ],
)
def test_a_client_side_clock_is_corrected_by_its_skew(source_kind, client):
    item = {"timestamp": (RECEIVED - 3 * HOUR).isoformat(), "sentAt": (RECEIVED - 2 * HOUR).isoformat()}
    result = when(item, source_kind=source_kind, client=client)
    assert (result.ts, result.skew_ms) == (RECEIVED - HOUR, 2 * 3600 * 1000)


def test_a_client_library_is_known_by_its_name():
    item = {"timestamp": "2026-03-10T10:00Z", "sentAt": "2026-03-10T11:00Z"}
    item["context"] = {"library": {"name": "RudderLabs JavaScript SDK"}}
    assert when(item).ts == RECEIVED - HOUR


def test_a_server_with_a_stale_sent_at_keeps_its_time():
    item = {"timestamp": "2026-03-10T10:00Z", "sentAt": "2026-03-10T10:00Z"}
    assert when(item, client={"user_agent": "analytics-python/2.4.0"}).ts == RECEIVED - 2 * HOUR


@pytest.mark.parametrize(("ahead", "corrected"), [(timedelta(seconds=60), False), (2 * HOUR, True)])
def test_a_server_clock_is_corrected_when_it_is_provably_fast(ahead, corrected):
    moment = (RECEIVED + ahead).isoformat()
    assert when({"timestamp": moment}, {"sentAt": moment}).ts == (RECEIVED if corrected else RECEIVED + ahead)


def test_an_import_is_never_corrected():
    moment = (RECEIVED + 2 * HOUR).isoformat()
    assert (
        when({"timestamp": moment, "sentAt": moment}, source_kind="import", client={"origin": "x"}).skew_ms
        is None
    )


def test_the_items_own_sent_at_goes_before_the_envelopes():
    item = {"timestamp": "2026-03-10T10:00Z", "sentAt": "2026-03-10T11:00Z"}
    assert when(item, {"sentAt": "2026-03-10T08:00Z"}, source_kind="browser").skew_ms == 3600 * 1000


@pytest.mark.parametrize(
    ("stated", "ts", "note"),
    [
        (RECEIVED + timedelta(hours=24), RECEIVED + timedelta(hours=24), ()),
        (RECEIVED + timedelta(hours=24, seconds=1), RECEIVED, ("timestamp_in_future",)),
        (datetime(1969, 7, 20, tzinfo=UTC), EPOCH, ("timestamp_before_1970",)),
        (datetime(1, 1, 1, tzinfo=UTC), EPOCH, ("timestamp_before_1970",)),
    ],
)
def test_absurd_times_are_clamped_and_noted(stated, ts, note):
    result = when({"timestamp": stated.isoformat()})
    assert (result.ts, result.notes) == (ts, note)


@given(
    st.text()
    | st.integers()
    | st.floats()
    | st.datetimes().map(str)
    | st.datetimes(timezones=st.timezones()).map(str)
)
def test_any_timestamp_gives_an_aware_moment_between_1970_and_tomorrow(value):
    result = when({"timestamp": value, "sentAt": value}, source_kind="browser")
    assert EPOCH <= result.ts <= RECEIVED + timedelta(hours=24)
    assert result.ts.utcoffset() == timedelta(0)
