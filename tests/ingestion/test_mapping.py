from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from ingestion.rules.mapping import Plan, PlanError, item_of, make_plan, plain, typed

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
COLUMNS = ["user_id", "at", "account", "plan"]
BASIC = ["userId=user_id", "timestamp=at", "event:=login"]


def plan(*maps, type=None, payload=None, time_zone="UTC", columns=COLUMNS) -> Plan:
    return make_plan(type=type, maps=maps, payload=payload, time_zone=time_zone, columns=columns)


def read(the_plan: Plan, **row):
    return item_of(the_plan, row, fallback_id="own", now=NOW)


def test_columns_and_constants_become_fields_and_the_rest_properties():
    item, rejection = read(plan(*BASIC, "groupId=account"), user_id=7, at="2026-01-01", account=0, plan="pro")

    assert rejection is None
    assert item == {
        "type": "track",
        "userId": 7,
        "timestamp": "2026-01-01T00:00:00+00:00",
        "event": "login",
        "context": {"groupId": 0},
        "properties": {"plan": "pro"},
        "messageId": "own",
    }


def test_users_need_no_time_and_bring_traits():
    item, rejection = read(
        plan("userId=user_id", type="identify", payload="plan"), user_id=7, plan="pro", at="x"
    )

    assert rejection is None
    assert (item["traits"], "timestamp" in item) == ({"plan": "pro"}, False)


@pytest.mark.parametrize(
    ("stated", "zone", "meant"),
    [
        ("2026-01-01 09:00:00", "Europe/Berlin", "2026-01-01T08:00:00+00:00"),
        ("2026-01-01T09:00:00+01:00", "America/New_York", "2026-01-01T08:00:00+00:00"),
        (datetime.fromisoformat("2026-01-01T09:00"), "America/New_York", "2026-01-01T14:00:00+00:00"),
        (date(2026, 1, 1), "Europe/Berlin", "2025-12-31T23:00:00+00:00"),
        (1767254400, "Europe/Berlin", "2026-01-01T08:00:00+00:00"),
        ("1767254400000", "UTC", "2026-01-01T08:00:00+00:00"),
    ],
)
def test_times_without_an_offset_are_in_the_stated_zone(stated, zone, meant):
    item, rejection = read(plan(*BASIC, time_zone=zone), user_id=7, at=stated)

    assert rejection is None
    assert item["timestamp"] == meant


@pytest.mark.parametrize(
    ("stated", "code"),
    [
        (None, "missing_timestamp"),
        ("", "missing_timestamp"),
        ("31/12/2025", "invalid_timestamp"),
        ("0001-01-01T00:00:00+14:00", "invalid_timestamp"),
        (datetime.fromisoformat("9999-12-31T23:59:59-12:00"), "invalid_timestamp"),
        ("2031-01-01", "timestamp_out_of_range"),
        (-86400, "timestamp_out_of_range"),
    ],
)
def test_history_without_a_time_of_its_own_is_rejected(stated, code):
    _item, rejection = read(plan(*BASIC), user_id=7, at=stated)

    assert rejection.code == code


@pytest.mark.parametrize(
    ("maps", "words"),
    [
        ([], "Say which columns are what"),
        (["userId=user_id", "timestamp=at"], "needs event"),
        (["userId=user_id", "event:=login"], "needs timestamp"),
        (["timestamp=at", "event:=login"], "needs userId or anonymousId"),
        ([*BASIC, "userid=user_id"], "Did you mean userId"),
        (["userId=user", "timestamp=at", "event:=x"], "no column “user”. Did you mean “user_id”"),
        ([*BASIC, "userId=at"], "mapped twice"),
        (["userId"], "not a mapping"),
    ],
)
def test_a_plan_that_does_not_fit_is_refused_with_words(maps, words):
    with pytest.raises(PlanError, match=words.replace("(", r"\(")):
        plan(*maps)


def test_a_zone_nobody_knows_is_refused():
    with pytest.raises(PlanError, match="not a time zone"):
        plan(*BASIC, time_zone="Mars/Olympus")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("-2.5", -2.5),
        ("007", "007"),
        ("1e3", "1e3"),
        ("true", True),
        ("", None),
        ("nan", "nan"),
        ("inf", "inf"),
        ("1e+30", "1e+30"),
        ("3 ", "3 "),
    ],
)
def test_text_is_a_number_only_when_it_is_written_like_one(text, value):
    assert typed(text) == value
    assert type(typed(text)) is type(value)


def test_values_of_files_become_what_json_knows():
    found = plain({"at": datetime(2026, 1, 1, tzinfo=UTC), "n": Decimal("2.50"), "ids": (1, b"x")})

    assert found == {"at": "2026-01-01T00:00:00+00:00", "n": 2.5, "ids": [1, "x"]}
