"""What breaks readers and databases, in files: it costs its own row only, which is kept with its reason, and every page
on the way shows it."""

import io
import json

import pyarrow
import pyarrow.parquet
import pytest
from django.urls import reverse

from ingestion.models import Event, QuarantinedEvent
from tests.console_define.files import imported, lines, mapped, upload, work

pytestmark = pytest.mark.usefixtures("home")
GOOD = {"user_id": "u1", "account_id": "a1", "happened_at": "2024-01-01", "event": "Poured", "amount": 7}


def json_lines(field: str, poison: str) -> bytes:
    """Three rows; the one in the middle holds `poison`, JSON text that json.dumps would mend."""
    bad = ", ".join(f'"{name}": {poison if name == field else json.dumps(GOOD[name])}' for name in GOOD)
    return "\n".join([json.dumps(GOOD), "{" + bad + "}", json.dumps(GOOD)]).encode()


def csv_rows(field: str, poison: str) -> bytes:
    good, bad = (",".join(str(value) for value in row.values()) for row in (GOOD, GOOD | {field: poison}))
    return lines(good, bad, good)


def table(field: str, values: pyarrow.Array) -> bytes:
    file = io.BytesIO()
    columns = {name: [value] * 3 for name, value in GOOD.items()} | {field: values}
    pyarrow.parquet.write_table(pyarrow.table(columns), file)
    return file.getvalue()


def numbers(*values: int, type: pyarrow.DataType) -> pyarrow.Array:
    return pyarrow.array(values, pyarrow.int64()).cast(type)


def broken_text() -> pyarrow.Array:
    return pyarrow.Array.from_buffers(pyarrow.string(), 3, pyarrow.array([b"a", b"\xff", b"c"]).buffers())


MICROSECONDS = pyarrow.timestamp("us")
REFUSED = {
    "user is a list": (json_lines("user_id", "[1]"), "invalid_id"),
    "user of 5000 characters": (csv_rows("user_id", "u" * 5_000), "invalid_id"),
    "event is an object": (json_lines("event", "{}"), "invalid_event"),
    "no UTF-8, later": (lines(*["u1,a1,2024-01-01,x,1"] * 20_000) + b"\nu1,a1,2024-01-01,\xff,1", "unreadable_row"),
    "depth 40": (json_lines("amount", "[" * 40 + "]" * 40), "too_deep"),
    "depth 900": (json_lines("amount", "[" * 900 + "]" * 900), "too_deep"),
    "depth 100k": (json_lines("amount", "[" * 100_000 + "]" * 100_000), "too_deep"),
    "1e400": (json_lines("amount", "1e400"), "number_out_of_range"),
    "5000 digits": (json_lines("amount", "9" * 5_000), "number_out_of_range"),
    "decimal of 38 digits": (
        table("amount", pyarrow.array([1, 10**37, 3], pyarrow.decimal128(38, 0))), "number_out_of_range",
    ),
    "year 0": (csv_rows("happened_at", "0000-01-01"), "invalid_timestamp"),
    "year 1, before time began in Berlin": (csv_rows("happened_at", "0001-01-01"), "invalid_timestamp"),
    "year 9999": (csv_rows("happened_at", "9999-12-31T23:59:59-12:00"), "invalid_timestamp"),
    "year 10000": (csv_rows("happened_at", "10000-01-01"), "invalid_timestamp"),
    "infinity": (csv_rows("happened_at", "infinity"), "invalid_timestamp"),
    "NaN as a time": (json_lines("happened_at", "NaN"), "missing_timestamp"),
    "time beyond years": (table("happened_at", numbers(9**15, 2**62, 9**15, type=MICROSECONDS)), "unreadable_row"),
    "date beyond all years": (table("amount", pyarrow.array([1, 2**30, 3], pyarrow.int32()).cast(pyarrow.date32())),
                              "unreadable_row"),
    "text that is none": (table("event", broken_text()), "unreadable_row"),
    "quotation mark left open": (csv_rows("event", '"x'), "unreadable_row"),
    "value of 200,000 characters": (csv_rows("event", '"' + "x" * 200_000 + '"'), "unreadable_row"),
}  # fmt: skip


