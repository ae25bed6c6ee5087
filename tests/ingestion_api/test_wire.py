"""Items of the Segment shape as messages, and the ones that cannot be."""

from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.models.events import EventKind
from ingestion.rules import Kind, Message, Rejection, check_shape, normalise
from ingestion.rules.cleaning import KEY_LIMIT, TEXT_LIMIT
from tests.ingestion_api.test_json_text import JSON_VALUES

RECEIVED = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
TRACK = {"type": "track", "userId": "u1", "event": "Report Exported", "messageId": "m1"}


def read(item, envelope=None, *, source_kind="server"):
    return normalise(item, envelope or {}, source_kind, RECEIVED, {})


def nested(depth):
    value = 1
    for _ in range(depth):
        value = {"a": value}
    return value


def test_kinds_are_those_of_the_event_table():
    assert {kind.name: kind.value for kind in Kind} == {kind.name: kind.value for kind in EventKind}


def test_a_track_call_becomes_a_message():
    item = TRACK | {"properties": {"rows": 3}, "context": {"groupId": 42, "traits": {"first_name": "Ann"}}}
    message = read(item | {"timestamp": "2026-03-10T11:00:00Z"})
    assert message == Message(
        kind=EventKind.TRACK,
        name="Report Exported",
        message_id="m1",
        ts=datetime(2026, 3, 10, 11, tzinfo=UTC),
        user_id="u1",
        anonymous_id=None,
        previous_id=None,
        group_id="42",
        traits={"firstName": "Ann", "name": "Ann"},
        properties={"rows": 3},
        context={"groupId": 42},
        clock_skew_ms=None,
    )


@pytest.mark.parametrize(
    ("item", "kind", "name"),
    [
        ({"type": "identify"}, EventKind.IDENTIFY, ""),
        ({"type": "group", "groupId": "g"}, EventKind.GROUP, ""),
        ({"type": "page", "name": "Pricing", "category": "Web"}, EventKind.PAGE, "Pricing"),
        ({"type": "page"}, EventKind.PAGE, ""),
        ({"type": "screen", "properties": {"name": "Home"}}, EventKind.SCREEN, "Home"),
        ({"type": "alias", "previousId": "old"}, EventKind.ALIAS, ""),
        ({"type": "TRACK", "event": 7}, EventKind.TRACK, "7"),
    ],
)
def test_every_kind_has_its_name(item, kind, name):
    message = read({"userId": "u1"} | item)
    assert (message.kind, message.name) == (kind, name)


@pytest.mark.parametrize(
    ("ids", "user", "anonymous"),
    [
        ({"userId": 12}, "12", None),
        ({"userId": 12.0}, "12", None),
        ({"userId": "", "anonymousId": "a"}, None, "a"),
        ({"userId": None, "anonymousId": "a"}, None, "a"),
        ({"userId": " ", "anonymousId": "a"}, None, "a"),
        ({"userId": "\0", "anonymousId": "a"}, None, "a"),
        ({"userId": "u\0\ud8001"}, "u1", None),
    ],
)
def test_ids_are_texts_and_empty_ones_absent(ids, user, anonymous):
    message = read({"type": "page"} | ids)
    assert (message.user_id, message.anonymous_id) == (user, anonymous)


@pytest.mark.parametrize("zero", [0, "0"])
def test_account_zero_is_real_and_person_zero_is_nobody(zero):
    assert read({"type": "group", "userId": "u1", "groupId": zero}).group_id == "0"
    assert read({"type": "group", "userId": zero, "groupId": "g1"}).code == "blocked_id"


@pytest.mark.parametrize(
    "value",
    [
        *("000", "00000000-0000-0000-0000-000000000000", "-1", "null", "None", "NaN", "undefined"),
        *("Anonymous", "[object Object]", '"guest"', "distinct_id", "true"),
    ],
)
@pytest.mark.parametrize("field", ["userId", "anonymousId", "groupId"])
def test_an_id_that_stands_for_nobody_counts_as_absent(field, value):
    message = read(
        {"type": "track", "event": "x", "userId": "u1", "anonymousId": "a", "groupId": "g1"} | {field: value}
    )

    assert message.context["pqlhub"]["notes"] == [f"stands_for_nobody:{field}"]
    kept = {"userId": message.user_id, "anonymousId": message.anonymous_id, "groupId": message.group_id}
    assert kept == {"userId": "u1", "anonymousId": "a", "groupId": "g1"} | {field: None}


@pytest.mark.parametrize(
    ("item", "field"),
    [
        ({"type": "track", "event": "x", "userId": "null"}, "userId"),
        ({"type": "track", "event": "x", "anonymousId": "undefined"}, "anonymousId"),
        ({"type": "group", "userId": "u1", "groupId": "null"}, "groupId"),
        ({"type": "alias", "userId": "u1", "previousId": "anonymous"}, "previousId"),
        ({"type": "alias", "userId": "0", "anonymousId": "a", "previousId": "x"}, "userId"),
    ],
)
def test_an_event_that_is_nobodys_waits_in_the_quarantine(item, field):
    rejection = read(item)
    assert rejection.code == "blocked_id"
    assert field in rejection.detail


