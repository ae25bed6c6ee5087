"""Bodies that are almost JSON, as real SDKs send them."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.rules.json_text import JsonError, canonical_json, dump_json, parse_json

TEXTS = st.text(st.characters(exclude_categories=()))  # with lone surrogates
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b'{"a": NaN, "b": [Infinity, -Infinity]}', {"a": None, "b": [None, None]}),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        (b'{"a": "one\nline"}', {"a": "one\nline"}),
        (b'{"a": "half \\ud83d"}', {"a": "half \ud83d"}),
        (b'{"a": "half \xed\xa0\x80"}', {"a": "half \ud800"}),
        (b'{"a": 1, "a": 2}', {"a": 2}),
        (b'{"a": "\\u0000"}', {"a": "\0"}),
    ],
)
def test_parse_json_reads_what_sdks_send(raw, value):
    assert parse_json(raw) == value


@pytest.mark.parametrize("digits", [b"1e400", b"-1e400", b"9" * 5000, b"-" + b"9" * 5000])
def test_parse_json_keeps_the_sign_of_numbers_too_large_for_any_type(digits):
    value = parse_json(digits)
    assert abs(value) > 10**300
    assert (value < 0) == digits.startswith(b"-")


@pytest.mark.parametrize(
    ("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}"), (b'[{"b": "]}\\"",  "a":', b"}]")]
)
def test_parse_json_cuts_a_bottomless_structure_and_keeps_its_neighbours(opening, closing):
    deep = opening * 50_000 + b"1" + closing * 50_000
    good, bad = parse_json(b'[{"ok": true}, ' + deep + b"]")
    assert good == {"ok": True}
    assert bad


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "empty"),
        (b"  ", "empty"),
        (b"{", "line 1"),
        (b'{"a": 1,}', "column"),
        (b"\xff\xfe{\x00", "UTF-8"),
        (b"caf\xe9", "byte 3 is 0xe9"),
        (b"[" * 100_000, "not JSON"),
        (b'{"a":' * 100_000 + b'"', "not JSON"),
    ],
)
def test_parse_json_says_where_it_is_no_json(raw, says):
    with pytest.raises(JsonError, match=says):
        parse_json(raw)


@given(st.binary(max_size=60))
def test_parse_json_of_any_bytes_is_a_value_or_a_clear_error(raw):
    with contextlib.suppress(JsonError):
        parse_json(raw)


@given(JSON_VALUES)
def test_dump_json_is_read_back_the_same(value):
    assert parse_json(dump_json(value)) == parse_json(json.dumps(value).encode())


def test_dump_json_keeps_a_lone_surrogate_for_cleaning_to_report():
    assert parse_json(dump_json(["\ud800"])) == ["\ud800"]


@pytest.mark.parametrize("depth", [100, 300, 990, 1_020])
@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_whatever_depth_is_read_can_be_written(depth, opening, closing):
    assert parse_json(dump_json(parse_json(opening * depth + b"1" + closing * depth)))


def test_canonical_json_does_not_depend_on_the_order_of_keys():
    assert canonical_json({"a": 1, "b": 2**70}) == canonical_json({"b": 2**70, "a": 1})