@pytest.mark.parametrize(("data", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_poison_costs_its_own_row_only_and_every_page_shows_it(engineer, in_acme, data, code):
    run = imported(engineer, data, time_zone="Europe/Berlin")

    assert (run.state, run.rows_rejected, run.rows_read) == ("done", 1, run.events_added + 1)
    kept = QuarantinedEvent.objects.get()
    assert (kept.code, len(kept.detail) > 20, len(kept.raw) > 20) == (code, True, True)
    for name, key in (
        ("importrun_change", run),
        ("importrun_rejected", run),
        ("quarantinedevent_change", kept),
    ):
        assert engineer.get(reverse(f"admin:ingestion_{name}", args=[key.pk])).status_code == 200


MENDED = {
    "NUL": (json_lines("event", '"Pou\\u0000red"'), "Poured", 7),
    "NUL in CSV, later": (lines(*["u1,a1,2024-01-01,x,1"] * 20_000) + b"\nu1,a1,2024-02-01,Pou\0red,7", "Poured", 7),
    "half an emoji": (json_lines("event", '"Poured\\ud83d"'), "Poured", 7),
    "half an emoji first": (json_lines("event", '"Poured\\ud83d"').split(b"\n")[1], "Poured", 7),
    "bidi override": (json_lines("event", '"Pou\\u202ered"'), "Pou\u202ered", 7),
    "type is a list": (json_lines("amount", '7, "type": ["track"]'), "Poured", 7),
    "duplicate keys": (json_lines("amount", '1, "amount": 7'), "Poured", 7),
    "infinity is not a number": (csv_rows("amount", "inf"), "Poured", "inf"),
    "nor is what no column holds": (csv_rows("amount", "1e+308"), "Poured", "1e+308"),
    "beyond bigint": (json_lines("amount", str(2**63)), "Poured", 2**63),
    "infinity in Parquet": (table("amount", pyarrow.array([7, float("inf"), 7.0])), "Poured", None),
    "nanoseconds": (table("amount", numbers(0, 1, 0, type=pyarrow.timestamp("ns"))), "Poured", "1970-01-01T00:00:00"),
    "a formula": (csv_rows("amount", "=1+1"), "Poured", "=1+1"),
}  # fmt: skip


@pytest.mark.parametrize(("data", "name", "amount"), MENDED.values(), ids=MENDED.keys())
def test_what_can_be_stored_is(engineer, in_acme, data, name, amount):
    run = imported(engineer, data)

    assert (run.state, run.rows_rejected, run.rows_read) == ("done", 0, run.events_added)
    assert Event.objects.filter(name=name, properties={"amount": amount}).exists()


def test_a_column_may_be_called_anything(engineer, in_acme):
    rows = json_lines("amount", '7, "\\u0000n\\ud800": 8')

    imported(engineer, rows, properties=["n"])

    assert Event.objects.filter(properties={"n": 8}).exists()


def test_a_leap_second_is_a_moment(engineer, in_acme):
    imported(engineer, csv_rows("happened_at", "2016-12-31T23:59:60Z"))

    assert Event.objects.filter(ts="2017-01-01T00:00:00Z").exists()


GARBLED = {
    "UTF-16 cut in the middle of a letter": (lines("u1,a1,2024-01-01,x,1").decode().encode("utf-16")[:-1], "cut off"),
    "a zone that is none": (table("amount", numbers(1, 2, 3, type=pyarrow.timestamp("us", "Mars/Base"))), "Mars/Base"),
    "two columns of one name": (table("amount", pyarrow.array([1, 2, 3])).replace(b"amount", b"event\0"), "one name"),
}  # fmt: skip


@pytest.mark.parametrize(("data", "says"), GARBLED.values(), ids=GARBLED.keys())
def test_a_file_that_cannot_be_read_at_all_says_so(engineer, in_acme, data, says):
    response = upload(engineer, data)

    assert response.status_code == 422
    assert says in " ".join(response.context["form"].errors["file"])


def test_a_file_that_is_damaged_further_on_says_so(engineer, in_acme):
    many, file = [f"u{number}" for number in range(20_000)], io.BytesIO()
    rows = pyarrow.table({name: [value] * 20_000 for name, value in GOOD.items()} | {"user_id": many})
    pyarrow.parquet.write_table(rows, file, row_group_size=5_000)
    data = bytearray(file.getvalue())
    data[len(data) // 2 : len(data) // 2 + 400] = b"\xff" * 400

    damaged = mapped(engineer, bytes(data))
    work("check")

    damaged.refresh_from_db()
    assert (damaged.state, "damaged" in damaged.error) == ("failed", True)
