"""What a plan says of an event, and what may be pasted as a plan."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.rules.naming import keeps_to
from ingestion.rules.tracking import (
    DocumentError,
    Problem,
    check_document,
    check_event,
    compile_plan,
    offending,
)
from ingestion.rules.tracking_changes import changes
from ingestion.rules.tracking_rows import TYPES, WITH_VALUES, Row, Rows, guessed_rows, rows_of, schema_of
from tests.factories.tracking import SIGNED_UP, planned

GOOD = {"plan": "pro", "seats": 3}


def plan_of(*events, **settings):
    return compile_plan("App", check_document({"events": list(events), **settings}))


def found(told, *, name="Signed Up", kind=1, events=(SIGNED_UP,), **settings):
    return [(each.code, each.property) for each in plan_of(*events, **settings).problems(kind, name, told)]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, []),
        ({"seats": None}, []),
        ({"seats": "3"}, [("wrong_type", "seats")]),
        ({"seats": 2.5}, [("wrong_type", "seats")]),
        ({"plan": "gold"}, [("not_allowed", "plan")]),
        ({"plan": None}, [("wrong_type", "plan"), ("not_allowed", "plan")]),
        ({"colour": "red", "size": 1}, [("unplanned_property", "colour"), ("unplanned_property", "size")]),
    ],
)
def test_each_departure_is_named(changed, expected):
    assert sorted(found(GOOD | changed)) == sorted(expected)


def test_a_required_property_that_is_missing_is_named():
    assert found({"seats": 1}) == [("missing_property", "plan")]


def test_an_event_that_is_not_planned_is_one_departure_unless_the_plan_lets_them_come():
    assert found({"x": 1}, name="Other") == [("unplanned_event", "")]
    assert found({"x": 1}, name="Other", unplanned_events=False) == []


def test_alias_calls_are_never_unplanned():
    assert found({}, kind=6, name="") == []


def test_open_events_take_other_properties():
    assert found({"b": 1}, events=[planned("Signed Up", Row("a"), is_open=True)]) == []


def test_a_fault_within_an_object_is_found_by_its_way_and_takes_the_object_out():
    schema = {"properties": {"cart": {"properties": {"items": {"items": {"type": "string"}}}}}}
    plan = plan_of({"type": "track", "name": "Paid", "schema": schema})
    told = {"cart": {"items": ["a", 1]}, "x": 1}

    problems = plan.problems(1, "Paid", told)

    assert [(each.code, each.property) for each in problems] == [("wrong_type", "cart.items.[]")]
    assert offending(problems, told) == {"cart": told["cart"]}


def test_a_name_with_dots_is_one_property():
    told = GOOD | {"a.b": 1}

    assert offending(plan_of(SIGNED_UP).problems(1, "Signed Up", told), told) == {"a.b": 1}


def test_names_against_the_convention_are_found_and_hold_nothing_back():
    problems = plan_of(event_naming="object_action", property_naming="snake_case").problems(
        1, "signup", {"aB": 1}
    )

    assert {(each.code, each.property) for each in problems} >= {("event_name", ""), ("property_name", "aB")}
    assert offending(problems, {"aB": 1}) == {}


def test_dates_and_formats_are_checked():
    events = [planned("Signed Up", Row("on", "date"), Row("at", "date-time"))]

    assert found({"on": "2026-03-01", "at": "2026-03-01T09:00:00Z"}, events=events) == []
    assert found({"on": "1 March", "at": "2026-03-01"}, events=events) == [
        ("wrong_format", "on"),
        ("wrong_format", "at"),
    ]


@pytest.mark.parametrize(
    ("value", "got"),
    [("three", 'string "three"'), (2.5, "number 2.5"), ([1], "array"), ("ann@acme.test", "string")],
)
def test_what_came_is_told_unless_it_may_be_personal(value, got):
    assert plan_of(SIGNED_UP).problems(1, "Signed Up", GOOD | {"seats": value})[0].got == got


def test_values_of_traits_of_persons_are_never_told():
    plan = plan_of(planned("", Row("plan", "integer"), type="identify"))

    assert plan.problems(2, "", {"plan": "pro"}) == [
        Problem("wrong_type", "plan", "integer", "string", "plan")
    ]


def test_at_most_20_departures_of_an_event_are_told():
    assert len(found(GOOD | {f"p{n}": n for n in range(500)})) == 20


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ([], "JSON object"),
        ({"colour": 1}, "“colour” is no part"),
        ({"mode": "drop"}, "“mode” is one of"),
        ({"unplanned_events": "no"}, "true"),
        ({"event_naming": "x"}, "“event_naming” is one of"),
        ({"events": {}}, "a list"),
        ({"events": [1]}, "Each event"),
        ({"events": [{"name": "A", "schemas": {}}]}, "“schemas” is no part"),
        ({"events": [{"type": "alias"}]}, "“type” is one of"),
        ({"events": [{"type": "track"}]}, "needs its name"),
        ({"events": [{"type": "group", "name": "A"}]}, "have no name"),
        ({"events": [{"name": "A"}, {"name": " A "}]}, "twice"),
        ({"events": [{"name": "A", "schema": 5}]}, "no JSON object"),
        ({"events": [{"name": "A", "schema": {"type": "array"}}]}, "“type”: “object”"),
        (
            {"events": [{"name": "A", "schema": {"$schema": "http://json-schema.org/draft-07/schema#"}}]},
            "2020-12",
        ),
        ({"events": [{"name": "A", "schema": {"required": "plan"}}]}, "not valid JSON Schema"),
        (
            {"events": [{"name": "A", "schema": {"properties": {"a": {"pattern": "("}}}}]},
            "not valid JSON Schema",
        ),
        ({"events": [{"name": "A", "schema": {"properties": {"a": {"$ref": "http://10.0.0.1/"}}}}]}, "$ref"),
        (
            {"events": [{"name": "A", "schema": {"properties": {"a": {"description": "x" * 100_001}}}}]},
            "longer",
        ),
    ],
)
def test_what_is_wrong_with_a_pasted_plan_is_said(document, words):
    with pytest.raises(DocumentError, match="(?s)" + words.replace("$", r"\$")):
        check_document(document)


def test_a_schema_nested_too_deep_is_refused():
    schema = {"type": "object"}
    for _level in range(30):
        schema = {"properties": {"a": schema}}

    with pytest.raises(DocumentError, match="nested"):
        check_event({"name": "A", "schema": schema})


def test_a_pattern_cannot_stop_the_fold():
    schema = {"properties": {"a": {"pattern": "^(a+)+$"}}}
    plan = plan_of({"name": "A", "schema": schema})

    assert [each.code for each in plan.problems(1, "A", {"a": "a" * 50_000 + "!"})] == ["wrong_format"]


@pytest.mark.parametrize(
    ("convention", "kept", "broken"),
    [
        ("object_action", ["Report Exported", "Signed Up"], ["Report", "Export Report", "report exported"]),
        ("title_case", ["Report", "Signed Up", "API Key"], ["Signed up", "signed_up", "Signed  Up"]),
        ("snake_case", ["plan", "signed_up", "step_2"], ["signedUp", "Signed_Up", "_x", "a__b"]),
        ("camel_case", ["plan", "signedUp", "planID"], ["SignedUp", "signed_up"]),
        ("kebab_case", ["signed-up"], ["signed_up", "Signed-up"]),
        ("lower_case", ["signed up"], ["Signed up"]),
        ("", ["whatEver_you Like"], []),
        ("snake_case", ["$browser"], []),
    ],
)  # fmt: skip
def test_naming_conventions(convention, kept, broken):
    assert all(keeps_to(convention, name) for name in kept)
    assert not any(keeps_to(convention, name) for name in broken)


words = st.text("ab .é", max_size=4)


@st.composite
def rows(draw):
    kind = draw(st.sampled_from(sorted(TYPES)))
    value = {
        "string": words.filter(lambda text: text == text.strip() != ""),
        "integer": st.integers(),
        "number": st.integers(),
    }.get(kind)
    return Row(
        draw(words.filter(bool)),
        kind,
        draw(st.booleans()),
        draw(st.booleans()) and kind != "any",
        tuple(draw(st.lists(value, max_size=3, unique=True))) if value is not None else (),
        draw(words),
    )


tables = st.builds(
    Rows, st.lists(rows(), max_size=4, unique_by=lambda row: row.name).map(tuple), st.booleans()
)


@given(tables)
def test_rows_and_schemas_say_the_same(table):
    assert rows_of(schema_of(table)) == table
    assert check_event({"name": "A", "schema": schema_of(table)})["schema"] == schema_of(table)
    assert set(WITH_VALUES) < set(TYPES)


@pytest.mark.parametrize(
    "schema",
    [
        {"minProperties": 1},
        {"properties": {"a": {"minimum": 1}}},
        {"properties": {"a": {"type": ["string", "integer"]}}},
        {"properties": {"a": True}},
        {"required": ["b"]},
        {"additionalProperties": {"type": "string"}},
        {"properties": {"a": {"enum": [None]}}},
        {"properties": {"a": {"type": "string", "enum": ["free, pro"]}}},
        {"properties": {"a": {"type": "integer", "enum": [True]}}},
    ],
)
def test_what_rows_cannot_say_is_left_to_the_json_editor(schema):
    assert rows_of(check_event({"name": "A", "schema": schema})["schema"]) is None


def test_a_plan_is_guessed_from_what_arrived():
    shape = {
        "plan": {"string": 30, "examples": ["pro"]},
        "seats": {"integer": 10, "null": 2},
        "price": {"integer": 1, "number": 9},
        "on": {"date": 3, "examples": ["2026-03-01"]},
        "at": {"date": 3, "examples": ["2026-03-01T09:00:00Z"]},
        "mixed": {"string": 1, "integer": 1},
        "nothing": {"null": 3},
    }

    guessed = {row.name: row for row in guessed_rows(shape, received=30).rows}

    assert {name: row.type for name, row in guessed.items()} == {
        "plan": "string", "seats": "integer", "price": "number", "on": "date", "at": "date-time", "mixed": "any",
        "nothing": "any",
    }  # fmt: skip
    assert [name for name, row in guessed.items() if row.is_required] == ["plan"]
    assert guessed["seats"].may_be_null


def test_few_events_make_nothing_required():
    assert not guessed_rows({"plan": {"string": 3}}, received=3).rows[0].is_required


def test_changes_are_told_piece_by_piece():
    before = check_document({"events": [SIGNED_UP, planned("Gone")]})
    after = check_document(
        {
            "mode": "flag",
            "events": [
                planned(
                    "Signed Up", Row("plan", "string", allowed=("free", "pro", "team")), Row("at", "date")
                ),
                planned("Paid", Row("amount", "number")),
            ],
        }
    )

    told = [(change.what, change.event, change.property) for change in changes(before, after)]

    assert told == [
        ("mode", "", ""),
        ("event_removed", "“Gone”", ""),
        ("event_added", "“Paid”", ""),
        ("property_added", "“Signed Up”", "at"),
        ("is_required", "“Signed Up”", "plan"),
        ("allowed", "“Signed Up”", "plan"),
        ("property_removed", "“Signed Up”", "seats"),
    ]


def said(table):
    return table.is_open, {row.name: row for row in table.rows}


@given(tables, tables)
def test_there_are_changes_where_plans_say_something_else(old, new):
    before, after = (
        check_document({"events": [{"name": "A", "schema": schema_of(each)}]}) for each in (old, new)
    )

    assert bool(changes(before, after)) == (said(old) != said(new))
