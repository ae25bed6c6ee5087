"""Files that spreadsheets open: nothing that came from outside runs there, and every text can be written."""

import pytest

from tenants.csv_file import FORMULA_STARTS, csv_file


def cell(value) -> str:
    return csv_file("x", [[value]]).content.decode("utf-8-sig").removesuffix("\r\n")


@pytest.mark.parametrize("start", FORMULA_STARTS)
@pytest.mark.parametrize("before", ["", "  "])
def test_a_formula_is_text(before, start):
    assert cell(f"{before}{start}cmd") == f'"\'{before}{start}cmd"'


@pytest.mark.parametrize(
    "start", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"]
)
def test_these_begin_a_formula_somewhere(start):
    assert start in FORMULA_STARTS


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (-5, '"-5"'),
        (None, '""'),
        ('a"b', '"a""b"'),
        ("half \ud83d", '"half \\ud83d"'),
        ("a\u202eb", '"a\u202eb"'),
    ],
)
def test_anything_else_stays_what_it_is(value, written):
    assert cell(value) == written