@pytest.mark.parametrize(
    ("item", "code"),
    [
        ("text", "not_an_object"),
        (None, "not_an_object"),
        ([], "not_an_object"),
        ({}, "missing_type"),
        ({"type": "merge"}, "unknown_type"),
        ({"type": ["track"]}, "unknown_type"),
        ({"type": "track", "event": "x"}, "missing_user_id"),
        ({"type": "track", "event": "x", "user_id": "u"}, "missing_user_id"),
        ({"type": "track", "userId": {"a": 1}, "event": "x"}, "invalid_id"),
        ({"type": "track", "userId": 1.5, "event": "x"}, "invalid_id"),
        ({"type": "track", "userId": 1e21, "event": "x"}, "invalid_id"),
        ({"type": "track", "userId": True, "event": "x"}, "invalid_id"),
        ({"type": "track", "userId": "x" * 513, "event": "x"}, "invalid_id"),
        ({"type": "track", "userId": "u"}, "missing_event"),
        ({"type": "track", "userId": "u", "event": " "}, "missing_event"),
        ({"type": "track", "userId": "u", "event": {"a": 1}}, "invalid_event"),
        ({"type": "group", "userId": "u"}, "missing_group_id"),
        ({"type": "alias", "userId": "u"}, "missing_previous_id"),
        ({"type": "alias", "anonymousId": "a", "previousId": "b"}, "missing_previous_id"),
    ],
)
def test_a_misshapen_item_is_rejected_in_the_request_and_in_the_fold_alike(item, code):
    assert read(item).code == code
    assert check_shape(item).code == code


@pytest.mark.parametrize(
    ("item", "code"),
    [
        ({"properties": "text"}, "invalid_properties"),
        ({"traits": [1]}, "invalid_traits"),
        ({"context": 3}, "invalid_context"),
        ({"properties": nested(31)}, "too_deep"),
        ({"properties": {"n": 10**29}}, "number_out_of_range"),
        ({"properties": {"n": -(10**400)}}, "number_out_of_range"),
        ({"properties": {"n": 1e308}}, "number_out_of_range"),
        ({"properties": {"list": [0] * 20_001}}, "too_many_values"),
    ],
)
def test_what_the_database_could_not_hold_is_rejected_with_words(item, code):
    rejection = read(TRACK | item)
    assert isinstance(rejection, Rejection)
    assert rejection.code == code
    assert len(rejection.detail) > 20


def test_a_hint_names_the_snake_case_field():
    assert "user_id" in check_shape({"type": "page", "user_id": "u"}).detail


def test_the_path_gives_the_type_and_a_conflict_is_told():
    assert check_shape({"userId": "u", "event": "x"}, "track") is None
    assert check_shape({"type": "identify", "userId": "u"}, "page").code == "type_conflict"


def test_nul_and_lone_surrogates_go_from_values_and_keys_and_it_is_noted():
    message = read(TRACK | {"properties": {"a\0b": "c\0\ud800d", "": 1, "a.b": {"x.y": [None]}}})
    assert message.properties == {"ab": "cd", "": 1, "a.b": {"x.y": [None]}}
    assert message.context["pqlhub"]["notes"] == ["characters_removed:ab", "characters_removed:ab"]


def test_long_texts_and_keys_are_cut_and_it_is_noted():
    message = read(TRACK | {"event": "e" * 300, "properties": {"k" * 300: "v" * 9000}})
    assert message.name == "e" * 255
    assert message.properties == {"k" * KEY_LIMIT: "v" * TEXT_LIMIT}
    assert [note.split(":")[0] for note in message.context["pqlhub"]["notes"]] == [
        "key_truncated",
        "text_truncated",
        "name_truncated",
    ]


def test_an_unreadable_timestamp_stays_in_the_context():
    message = read(TRACK | {"timestamp": "soon"})
    assert message.ts == RECEIVED
    assert message.context["pqlhub"] == {"notes": ["timestamp_invalid"], "timestamp": "soon"}


def test_a_client_cannot_write_our_notes():
    assert read(TRACK | {"context": {"pqlhub": {"notes": ["forged"]}}}).context == {}


def test_the_batch_context_is_merged_and_the_item_wins():
    envelope = {"context": {"groupId": "g", "ip": "1.1.1.1"}, "integrations": {"Slack": False}}
    message = read(TRACK | {"context": {"ip": "2.2.2.2"}, "integrations": {"All": True}}, envelope)
    assert message.group_id == "g"
    assert message.context["ip"] == "2.2.2.2"
    assert message.context["integrations"] == {"Slack": False, "All": True}


def test_the_id_and_the_time_of_a_batch_are_not_those_of_its_events():
    """Go's and Rudder's SDKs give both to the batch: one id for all would leave one event of them."""
    batch = {"messageId": "of the batch", "timestamp": "2020-01-01T00:00:00Z"}
    item = {"type": "track", "userId": "u1", "event": "x"}
    first, second = read(item | {"properties": {"n": 1}}, batch), read(item | {"properties": {"n": 2}}, batch)
    assert len({first.message_id, second.message_id, "of the batch"}) == 3
    assert first.ts == RECEIVED


def test_nonsense_said_for_the_whole_batch_costs_no_event_and_is_noted():
    message = read(TRACK, {"context": "text", "integrations": [1]})
    assert message.context["pqlhub"]["notes"] == ["ignored:batch.context", "ignored:batch.integrations"]


@pytest.mark.parametrize(("bad", "code"), [(10**30, "number_out_of_range"), (nested(40), "too_deep")])
def test_a_value_of_the_batch_context_that_cannot_be_stored_costs_no_item(bad, code):
    message = read(TRACK, {"context": {"groupId": "acme", "screen": {"bad": bad}}})
    assert message.group_id == "acme"
    assert message.context["pqlhub"]["notes"][0].startswith(f"{code}:batch.")
    assert read(TRACK | {"properties": {"bad": bad}}).code == code


def test_a_batch_context_of_too_many_values_leaves_room_for_the_items():
    crowded = {f"part-{part}": list(range(3_000)) for part in range(9)}
    message = read(TRACK, {"context": crowded})
    assert message.context["part-0"] == crowded["part-0"]
    assert message.context["part-8"] is None
    assert "too_many_values:batch.part-8" in message.context["pqlhub"]["notes"]


def test_identify_traits_may_be_in_the_context_only():
    message = read({"type": "identify", "userId": "u", "context": {"traits": {"plan": "pro"}}})
    assert message.traits == {"plan": "pro"}


def test_group_traits_are_the_accounts_and_not_the_persons():
    item = {"type": "group", "userId": "u", "groupId": "g", "traits": {"Employees": "50"}}
    message = read(item | {"context": {"traits": {"email": "a@b.test"}}})
    assert message.traits == {"employees": "50"}
    assert message.context["traits"] == {"email": "a@b.test"}


@pytest.mark.parametrize(
    ("traits", "expected"),
    [
        (
            {"first_name": "Ann", "last_name": "Lee"},
            {"firstName": "Ann", "lastName": "Lee", "name": "Ann Lee"},
        ),
        ({"created_at": 1, "createdAt": 2}, {"createdAt": 2}),
        ({"createdAt": 2, "created_at": 1}, {"createdAt": 2}),
        ({"Email": "a@b.test", "teamSize": 3}, {"email": "a@b.test", "teamSize": 3}),
        ({"name": None, "firstName": "Ann"}, {"name": None, "firstName": "Ann"}),
    ],
)
def test_reserved_traits_have_one_name(traits, expected):
    assert read({"type": "identify", "userId": "u", "traits": traits}).traits == expected


def test_phps_empty_array_is_an_empty_object():
    assert read(TRACK | {"properties": [], "context": []}).properties == {}


def test_a_missing_message_id_is_a_digest_that_a_retry_repeats():
    item = {"type": "track", "userId": "u", "event": "x", "timestamp": "2026-03-10T11:00:00Z"}
    first, again = read(item), read(item | {"sentAt": "2026-03-10T11:59:00Z", "messageId": None})
    assert first.message_id.startswith("hash-")
    assert first.message_id == again.message_id
    assert read(item | {"properties": {"a": 1}}).message_id != first.message_id


def test_a_long_message_id_is_replaced_by_its_digest():
    long, other = read(TRACK | {"messageId": "m" * 256}), read(TRACK | {"messageId": "m" * 257})
    assert long.message_id.startswith("sha256-")
    assert long.message_id != other.message_id
    assert read(TRACK | {"messageId": 17}).message_id == "17"


FIELDS = st.sampled_from(
    [
        *("type", "event", "name", "userId", "anonymousId", "groupId", "previousId", "messageId", "category"),
        *("timestamp", "originalTimestamp", "sentAt", "traits", "properties", "context", "integrations"),
    ]
)


@given(
    item=st.dictionaries(FIELDS, JSON_VALUES) | JSON_VALUES,
    envelope=st.dictionaries(FIELDS, JSON_VALUES),
    given_type=st.sampled_from([*Kind]),
)
def test_any_json_value_is_a_storable_message_or_a_rejection(item, envelope, given_type):
    if isinstance(item, dict):
        item = {"userId": "u", "groupId": "g", "previousId": "p", "event": "e"} | item
        item["type"] = given_type.name.lower()
    result = read(item, envelope, source_kind="browser")
    if isinstance(result, Message):
        stored = orjson.dumps([result.name, result.traits, result.properties, result.context])
        assert b"\\u0000" not in stored
        assert result.user_id or result.anonymous_id
        assert result.message_id
    else:
        assert result.code
        assert result.detail
